import type {
  CgroupUse,
  FileSystem,
  NetworkInterface,
  QueueUse,
  SocketGroup,
  TcpState,
} from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { hasOwnWire } from './interfaceNames.ts';
import type { Reading } from './reading.ts';
import type { TableName, Tables } from './tables.ts';

export type Resources = Pick<Sample, 'fileSystems' | 'sockets' | 'listenOverflows' | 'cgroups' | 'lookedAt'>;

/** The tables of a reading as a sample tells them. A row that does not make sense is left out. */
export function resourcesOf(reading: Reading): Resources {
  const { tables } = reading;
  const listenOverflows = reading.values.get('vListenOverflows');
  const fileSystems = derived(tables.get('fs'), fileSystemsOf);
  const sockets = derived(tables.get('tcp'), socketsOf);
  const cgroups = cgroupsOf(tables);
  return {
    ...(fileSystems && { fileSystems }),
    ...(sockets && { sockets }),
    ...(listenOverflows !== undefined && { listenOverflows }),
    ...(cgroups && { cgroups }),
    ...(reading.lookedAt.size > 0 && {
      lookedAt: {
        ...when(reading, 'fs', 'fileSystems'),
        ...when(reading, 'tcp', 'sockets'),
        ...when(reading, reading.lookedAt.has('gc') ? 'gc' : 'gm', 'cgroups'),
      },
    }),
  };
}

function when<Name extends string>(
  reading: Reading,
  table: TableName,
  name: Name,
): { [Key in Name]?: number } {
  const at = reading.lookedAt.get(table);
  return at === undefined ? {} : ({ [name]: at } as { [Key in Name]?: number });
}

type Table = ReadonlyMap<string, readonly string[]>;

/** A table that did not change is the same object from one reading to the next: so is what was made of it. */
const made = new WeakMap<Table, unknown>();

function derived<T>(table: Table | undefined, make: (table: Table) => T): T | undefined {
  if (!table) return undefined;
  const before = made.get(table);
  if (before !== undefined) return before as T;
  const value = make(table);
  made.set(table, value);
  return value;
}

function fileSystemsOf(table: Table): FileSystem[] {
  return [...table].flatMap(([mount, [device = '', type = '', mode, ...figures]]) => {
    const [size, used, available, inodes, inodesFree] = figures.map(whole);
    if (size === undefined || used === undefined || available === undefined) return [];
    return [
      {
        mount,
        device,
        type,
        readOnly: mode === 'ro',
        sizeBytes: size * 1024,
        usedBytes: used * 1024,
        availableBytes: available * 1024,
        ...(inodes !== undefined && inodesFree !== undefined && inodes > 0 && { inodes, inodesFree }),
      },
    ];
  });
}

const KINDS: Readonly<Record<string, SocketGroup['kind']>> = {
  ls: 'listener',
  in: 'inbound',
  to: 'outbound',
  at: 'address',
};

/** include/net/tcp_states.h */
const STATES: Readonly<Record<string, TcpState>> = {
  '01': 'established',
  '02': 'syn-sent',
  '03': 'syn-received',
  '04': 'fin-wait-1',
  '05': 'fin-wait-2',
  '06': 'time-wait',
  '07': 'close',
  '08': 'close-wait',
  '09': 'last-ack',
  '0A': 'listen',
  '0B': 'closing',
  '0C': 'syn-received',
};

function socketsOf(table: Table): SocketGroup[] {
  return [...table].flatMap(([key, values]) => {
    const m = /^(ls|in|to|at)(?: ([0-9A-F]{2}))? (\d{1,5})(?: ([0-9A-F]{8}|[0-9A-F]{32}))?$/.exec(key);
    const kind = KINDS[m?.[1] ?? ''];
    const state = kind === 'listener' ? 'listen' : STATES[m?.[2] ?? ''];
    const [count, ...queues] = values.slice(0, 7).map(whole);
    if (!kind || !state || !count || queues.length < 6) return [];
    const address = m?.[4] === undefined ? undefined : addressOf(m[4]);
    const ownerPid = whole(values[7]);
    return [
      {
        kind,
        state,
        port: Number(m?.[3]),
        ...(address !== undefined && { address }),
        count,
        receiveQueue: queueOf(queues.slice(0, 3)),
        sendQueue: queueOf(queues.slice(3)),
        ...(ownerPid !== undefined && { ownerPid }),
      },
    ];
  });
}

