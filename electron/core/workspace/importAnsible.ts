import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import { readAnsibleIni } from './ansibleIni.ts';
import {
  type AnsibleInventory,
  addHosts,
  emptyInventory,
  groupOf,
  MAXIMUM_GROUPS,
  setVariable,
} from './ansibleInventory.ts';
import { INSTANCE, REGION } from './awsTransport.ts';
import { canBeHost, canBeUser } from './entryValues.ts';
import { type Foreign, foreignMap, foreignText, readForeignYaml } from './foreignYaml.ts';
import type { Importer, ImportOptions, ImportRefusal } from './importers.ts';
import { readJumpArguments } from './jumpArguments.ts';
import { jumpHost } from './jumpCycles.ts';
import { allowedName, type DraftHost, freeId, workspaceText } from './workspaceDraft.ts';

const MAXIMUM_CHARACTERS = 1_048_576;
const AS_YAML =
  'Run `ansible-inventory -i FILE --list --yaml --output hosts.yml` yourself, then import hosts.yml.';

/**
 * A static Ansible inventory, INI or YAML, with the group_vars and host_vars beside it: hosts with their address, port,
 * user, key and jump; groups become tags. Passwords and vaults are left out, templates are not filled in, and a script
 * that would print an inventory is refused, not run.
 */
export const importAnsible: Importer = (text, options) => {
  const { file } = options;
  const refuse = (message: string, advice: string) => fail({ message: `${file}: ${message}`, advice });
  if (text.startsWith('#!'))
    return refuse('this is a program that prints an inventory; it was not run', AS_YAML);
  if (text.startsWith('$ANSIBLE_VAULT'))
    return refuse('this is encrypted with ansible-vault', 'Decrypt a copy of it, then import that.');
  if (text.length > MAXIMUM_CHARACTERS)
    return refuse(`the file has ${text.length} characters`, 'A file of at most 1 MiB can be imported.');
  if (/\.toml$/i.test(file)) return refuse('inventories in TOML cannot be read here', AS_YAML);
  const warnings: string[] = [];
  let inventory: AnsibleInventory;
  if (isYaml(text, file)) {
    const read = readYamlInventory(text, file, warnings);
    if (!read.ok) return read;
    inventory = read.value;
  } else inventory = readAnsibleIni(text, file, warnings);
  if (inventory.groups.size > MAXIMUM_GROUPS)
    return refuse(`it has ${inventory.groups.size} groups`, `At most ${MAXIMUM_GROUPS} can be imported.`);
  readVariableFiles(inventory, options, warnings);
  return ok(importInventory(inventory, basename(file), warnings));
};

