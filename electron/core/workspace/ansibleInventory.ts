import { isIPv6 } from 'node:net';

/** Hosts, groups and their variables, as an inventory's own file gives them. Values are text; lists and maps are left out. */
export interface AnsibleInventory {
  hosts: Map<string, Map<string, string>>;
  groups: Map<string, AnsibleGroup>;
  /** Names written out so far, also of hosts that were there already. */
  names: number;
}

export interface AnsibleGroup {
  hosts: Set<string>;
  children: Set<string>;
  variables: Map<string, string>;
}

/** More than any team has in one file. */
const MAXIMUM_HOSTS = 2000;
export const MAXIMUM_GROUPS = 2000;
/** A host stands in several groups; ranges are refused before they are written out. */
const MAXIMUM_NAMES = 50_000;

/** The connection's variables; anything else is a playbook's, and is not kept: it could be a line of a megabyte for each host. */
const KNOWN = new Set([
  ...['ansible_host', 'ansible_port', 'ansible_user', 'ansible_connection', 'ansible_ssh_private_key_file'],
  ...['ansible_ssh_host', 'ansible_ssh_port', 'ansible_ssh_user', 'ansible_private_key_file'],
  ...['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'],
  ...['ansible_aws_ssm_instance_id', 'ansible_aws_ssm_region', 'ansible_aws_ssm_profile'],
]);
const SECRET = /^ansible_(?:\w{1,40}_)?pass(?:word)?$/;

/** Of secrets only that there is one. */
export function setVariable(variables: Map<string, string>, name: string, value: string): void {
  if (KNOWN.has(name)) variables.set(name, value);
  else if (SECRET.test(name)) variables.set('secret', '');
}

export function emptyInventory(): AnsibleInventory {
  return { hosts: new Map(), groups: new Map(), names: 0 };
}

/** Puts the hosts of a pattern into a group; undefined when it cannot be read, or they are too many. */
export function addHosts(
  inventory: AnsibleInventory,
  group: string,
  pattern: string,
): Map<string, string>[] | undefined {
  const expanded = expandHosts(pattern, Math.min(MAXIMUM_HOSTS, MAXIMUM_NAMES - inventory.names));
  if (!expanded) return undefined;
  inventory.names += expanded.names.length;
  const fresh = expanded.names.filter((name) => !inventory.hosts.has(name)).length;
  if (inventory.hosts.size + fresh > MAXIMUM_HOSTS) return undefined;
  return expanded.names.map((name) => {
    groupOf(inventory, group).hosts.add(name);
    const variables = inventory.hosts.get(name) ?? new Map<string, string>();
    inventory.hosts.set(name, variables);
    if (expanded.port !== undefined) variables.set('ansible_port', expanded.port);
    return variables;
  });
}

export function groupOf(inventory: AnsibleInventory, name: string): AnsibleGroup {
  let group = inventory.groups.get(name);
  if (!group) {
    group = { hosts: new Set(), children: new Set(), variables: new Map() };
    inventory.groups.set(name, group);
  }
  return group;
}

/**
 * The hosts that a pattern stands for: `www[01:50:2].example.com` is www01, www03 … www49; ends are included, leading
 * zeros are kept, letters count too, and there may be several ranges. `host:2222` has a port; an address in brackets is IPv6.
 * Undefined when it cannot be read, or stands for more than `most`.
 */
function expandHosts(pattern: string, most: number): { names: string[]; port?: string } | undefined {
  if (pattern.length > 1000) return undefined;
  const withPort =
    /^(\[[0-9A-Fa-f:.%]*:[0-9A-Fa-f:.%]*:[0-9A-Fa-f:.%]*\]|[^:]*(?:\[[^\]]*\][^:[\]]*)*):(\d{1,5})$/.exec(
      pattern,
    );
  const host = withPort?.[1] ?? pattern;
  const port = withPort?.[2] === undefined ? {} : { port: withPort[2] };
  const address = /^\[([0-9A-Fa-f.%]*:[0-9A-Fa-f.%]*:[0-9A-Fa-f:.%]*)\]$/.exec(host)?.[1];
  if (address !== undefined && isIPv6(address)) return { names: [address], ...port };
  let names = [''];
  // Text and ranges in turn.
  for (const part of host.split(/(\[[^\]]*\])/)) {
    const values = part.startsWith('[') ? rangeValues(part.slice(1, -1), most) : [part];
    if (!values || values.length * names.length > most) return undefined;
    names = names.flatMap((name) => values.map((value) => name + value));
  }
  return names.every(isHostName) ? { names, ...port } : undefined;
}

/** What is left of a range, a heading, a port or an assignment that somebody mistyped is no name. */
const isHostName = (name: string) =>
  name !== '' && !/[[\]=]|\p{Cc}/u.test(name) && (!/^[\w.:%-]*:[\w.:%-]*$/.test(name) || isIPv6(name));

function rangeValues(range: string, most: number): string[] | undefined {
  const numbers = /^(\d{0,9}):(\d{1,9})(?::(\d{1,9}))?$/.exec(range);
  const letters = /^([A-Za-z]):([A-Za-z])(?::(\d{1,3}))?$/.exec(range);
  const step = Number(numbers?.[3] ?? letters?.[3] ?? 1);
  const [from, to] = numbers
    ? [Number(numbers[1]), Number(numbers[2])]
    : [letters?.[1]?.charCodeAt(0) ?? 1, letters?.[2]?.charCodeAt(0) ?? 0];
  if (step < 1 || to < from || (to - from) / step >= most) return undefined;
  const first = numbers?.[1] ?? '';
  const width = first.length > 1 && first.startsWith('0') ? first.length : 0;
  // As Ansible: leading zeros say how wide both ends are.
  if (width > 0 && (numbers?.[2] ?? '').length !== width) return undefined;
  const values: string[] = [];
  for (let value = from; value <= to; value += step)
    values.push(numbers ? String(value).padStart(width, '0') : String.fromCharCode(value));
  return values;
}