function queueOf([sum = 0, largest = 0, notEmpty = 0]: readonly (number | undefined)[]): QueueUse {
  return { sum, largest, notEmpty };
}

/** As /proc/net/tcp prints it: each 32-bit word in the byte order of the host, which is little-endian almost everywhere. */
function addressOf(text: string): string {
  const bytes = [...text.matchAll(/.{8}/g)].flatMap(([word]) =>
    [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, n) =>
    ((bytes[n * 2] ?? 0) * 256 + (bytes[n * 2 + 1] ?? 0)).toString(16),
  );
  return words.join(':').replace(/(?:^|:)0(?::0)+(?:$|:)/, '::');
}

function cgroupsOf(tables: Tables): CgroupUse[] | undefined {
  const memory = tables.get('gm');
  const cpu = tables.get('gc');
  if (!memory && !cpu) return undefined;
  const groups = new Map<string, CgroupUse>();
  for (const [path, [limit, usage, kills, inactive, pid]] of memory ?? []) {
    const [memoryLimitBytes, memoryUsageBytes, oomKills] = [whole(limit), whole(usage), whole(kills)];
    const reclaimableBytes = whole(inactive);
    groups.set(path, {
      path,
      ...member(pid),
      ...(reclaimableBytes !== undefined && { reclaimableBytes }),
      ...(memoryLimitBytes !== undefined && { memoryLimitBytes }),
      ...(memoryUsageBytes !== undefined && { memoryUsageBytes }),
      ...(oomKills !== undefined && { oomKills }),
    });
  }
  for (const [path, [quotaText, periodText, ...rest]] of cpu ?? []) {
    const [quota, period] = [whole(quotaText), whole(periodText)];
    const [periods, throttledPeriods, heldUs] = rest.slice(0, 3).map(whole);
    groups.set(path, {
      ...groups.get(path),
      path,
      ...member(rest[3]),
      ...(quota !== undefined && period !== undefined && period > 0 && { cpuQuotaCores: quota / period }),
      ...(periods !== undefined && { periods }),
      ...(throttledPeriods !== undefined && { throttledPeriods }),
      ...(heldUs !== undefined && { throttledMs: heldUs / 1000 }),
    });
  }
  return [...groups.values()];
}

function member(text: string | undefined): { pid?: number } {
  const pid = whole(text);
  return pid !== undefined && pid > 0 ? { pid } : {};
}

const MOST_INTERFACES = 64;

/** Hosts of containers have hundreds: then the wires come first. */
function mostTelling(interfaces: Reading['interfaces']): Iterable<readonly [string, readonly number[]]> {
  if (interfaces.size <= MOST_INTERFACES) return interfaces;
  return [...interfaces].sort(([a], [b]) => Number(hasOwnWire(b)) - Number(hasOwnWire(a)));
}

/** Rates of each interface between two readings; undefined where nothing is known of any. */
export function interfacesOf(
  before: Reading,
  after: Reading,
  seconds: number,
): NetworkInterface[] | undefined {
  const speeds = after.tables.get('if');
  const found: NetworkInterface[] = [];
  for (const [name, now] of mostTelling(after.interfaces)) {
    const then = before.interfaces.get(name);
    if (!then || now.length < 8 || found.length >= MOST_INTERFACES) continue;
    const rate = (at: number) => Math.max(0, (now[at] ?? 0) - (then[at] ?? 0)) / seconds;
    const megabits = whole(speeds?.get(name)?.[0]);
    found.push({
      name,
      receiveBytesPerSecond: rate(0),
      transmitBytesPerSecond: rate(1),
      receiveErrorsPerSecond: rate(2),
      transmitErrorsPerSecond: rate(3),
      receiveDropsPerSecond: rate(4),
      transmitDropsPerSecond: rate(5),
      packetsPerSecond: rate(6) + rate(7),
      // 4294967295 is a driver's -1.
      ...(megabits !== undefined &&
        megabits > 0 &&
        megabits < 4_000_000 && { bitsPerSecond: megabits * 1e6 }),
    });
  }
  return found.length > 0 ? found : undefined;
}

function whole(word: string | undefined): number | undefined {
  if (word === undefined || !/^\d{1,20}$/.test(word)) return undefined;
  return Number(word);
}