function isYaml(text: string, file: string): boolean {
  if (/\.(ya?ml|json)$/i.test(file)) return true;
  if (/\.(ini|cfg)$/i.test(file)) return false;
  const first = text.split('\n').find((line) => /^\s*[^\s#;]/.test(line.slice(0, 200))) ?? '';
  return /^(---|\{|[\w.-]{1,100}:)\s*(#.*)?$/.test(first.slice(0, 200).trim());
}

function readYamlInventory(
  text: string,
  file: string,
  warnings: string[],
): Result<AnsibleInventory, ImportRefusal> {
  const read = readForeignYaml(text, file);
  if (!read.ok) return read;
  const top = foreignMap(read.value);
  if (!top)
    return fail({
      message: `${file}: this is no inventory: it is no map of groups`,
      advice: 'A playbook is no inventory: choose the file that is given to ansible with -i.',
    });
  const plugin = foreignText(top.get('plugin'));
  if (plugin !== undefined)
    return fail({
      message: `${file}: this says how the plugin ${JSON.stringify(plugin.slice(0, 80))} finds hosts, and names none; it was not asked`,
      advice: AS_YAML,
    });
  const inventory = emptyInventory();
  const readGroup = (name: string, value: Foreign) => {
    const group = groupOf(inventory, name);
    const map = foreignMap(value);
    setTexts(group.variables, map?.get('vars'));
    // A program that prints an inventory may give a group's hosts by themselves.
    for (const [pattern, variables] of named(Array.isArray(value) ? value : map?.get('hosts'))) {
      const hosts = addHosts(inventory, name, pattern);
      if (!hosts)
        warnings.push(
          `${file}: the hosts ${JSON.stringify(pattern.slice(0, 80))} cannot be read, or are too many; left out.`,
        );
      for (const own of hosts ?? []) setTexts(own, variables);
    }
    for (const [child, content] of named(map?.get('children'))) {
      group.children.add(child);
      readGroup(child, content);
    }
  };
  for (const [name, value] of top) if (name !== '_meta') readGroup(name, value);
  // What such a program says of hosts stands beside the groups.
  for (const [host, variables] of foreignMap(foreignMap(top.get('_meta'))?.get('hostvars')) ?? []) {
    const own = inventory.hosts.get(host);
    if (own) setTexts(own, variables);
  }
  return ok(inventory);
}

/** A map's entries; of a single name, or a list of them, each without content. */
function named(value: Foreign | undefined): [string, Foreign][] {
  if (value instanceof Map) return [...value];
  return (Array.isArray(value) ? value : [value]).flatMap((one) => {
    const name = foreignText(one);
    return name === undefined ? [] : [[name, null] as [string, Foreign]];
  });
}

function setTexts(variables: Map<string, string>, value: Foreign | undefined): void {
  for (const [key, one] of foreignMap(value) ?? []) {
    const text = foreignText(one);
    if (text !== undefined) setVariable(variables, key, text);
  }
}

/** `group_vars/NAME`, `NAME.yml`, `NAME.yaml`, `NAME.json`, or a directory of those; `host_vars` likewise. */
function readVariableFiles(inventory: AnsibleInventory, options: ImportOptions, warnings: string[]): void {
  const readText = options.readText ?? ((file: string) => readFileSync(file, 'utf8'));
  const listDirectory = options.listDirectory ?? ((directory: string) => readdirSync(directory));
  const list = (directory: string) => {
    try {
      return listDirectory(directory)
        .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
        .sort();
    } catch {
      return [];
    }
  };
  const take = (path: string, into: Map<string, string>) => {
    let text: string;
    try {
      text = readText(path);
    } catch (error) {
      warnings.push(`${path} cannot be read: ${(error as { code?: string }).code ?? 'unknown'}.`);
      return;
    }
    if (text.startsWith('$ANSIBLE_VAULT')) {
      warnings.push(`${path} is encrypted with ansible-vault and was left out.`);
      return;
    }
    const read = readForeignYaml(text, path);
    if (read.ok) setTexts(into, read.value);
    else warnings.push(`${read.error.message}; left out.`);
  };
  for (const [folder, variablesOf] of [
    [
      'group_vars',
      (name: string) =>
        inventory.groups.get(name)?.variables ??
        (name === 'all' ? groupOf(inventory, 'all').variables : undefined),
    ],
    ['host_vars', (name: string) => inventory.hosts.get(name)],
  ] as const) {
    const directory = join(dirname(options.file), folder);
    for (const entry of list(directory)) {
      const plain = variablesOf(entry) ? entry : entry.replace(/\.(ya?ml|json)$/, '');
      const variables = variablesOf(plain);
      if (!variables) continue;
      const inside = plain === entry ? list(join(directory, entry)) : [];
      if (inside.length === 0) take(join(directory, entry), variables);
      for (const name of inside.filter((one) => /(\.(ya?ml|json)|^[^.]+)$/.test(one)))
        take(join(directory, entry, name), variables);
    }
  }
}

function importInventory(inventory: AnsibleInventory, name: string, warnings: string[]) {
  const groupsOf = memberships(inventory);
  const taken = new Map<string, DraftHost>();
  const left = {
    secrets: 0,
    templates: new Set<string>(),
    connections: [] as string[],
    args: [] as string[],
    users: [] as string[],
    ports: [] as string[],
    keys: [] as string[],
    circles: [] as string[],
  };
  for (const [host, own] of inventory.hosts) {
    const groups = groupsOf.get(host) ?? [];
    const variables = new Map<string, string>();
    // The most general first: what is said nearer to the host wins.
    for (const group of ['all', ...groups])
      for (const [key, value] of inventory.groups.get(group)?.variables ?? []) variables.set(key, value);
    for (const [key, value] of own) variables.set(key, value);
    if (variables.has('secret')) left.secrets++;
    const value = (...keys: string[]): string | undefined => {
      const found = keys.map((key) => variables.get(key)).find((one) => one !== undefined && one !== '');
      if (found === undefined) return undefined;
      if (/\{\{|\{%/.test(found)) left.templates.add(host);
      else if (!/[\u0000-\u001f\u007f]/.test(found)) return found;
      return undefined;
    };
    const tags = [...new Set(groups.filter((one) => one !== 'ungrouped').map(allowedName))].reverse();
    const connection = value('ansible_connection') ?? 'ssh';
    const draft = (transport: Omit<DraftHost, 'id' | 'tags'>): void => {
      const id = freeId(host, taken);
      taken.set(id, { id, ...(tags.length > 0 ? { tags } : {}), ...transport });
    };
    const ssm = /^(community\.aws\.|amazon\.aws\.)?aws_ssm$/.test(connection)
      ? ssmOf(host, value)
      : undefined;
    if (connection === 'local') draft({ local: {} });
    else if (ssm) draft({ ssm });
    else if (!['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ansible.builtin.ssh'].includes(connection))
      left.connections.push(host);
    else if (!canBeHost(value('ansible_host', 'ansible_ssh_host') ?? host))
      warnings.push(
        `The host ${JSON.stringify(host.slice(0, 80))} has a name that cannot be reached and was left out.`,
      );
    else draft({ ssh: sshOf(host, value, left) });
  }
  if (left.secrets > 0)
    warnings.push(
      `Passwords of ${left.secrets === 1 ? 'a host' : `${left.secrets} hosts`} were left out: Fireline asks for them, and keeps none.`,
    );
  if (left.templates.size > 0)
    warnings.push(`Values that hold a template ({{ … }}) were left out of ${few([...left.templates])}.`);
  if (left.args.length > 0)
    warnings.push(
      `ssh arguments other than a jump were left out of ${few(left.args)}; put them into your ssh_config.`,
    );
  if (left.users.length > 0)
    warnings.push(`A user that is no login name was left out of ${few(left.users)}.`);
  if (left.ports.length > 0)
    warnings.push(`A port that is no number from 1 to 65535 was left out of ${few(left.ports)}.`);
  if (left.keys.length > 0)
    warnings.push(
      `A key whose path starts with neither / nor ~/ was left out of ${few(left.keys)}: it is meant from where Ansible runs.`,
    );
  if (left.circles.length > 0)
    warnings.push(`A jump through the host itself was left out of ${few(left.circles)}.`);
  if (left.connections.length > 0)
    warnings.push(`Not reached by ssh, and left out: ${few(left.connections)}.`);
  if (taken.size === 0) warnings.push('The inventory names no host that can be reached.');
  return {
    text: workspaceText({
      name,
      comment:
        'Imported from an Ansible inventory: its groups are tags; what it does not say comes from your ssh_config.',
      hosts: [...taken.values()],
    }),
    hostCount: taken.size,
    warnings,
  };
}

/** Every group of each host, the farthest ancestors first. Groups that contain each other are followed once. */
function memberships(inventory: AnsibleInventory): Map<string, string[]> {
  const parents = new Map<string, string[]>();
  for (const [name, group] of inventory.groups)
    for (const child of group.children) {
      const list = parents.get(child) ?? [];
      list.push(name);
      parents.set(child, list);
    }
  const ancestors = new Map<string, string[]>();
  const of = (name: string): string[] => {
    const known = ancestors.get(name);
    if (known) return known;
    const found: string[] = [];
    const seen = new Set([name]);
    for (let level = [name]; level.length > 0; ) {
      level = level.flatMap((one) => parents.get(one) ?? []).filter((one) => !seen.has(one));
      for (const one of level) seen.add(one);
      found.unshift(...new Set(level));
    }
    ancestors.set(name, found);
    return found;
  };
  const groups = new Map<string, string[]>();
  for (const [name, group] of inventory.groups) {
    if (name === 'all') continue;
    for (const host of group.hosts) {
      const list = groups.get(host) ?? [];
      // Ancestors of any of its groups come before every group that it is in itself.
      groups.set(host, [...new Set([...of(name).filter((one) => one !== 'all'), ...list, name])]);
    }
  }
  return groups;
}

function sshOf(
  host: string,
  value: (...keys: string[]) => string | undefined,
  left: Record<'args' | 'users' | 'ports' | 'keys' | 'circles', string[]>,
): NonNullable<DraftHost['ssh']> {
  const ssh: Exclude<DraftHost['ssh'], string | undefined> = {};
  const said = value('ansible_port', 'ansible_ssh_port');
  const port = Number(said ?? Number.NaN);
  if (Number.isInteger(port) && port > 0 && port < 65_536) ssh.port = port;
  else if (said !== undefined) left.ports.push(host);
  const user = value('ansible_user', 'ansible_ssh_user');
  if (user !== undefined && canBeUser(user)) ssh.user = user;
  else if (user !== undefined) left.users.push(host);
  const key = value('ansible_ssh_private_key_file', 'ansible_private_key_file');
  // Relative to where Ansible runs, and to the workspace file for us: only what means the same is taken.
  if (key !== undefined && /^(~\/|\/)/.test(key)) ssh.identityFile = key;
  else if (key !== undefined) left.keys.push(host);
  const address = value('ansible_host', 'ansible_ssh_host');
  const args = [value('ansible_ssh_args'), value('ansible_ssh_common_args'), value('ansible_ssh_extra_args')];
  const { jump, others } = readJumpArguments(args.filter((one) => one !== undefined).join(' '));
  if (others) left.args.push(host);
  // A group's jump is often said of the bastion too, where it leads nowhere.
  const hops = jump?.map(jumpHost);
  if (hops?.some((hop) => hop === host || hop === address)) left.circles.push(host);
  else if (jump && hops?.every((hop) => hop !== undefined)) ssh.jump = jump;
  else if (jump && !others) left.args.push(host);
  if (address === undefined && Object.keys(ssh).length === 0) return host;
  return { host: address ?? host, ...ssh };
}

/** Reached through Session Manager, where the instance is named. */
function ssmOf(host: string, value: (...keys: string[]) => string | undefined): DraftHost['ssm'] {
  const instance = value('ansible_aws_ssm_instance_id', 'ansible_host') ?? host;
  const region = value('ansible_aws_ssm_region');
  if (!INSTANCE.test(instance) || (region !== undefined && !REGION.test(region))) return undefined;
  const profile = value('ansible_aws_ssm_profile');
  return {
    instance,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function few(names: readonly string[]): string {
  return names.length <= 5
    ? names.join(', ')
    : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}
