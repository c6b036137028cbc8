import type { HostId } from '../../../shared/model/host.ts';
import type { TransportSpec, WorkspaceHost } from '../../../shared/model/workspace.ts';
import { readEcs, readSsm } from './awsTransport.ts';
import {
  canBeHost,
  canBeUser,
  optionalText,
  type Paths,
  readPath,
  readPort,
  requiredText,
} from './entryValues.ts';
import { jumpHost, membersOfJumpCycles } from './jumpCycles.ts';
import { type Entries, type Item, quote, type YamlReader } from './yamlReader.ts';

export interface HostsSection {
  /** The hosts without fault, in the file's order. */
  hosts: WorkspaceHost[];
  /** Every id and tag that the file names, also of hosts that are left out. */
  names: Set<string>;
  /** Every id, also of hosts that are left out. */
  ids: Set<string>;
}

const HOST_KEYS = ['id', 'tags', 'ssh', 'local', 'command', 'ssm', 'ecs'];
const TRANSPORTS = ['ssh', 'local', 'command', 'ssm', 'ecs'] as const;
const SSH_KEYS = ['host', 'port', 'user', 'identityFile', 'knownHostsFile', 'jump', 'hostKeyAlias'];
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;

export function readHosts(reader: YamlReader, item: Item, paths: Paths): HostsSection {
  const section: HostsSection = { hosts: [], names: new Set(), ids: new Set() };
  const read: { host: WorkspaceHost; clean: boolean; jumpAt: number }[] = [];
  const items = reader.list(item, 'hosts') ?? [];
  for (const [index, one] of items.entries()) {
    // A host that a syntax error cuts short is left out; the syntax error itself says why.
    if (!reader.isWhole(one)) continue;
    const label = idOf(one) ?? `host ${index + 1}`;
    const { value, clean } = reader.forHost(label, () => readHost(reader, one, label, section, paths));
    if (value) read.push({ ...value, clean });
  }
  if (items.length === 0 && reader.problems.length === 0) {
    reader.problem(
      item.offset,
      'The workspace has no hosts.',
      'at least one host, such as { id: here, local: {} }',
    );
  }
  const circles = membersOfJumpCycles(read.map(({ host }) => host));
  for (const one of read) {
    const circle = circles.get(one.host.id);
    if (circle) {
      one.clean = false;
      reader.forHost(one.host.id, () =>
        reader.problem(
          one.jumpAt,
          `The jumps go in a circle: ${circle.join(' → ')}.`,
          'jumps that end at a host reached directly',
        ),
      );
    }
  }
  section.hosts = read.filter((one) => one.clean).map((one) => one.host);
  return section;
}

function readHost(
  reader: YamlReader,
  item: Item,
  label: string,
  section: HostsSection,
  paths: Paths,
): { host: WorkspaceHost; jumpAt: number } | undefined {
  const entries = reader.map(item, label, HOST_KEYS);
  if (!entries) return undefined;
  const tags = readTags(reader, entries, label);
  for (const tag of tags) section.names.add(tag);

  const idItem = entries.get('id');
  const id = idItem && reader.text(idItem, 'id');
  if (!idItem) {
    reader.problem(item.offset, 'A host has no id.', 'id: a name of letters, digits, ".", "_" and "-"');
  } else if (id !== undefined && !NAME.test(id)) {
    reader.problem(
      idItem.offset,
      `The id ${quote(id)} cannot be used.`,
      '1 to 64 letters, digits, ".", "_" or "-", the first no "." or "-"',
    );
  } else if (id !== undefined) {
    if (section.ids.has(id)) {
      reader.problem(
        idItem.offset,
        `There is already a host with the id ${quote(id)}.`,
        'an id of its own for each host',
      );
    }
    section.ids.add(id);
    section.names.add(id);
  }

  const given = TRANSPORTS.filter((kind) => entries.has(kind));
  const [kind, another] = given;
  if (kind === undefined) {
    reader.problem(item.offset, `${label} has no transport.`, 'one of: ssh, local, command, ssm, ecs');
    return undefined;
  }
  const transportItem = entries.get(kind);
  if (!transportItem) return undefined;
  if (another !== undefined) {
    const at = entries.get(another)?.at ?? item.offset;
    reader.problem(
      at,
      `${label} has ${given.length} transports: ${given.join(' and ')}.`,
      'exactly one of: ssh, local, command, ssm, ecs',
    );
  }
  const transport = readTransport(reader, kind, transportItem, paths);
  if (id === undefined || transport === undefined) return undefined;
  return { host: { id: id as HostId, tags, transport }, jumpAt: transportItem.at };
}

/** For messages about a host before its entries are checked. */
function idOf(item: Item): string | undefined {
  const json = item.node?.toJSON() as unknown;
  const id = typeof json === 'object' && json !== null ? (json as { id?: unknown }).id : undefined;
  return typeof id === 'string' && NAME.test(id) ? id : undefined;
}

