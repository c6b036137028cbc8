import type {
  AwsPlace,
  EcsSpec,
  SessionsKept,
  SsmForward,
  SsmSpec,
} from '../../../shared/model/workspace.ts';
import { canBeUser, optionalText, type Paths, readPath, readPort } from './entryValues.ts';
import { type Entries, type Item, quote, type YamlReader } from './yamlReader.ts';

export const INSTANCE = /^(?:i-[0-9a-f]{8}(?:[0-9a-f]{9})?|mi-[0-9a-f]{17})$/;
export const REGION = /^[a-z]{2,}(?:-[a-z]+)+-\d$/;
const NAME_OR_ARN = /^[A-Za-z0-9_:/.-]{1,2048}$/;

/** `{ instance: i-… | target: …, region, profile, ssh: { user, port, identityFile, knownHostsFile } }` */
export function readSsm(reader: YamlReader, item: Item, paths: Paths): SsmSpec | undefined {
  const entries = reader.map(item, 'ssm', [
    'instance',
    'target',
    'region',
    'profile',
    'keepAlive',
    'ssh',
    'forwards',
  ]);
  if (!entries) return undefined;
  const place = readPlace(reader, entries);
  const target = oneOf(reader, item, entries, 'ssm', ['instance', 'target'], 'instance: i-0123456789abcdef0');
  if (!target) return undefined;
  if (!INSTANCE.test(target.value)) {
    reader.problem(
      target.offset,
      `The ${target.key} ${quote(target.value)} cannot be used.`,
      'an instance id, i-0123456789abcdef0 or mi-0123456789abcdef0 (a task of ECS has its own entry: ecs)',
    );
  }
  const ssh = entries.has('ssh') ? readSshOver(reader, entries, paths) : undefined;
  const forwards = readForwards(reader, entries);
  return {
    kind: 'ssm',
    target: target.value,
    ...place,
    ...readKeepAlive(reader, entries),
    ...(ssh ? { ssh } : {}),
    ...(forwards ? { forwards } : {}),
  };
}

/** `{ cluster, service | task, container, region, profile }` */
export function readEcs(reader: YamlReader, item: Item): EcsSpec | undefined {
  const entries = reader.map(item, 'ecs', [
    'cluster',
    'service',
    'task',
    'container',
    'region',
    'profile',
    'keepAlive',
  ]);
  if (!entries) return undefined;
  const place = readPlace(reader, entries);
  const cluster = nameIn(reader, entries, 'cluster');
  if (!entries.has('cluster')) reader.problem(item.offset, 'ecs has no cluster.', 'cluster: its name or ARN');
  const which = oneOf(reader, item, entries, 'ecs', ['service', 'task'], 'service: NAME, or task: ID');
  const container = nameIn(reader, entries, 'container');
  if (cluster === undefined || !which) return undefined;
  if (!NAME_OR_ARN.test(which.value))
    reader.problem(
      which.offset,
      `The ${which.key} ${quote(which.value)} cannot be used.`,
      'a name or an ARN',
    );
  return {
    kind: 'ecs',
    cluster,
    ...(which.key === 'service' ? { service: which.value } : { task: which.value }),
    ...(container === undefined ? {} : { container }),
    ...place,
    ...readKeepAlive(reader, entries),
  };
}

function readPlace(reader: YamlReader, entries: Entries): AwsPlace {
  const region = optionalText(reader, entries, 'region');
  const profile = optionalText(reader, entries, 'profile');
  if (region !== undefined && !REGION.test(region))
    reader.problem(
      entries.get('region')?.offset ?? 0,
      `The region ${quote(region)} cannot be used.`,
      'a name such as eu-west-1',
    );
  return { ...(region === undefined ? {} : { region }), ...(profile === undefined ? {} : { profile }) };
}

function readKeepAlive(reader: YamlReader, entries: Entries): SessionsKept {
  const item = entries.get('keepAlive');
  const keepAlive = item && reader.flag(item, 'keepAlive');
  return keepAlive === undefined ? {} : { keepAlive };
}

const FORWARD = /^(\d{1,5}):(?:([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):)?(\d{1,5})$/;

/** `5433:5432` of the instance, `5433:db.internal:5432` through it, as ssh writes them. */
function readForwards(reader: YamlReader, entries: Entries): SsmForward[] | undefined {
  const item = entries.get('forwards');
  if (!item) return undefined;
  const forwards: SsmForward[] = [];
  for (const one of reader.list(item, 'forwards') ?? []) {
    const text = reader.text(one, 'a forward');
    if (text === undefined) continue;
    const [, listen, host, port] = FORWARD.exec(text) ?? [];
    if (![listen, port].every((p) => Number(p) >= 1 && Number(p) <= 65_535))
      reader.problem(
        one.offset,
        `The forward ${quote(text)} cannot be used.`,
        '"LISTEN:PORT" or "LISTEN:HOST:PORT", such as "5433:db.internal:5432"',
      );
    else
      forwards.push({
        listen: Number(listen),
        port: Number(port),
        ...(host === undefined ? {} : { host: host.replace(/^\[|\]$/g, '') }),
      });
  }
  return forwards;
}

function readSshOver(reader: YamlReader, entries: Entries, paths: Paths): SsmSpec['ssh'] | undefined {
  const item = entries.get('ssh');
  const inner = item && reader.map(item, 'ssh', ['user', 'port', 'identityFile', 'knownHostsFile']);
  if (!item || !inner) return undefined;
  const user = optionalText(reader, inner, 'user');
  if (user !== undefined && !canBeUser(user))
    reader.problem(
      inner.get('user')?.offset ?? item.offset,
      `The user ${quote(user)} cannot be used.`,
      'a login name, without spaces or what means something to a shell',
    );
  const port = readPort(reader, inner);
  const identityFile = readPath(reader, inner, 'identityFile', paths);
  const knownHostsFile = readPath(reader, inner, 'knownHostsFile', paths);
  return {
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(knownHostsFile === undefined ? {} : { knownHostsFile }),
  };
}

function nameIn(reader: YamlReader, entries: Entries, key: string): string | undefined {
  const value = optionalText(reader, entries, key);
  if (value !== undefined && !NAME_OR_ARN.test(value))
    reader.problem(
      entries.get(key)?.offset ?? 0,
      `The ${key} ${quote(value)} cannot be used.`,
      'a name or an ARN',
    );
  return value;
}

/** Exactly one of two keys. */
function oneOf(
  reader: YamlReader,
  item: Item,
  entries: Entries,
  what: string,
  keys: readonly [string, string],
  expected: string,
): { key: string; value: string; offset: number } | undefined {
  const given = keys.filter((key) => entries.has(key));
  const [key, another] = given;
  const found = key === undefined ? undefined : entries.get(key);
  if (key === undefined || !found) {
    reader.problem(item.offset, `${what} has neither ${keys.join(' nor ')}.`, expected);
    return undefined;
  }
  if (another !== undefined)
    reader.problem(
      entries.get(another)?.at ?? item.offset,
      `${what} has both ${keys.join(' and ')}.`,
      'one of the two',
    );
  const value = reader.text(found, key);
  return value === undefined ? undefined : { key, value, offset: found.offset };
}