function readTags(reader: YamlReader, entries: Entries, label: string): string[] {
  const item = entries.get('tags');
  if (!item) return [];
  const tags: string[] = [];
  for (const one of reader.list(item, `tags of ${label}`) ?? []) {
    const tag = reader.text(one, 'a tag');
    if (tag === undefined) continue;
    if (!NAME.test(tag))
      reader.problem(
        one.offset,
        `The tag ${quote(tag)} cannot be used.`,
        '1 to 64 letters, digits, ".", "_" or "-"',
      );
    else if (!tags.includes(tag)) tags.push(tag);
  }
  return tags;
}

function readTransport(
  reader: YamlReader,
  kind: (typeof TRANSPORTS)[number],
  item: Item,
  paths: Paths,
): TransportSpec | undefined {
  switch (kind) {
    case 'ssh':
      return readSsh(reader, item, paths);
    case 'local': {
      // `local:` with nothing after it can only mean the same as `local: {}`.
      const empty = item.node === null || ('value' in item.node && item.node.value === null);
      return empty || reader.map(item, 'local', []) ? { kind: 'local' } : undefined;
    }
    case 'command': {
      const entries = reader.map(item, 'command', ['shell', 'exec']);
      if (!entries) return undefined;
      const shell = readArgv(reader, entries, 'shell', item.offset);
      const exec = readArgv(reader, entries, 'exec', item.offset);
      return shell && exec ? { kind: 'command', shell, exec } : undefined;
    }
    case 'ssm':
      return readSsm(reader, item, paths);
    case 'ecs':
      return readEcs(reader, item);
  }
}

function readSsh(reader: YamlReader, item: Item, paths: Paths): TransportSpec | undefined {
  if (item.node !== null && 'value' in item.node && typeof item.node.value === 'string') {
    const alias = reader.text(item, 'ssh');
    return alias !== undefined && isHostName(reader, item.offset, alias, 'The alias')
      ? { kind: 'ssh', alias }
      : undefined;
  }
  if (item.node === null || !('items' in item.node)) {
    reader.problem(
      item.offset,
      'ssh names no host.',
      'an alias of your ssh_config, or a map such as { host: 10.0.0.1, user: deploy }',
    );
    return undefined;
  }
  const entries = reader.map(item, 'ssh', SSH_KEYS);
  if (!entries) return undefined;
  const host = requiredText(reader, entries, 'host', 'ssh', item.offset, 'host: a name or address');
  if (host !== undefined) isHostName(reader, entries.get('host')?.offset ?? item.offset, host, 'The host');
  const user = optionalText(reader, entries, 'user');
  if (user !== undefined && !canBeUser(user)) {
    reader.problem(
      entries.get('user')?.offset ?? item.offset,
      `The user ${quote(user)} cannot be used.`,
      'a login name, without spaces or what means something to a shell',
    );
  }
  const port = readPort(reader, entries);
  const identityFile = readPath(reader, entries, 'identityFile', paths);
  const knownHostsFile = readPath(reader, entries, 'knownHostsFile', paths);
  const jump = readJump(reader, entries);
  const hostKeyAlias = optionalText(reader, entries, 'hostKeyAlias');
  if (hostKeyAlias !== undefined) {
    const { offset } = entries.get('hostKeyAlias') ?? item;
    isHostName(reader, offset, hostKeyAlias, 'The hostKeyAlias');
  }
  if (host === undefined) return undefined;
  return {
    kind: 'ssh',
    host,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(knownHostsFile === undefined ? {} : { knownHostsFile }),
    ...(jump === undefined ? {} : { jump }),
    ...(hostKeyAlias === undefined ? {} : { hostKeyAlias }),
  };
}

function isHostName(reader: YamlReader, offset: number, name: string, what: string): boolean {
  if (canBeHost(name)) return true;
  reader.problem(
    offset,
    `${what} ${quote(name)} cannot be used.`,
    'a host name or address without spaces, "@" (the user has its own key) or what means something to a shell',
  );
  return false;
}

function readJump(reader: YamlReader, entries: Entries): string[] | undefined {
  const item = entries.get('jump');
  const jumps = item && reader.texts(item, 'jump');
  if (!item || !jumps) return undefined;
  for (const jump of jumps) {
    if (jumpHost(jump) === undefined) {
      reader.problem(
        item.offset,
        `The jump ${quote(jump)} cannot be used.`,
        'an alias of your ssh_config or [user@]host[:port]',
      );
    }
  }
  return jumps.length > 0 ? jumps : undefined;
}

function readArgv(reader: YamlReader, entries: Entries, key: string, offset: number): string[] | undefined {
  const item = entries.get(key);
  const expected = `${key}: a list of a program and its arguments, such as [docker, exec, -i, web, sh]`;
  if (!item) {
    reader.problem(offset, `command has no ${key}.`, expected);
    return undefined;
  }
  const argv = reader.texts(item, key);
  if (argv?.length === 0) reader.problem(item.offset, `${key} is an empty list.`, expected);
  return argv;
}
