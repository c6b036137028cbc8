import { describe, expect, it } from 'vitest';
import type { FileSystem, SocketGroup } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventKind } from '../../../shared/model/timelineEvent.ts';
import { TestHost } from './testHost.ts';

const MIB = 1 << 20;
const GIB = 1 << 30;

/** `count` seconds of samples, each changed by what is given for its second; then a tick. */
function play(
  host: TestHost,
  count: number,
  of: (second: number, at: number) => Partial<Sample> = () => ({}),
): void {
  for (let second = 0; second < count; second++) {
    host.clock.advance(1000);
    const at = host.clock.now();
    host.push({ type: 'sample', sample: { ...host.sample(1000), ...of(second, at) } });
    host.push({ type: 'tick' });
  }
}

/** What was told of a kind, its spaces plain ones. */
const told = (host: TestHost, kind: EventKind) =>
  host.told
    .filter((event) => event.kind === kind)
    .map((event) => ({
      ...event,
      title: event.title.replace(/\s/g, ' '),
      verdict: (event.verdict ?? '').replace(/\s/g, ' '),
    }));
const openKinds = (host: TestHost) => host.open.map((event) => event.kind);
/** Every event that is worse than information. */
const alarms = (host: TestHost) =>
  host.told
    .filter((event) => event.severity === 'warning' || event.severity === 'critical')
    .map((e) => e.title);

/** A look every `every` seconds: between them the last is repeated, as the sampler does. */
function looking<T>(every: number, look: (second: number) => T) {
  let value: T | undefined;
  let lookedAt = 0;
  return (second: number, at: number): { value: T; lookedAt: number } => {
    if (value === undefined || second % every === 0) {
      value = look(second);
      lookedAt = at;
    }
    return { value, lookedAt };
  };
}

function playSockets(
  host: TestHost,
  count: number,
  look: (second: number) => SocketGroup[],
  over: Partial<Sample> = {},
) {
  const looked = looking(10, look);
  play(host, count, (second, at) => {
    const { value, lookedAt } = looked(second, at);
    return { sockets: value, lookedAt: { sockets: lookedAt }, ...over };
  });
}

const NO_QUEUE = { sum: 0, largest: 0, notEmpty: 0 };
function group(over: Partial<SocketGroup>): SocketGroup {
  return {
    kind: 'outbound',
    state: 'established',
    port: 9243,
    count: 1,
    receiveQueue: NO_QUEUE,
    sendQueue: NO_QUEUE,
    ...over,
  };
}

function withNode(): TestHost {
  const host = new TestHost({});
  host.add({ pid: 18, name: 'node', command: 'node exporter.js' }, false);
  return host;
}

describe('connections.leak and connections.capped', () => {
  it('tells connections that are only opened, then that they stand at 256', () => {
    const host = withNode();
    playSockets(host, 300, (s) => [group({ count: Math.min(256, 40 + s), ownerPid: 18 })]);
    expect(told(host, 'connections.leak')).toMatchObject([
      {
        severity: 'warning',
        detail: { pid: 18, port: 9243 },
        verdict: expect.stringContaining('closed next to none'),
      },
    ]);
    expect(told(host, 'connections.leak')[0]?.title).toMatch(
      /^node \(pid 18\) has \d+ connections to port 9243, \d+ more than/,
    );
    playSockets(host, 120, () => [group({ count: 256, ownerPid: 18 })]);
    expect(told(host, 'connections.capped')).toMatchObject([
      { title: 'node (pid 18) stands at 256 connections to port 9243', detail: { powerOfTwo: true } },
    ]);
    expect(openKinds(host)).toEqual(['connections.capped']);
    playSockets(host, 60, () => [group({ count: 20, ownerPid: 18 })]);
    expect(host.open).toEqual([]);
  });

  it('tells a server that forgets connections whose other end is gone', () => {
    const host = withNode();
    playSockets(host, 200, (s) => [
      group({ kind: 'inbound', state: 'close-wait', port: 80, count: s, ownerPid: 18 }),
    ]);
    expect(told(host, 'connections.leak')[0]?.title).toContain(
      'connections whose other end is gone to its port 80',
    );
  });

  it.each<[string, (second: number) => SocketGroup[]]>([
    ['a pool that opens all it may at once', (s) => [group({ count: s < 5 ? 0 : 100, ownerPid: 18 })]],
    [
      'a pool that warms up within half a minute',
      (s) => [group({ count: Math.min(100, 10 + s * 3), ownerPid: 18 })],
    ],
    ['more clients than before', (s) => [group({ kind: 'inbound', port: 80, count: 40 + s, ownerPid: 18 })]],
    [
      'load that comes and goes',
      (s) => [group({ count: Math.round(120 + 80 * Math.sin(s / 20)), ownerPid: 18 })],
    ],
    ['connections in TIME_WAIT', (s) => [group({ state: 'time-wait', count: 100 + s * 3 })]],
    ['the leak of a neighbour that shares the network', (s) => [group({ count: 40 + s, ownerPid: 0 })]],
  ])('%s is none', (_, look) => {
    const host = withNode();
    playSockets(host, 400, look);
    expect(alarms(host)).toEqual([]);
  });
});

describe('queue.stalled', () => {
  const stuck = (notEmpty: number, sum: number) => ({ sum, largest: 1101, notEmpty });

  it('tells bytes that a process does not read, and that they were read', () => {
    const host = withNode();
    playSockets(host, 60, () => [group({ count: 256, ownerPid: 18, receiveQueue: stuck(250, 275_250) })]);
    expect(told(host, 'queue.stalled')).toMatchObject([
      { detail: { queue: 'Recv-Q', notEmpty: 250, bytes: 275_250, pid: 18 } },
    ]);
    expect(told(host, 'queue.stalled')[0]?.title).toBe(
      'node (pid 18) does not read 269 KiB that arrived on 250 of 256 connections to port 9243',
    );
    playSockets(host, 60, () => [group({ count: 256, ownerPid: 18 })]);
    expect(openKinds(host)).not.toContain('queue.stalled');
  });

  it('tells what the other side does not take', () => {
    const host = withNode();
    playSockets(host, 60, () => [
      group({ kind: 'inbound', port: 80, count: 1, ownerPid: 18, sendQueue: stuck(1, 87_040) }),
    ]);
    expect(told(host, 'queue.stalled')[0]?.title).toContain('The other side does not take 85.0 KiB');
  });

  it.each<[string, (second: number) => SocketGroup[]]>([
    [
      'a transfer in full flow',
      (s) => [
        group({
          ownerPid: 18,
          sendQueue: { sum: 2_500_000 + ((s * 7919) % 90_000), largest: 1, notEmpty: 1 },
        }),
      ],
    ],
    [
      'a busy reader that drains',
      (s) => [group({ count: 50, ownerPid: 18, receiveQueue: stuck(40, s % 20 === 0 ? 90_000 : 4_000) })],
    ],
    [
      'twenty seconds of it',
      (s) => [group({ ownerPid: 18, receiveQueue: s < 20 ? stuck(1, 5000) : NO_QUEUE })],
    ],
    ['a few bytes', () => [group({ ownerPid: 18, receiveQueue: stuck(1, 64) })]],
  ])('%s is none', (_, look) => {
    const host = withNode();
    playSockets(host, 300, look);
    expect(alarms(host)).toEqual([]);
  });
});

describe('listen.overflow', () => {
  const full = (ownerPid: number | undefined) =>
    group({
      kind: 'listener',
      state: 'listen',
      port: 8080,
      receiveQueue: { sum: 129, largest: 129, notEmpty: 1 },
      ...(ownerPid === undefined ? {} : { ownerPid }),
    });

  function knocked(ownerPid: number | undefined, perTick: number, options = {}) {
    const host = new TestHost(options);
    host.add({ pid: 18, name: 'node', command: 'node server.js' }, false);
    let overflows = 40;
    play(host, 90, (second, at) => {
      if (second > 5 && second % 10 === 0) overflows += perTick;
      return { listenOverflows: overflows, sockets: [full(ownerPid)], lookedAt: { sockets: at } };
    });
    return { host, overflows };
  }

  it('tells which process does not accept, and when it was over', () => {
    const { host, overflows } = knocked(18, 6);
    expect(told(host, 'listen.overflow')).toMatchObject([{ detail: { port: 8080, waiting: 129, pid: 18 } }]);
    expect(told(host, 'listen.overflow')[0]?.title).toMatch(
      /^node \(pid 18\) on port 8080 does not take its connections: \d+ turned away, 129 wait$/,
    );
    play(host, 90, () => ({ listenOverflows: overflows }));
    expect(host.open).toEqual([]);
  });

  it('a moment’s rush, what was counted before we came, and a neighbour’s in a shared network are none', () => {
    expect(alarms(knocked(18, 0).host)).toEqual([]);
    const { host } = knocked(0, 6, { container: true });
    expect(alarms(host)).toEqual([]);
    const rush = new TestHost({});
    play(rush, 90, (second) => ({ listenOverflows: second < 20 ? 1 : 4, sockets: [full(18)] }));
    expect(alarms(rush)).toEqual([]);
  });
});

function fileSystem(over: Partial<FileSystem>): FileSystem {
  return {
    mount: '/srv',
    device: '/dev/vdb',
    type: 'ext4',
    readOnly: false,
    sizeBytes: 10 * GIB,
    usedBytes: 5 * GIB,
    availableBytes: 5 * GIB,
    inodes: 100_000,
    inodesFree: 90_000,
    ...over,
  };
}

function playDisk(host: TestHost, count: number, look: (second: number) => Partial<FileSystem>): void {
  const looked = looking(10, (second) => [fileSystem(look(second))]);
  play(host, count, (second, at) => {
    const { value, lookedAt } = looked(second, at);
    return { fileSystems: value, lookedAt: { fileSystems: lookedAt } };
  });
}

const filled = (usedBytes: number, sizeBytes = 10 * GIB) => ({
  usedBytes,
  availableBytes: Math.max(0, sizeBytes - usedBytes),
  sizeBytes,
});

describe('disk.full, disk.filling and inodes.full', () => {
  it('tells a disk that is written full: first when, then that it is', () => {
    const host = new TestHost({});
    playDisk(host, 200, (s) => filled(Math.min(10 * GIB, 8.2 * GIB + s * 12 * MIB)));
    expect(told(host, 'disk.filling')).toMatchObject([{ detail: { mount: '/srv' } }]);
    expect(['warning', 'critical']).toContain(told(host, 'disk.filling')[0]?.severity);
    expect(told(host, 'disk.filling')[0]?.title).toMatch(
      /^\/srv fills: full in about .+, at 1\d\.\d MiB\/s$/,
    );
    expect(told(host, 'disk.full')).toMatchObject([{ severity: 'critical' }]);
    playDisk(host, 120, () => filled(4 * GIB));
    expect(host.open).toEqual([]);
  });

  it('shows what a host calls its file systems as text', () => {
    const host = new TestHost({});
    playDisk(host, 20, () => ({
      ...filled(10 * GIB),
      inodesFree: 900,
      type: 'ext4\u202e',
      device: '\u0007',
    }));
    for (const kind of ['disk.full', 'inodes.full'] as const)
      expect(told(host, kind)[0]?.verdict).toContain('ext4‹U+202E›)');
  });

  it('tells inodes that are used up, and that they are free again', () => {
    const host = new TestHost({});
    playDisk(host, 20, () => ({ inodesFree: 900 }));
    expect(told(host, 'inodes.full')).toMatchObject([
      { severity: 'critical', title: '/srv can hold only 900 more files (99 % of its inodes used)' },
    ]);
    playDisk(host, 60, () => ({}));
    expect(host.open).toEqual([]);
  });

  it.each<[string, (second: number) => Partial<FileSystem>]>([
    ['a copy that ends', (s) => filled(5 * GIB + Math.min(s, 50) * 40 * MIB)],
    ['a disk that trembles under its limit', (s) => filled((9.3 + (s % 20) / 200) * GIB)],
    ['five per cent of ten terabytes', () => filled(9.7 * 1024 * GIB, 10 * 1024 * GIB)],
    ['a read-only image', () => ({ ...filled(10 * GIB), readOnly: true, type: 'squashfs' })],
    ['a few full megabytes in memory', () => filled(4 * MIB, 4 * MIB)],
    ['a file system without inodes', () => ({ inodes: 0, inodesFree: 0 })],
    ['a log that grows slowly', (s) => filled(8.5 * GIB + s * 20_000)],
  ])('%s is none', (_, look) => {
    const host = new TestHost({});
    playDisk(host, 400, look);
    expect(alarms(host)).toEqual([]);
  });

  it('a build that fills a disk with room to spare is for information', () => {
    const host = new TestHost({});
    playDisk(host, 200, (s) => filled(2 * GIB + s * 20 * MIB));
    expect(told(host, 'disk.filling')[0]?.severity).toBe('info');
    expect(alarms(host)).toEqual([]);
  });

  it('a limit that is crossed again and again is one event', () => {
    const host = new TestHost({});
    playDisk(host, 600, (s) => filled((s % 40 < 20 ? 9.55 : 9.1) * GIB));
    expect(told(host, 'disk.full')).toHaveLength(1);
  });

  it('what comes again within a minute is the same event, with how often', () => {
    const host = new TestHost({});
    playDisk(host, 150, (s) => filled((s % 50 < 20 ? 9.6 : 5) * GIB));
    expect(told(host, 'disk.full')).toMatchObject([{ detail: { times: 3 } }]);
  });
});

describe('filesystem.readonly, by its mount', () => {
  it('tells a mount that took writes and takes none any more, until it does; not one that never did', () => {
    const host = new TestHost({});
    playDisk(host, 30, (s) => ({ readOnly: s >= 20 }));
    expect(told(host, 'filesystem.readonly')).toMatchObject([
      { severity: 'warning', detail: { mount: '/srv' } },
    ]);
    playDisk(host, 20, () => ({}));
    expect(host.open).toEqual([]);
    const image = new TestHost({});
    playDisk(image, 60, () => ({ readOnly: true }));
    expect(image.told).toEqual([]);
  });
});

describe('what one process gathers', () => {
  function grow(
    over: (second: number) => {
      openFiles?: number;
      threads?: number;
      residentBytes?: number;
      openFilesLimit?: number;
    },
    count = 900,
  ) {
    const host = new TestHost({});
    for (let second = 0; second < count; second++) {
      const row = host.table.get(18);
      const next = { pid: 18, name: 'node', command: 'node a.js', startTicks: 500, ...over(second) };
      if (row) host.table.set(18, { ...row, ...next });
      else host.add(next, false);
      host.second();
    }
    return host;
  }

  it('fd.leak: open files that are not closed, with the time to the limit; over when the process is', () => {
    const host = grow((s) => ({ openFiles: 100 + s, openFilesLimit: 4096 }), 600);
    expect(told(host, 'fd.leak')).toMatchObject([{ severity: 'warning', detail: { pid: 18, limit: 4096 } }]);
    expect(told(host, 'fd.leak')[0]?.verdict).toMatch(
      /1\.0 a second.*reaches its limit of 4,096 in about \d+ min/,
    );
    host.remove(18);
    for (let n = 0; n < 15; n++) host.second();
    expect(host.open).toEqual([]);
  });

  it('fd.near_limit: once, and worse at the limit', () => {
    const host = grow((s) => ({ openFiles: s < 60 ? 900 : s < 120 ? 1000 : 400, openFilesLimit: 1024 }), 100);
    expect(told(host, 'fd.near_limit')).toMatchObject([
      { severity: 'critical', title: 'node (pid 18) has 1,000 of at most 1,024 files open' },
    ]);
    expect(grow((s) => ({ openFiles: s < 60 ? 1000 : 400, openFilesLimit: 1024 }), 120).open).toEqual([]);
  });

  it('memory.leak: memory that grows all through', () => {
    const host = grow((s) => ({ residentBytes: 200 * MIB + s * 0.4 * MIB }));
    expect(told(host, 'memory.leak')).toMatchObject([{ severity: 'warning', detail: { pid: 18 } }]);
    expect(told(host, 'memory.leak')[0]?.title).toMatch(
      /^node \(pid 18\) grew by \d+ MiB to \d+ MiB in \d+ min$/,
    );
  });

  it('threads.growth: threads that are not ended', () => {
    const host = grow((s) => ({ threads: 50 + Math.round(s / 2) }), 600);
    expect(told(host, 'threads.growth')).toMatchObject([{ detail: { pid: 18 } }]);
  });

  it.each<[string, Parameters<typeof grow>[0]]>([
    ['files under load that come and go', (s) => ({ openFiles: Math.round(800 + 400 * Math.sin(s / 60)) })],
    ['files of a server that has started', (s) => ({ openFiles: Math.min(1500, 100 + s * 20) })],
    ['half of the files it may have', () => ({ openFiles: 500, openFilesLimit: 1024 })],
    ['a cache that fills and stays', (s) => ({ residentBytes: Math.min(900, 200 + s * 3) * MIB })],
    ['a collector’s sawtooth', (s) => ({ residentBytes: (300 + (s % 120)) * MIB })],
    ['growth by a little of much', (s) => ({ residentBytes: 8 * GIB + s * 0.1 * MIB })],
    ['a pool of threads', (s) => ({ threads: Math.min(400, 10 + s * 10) })],
  ])('%s: none', (_, over) => {
    expect(alarms(grow(over))).toEqual([]);
  });
});

describe('process.oom_risk', () => {
  function eat(host: TestHost, count: number, used: (second: number) => number): void {
    host.add({ pid: 30, name: 'ruby', command: 'ruby ucrawler.rb', startTicks: 9 }, false);
    play(host, count, (second) => {
      const usedBytes = used(second) * GIB;
      const row = host.table.get(30);
      if (row) host.table.set(30, { ...row, residentBytes: usedBytes });
      const memory = {
        totalBytes: 16 * GIB,
        freeBytes: 0,
        usedBytes,
        availableBytes: 16 * GIB - usedBytes,
        buffersBytes: 0,
        cachedBytes: 0,
        swapTotalBytes: 0,
        swapUsedBytes: 0,
      };
      return { memory, table: [...host.table.values()] };
    });
  }

  it('tells when memory is gone and who grows, and that it calmed down', () => {
    const host = new TestHost({ thresholds: { memoryLeak: { minutes: 1000 } } });
    eat(host, 90, (s) => 9 + s * 0.02);
    const [risk] = told(host, 'process.oom_risk');
    expect(host.events.find((event) => event.kind === 'process.oom_risk')?.severity).toBe('warning');
    expect(risk).toMatchObject({ detail: { pid: 30, scope: 'machine' } });
    expect(risk?.title).toMatch(
      /^Memory of this host runs out in about (\d+ s|\d min): ruby \(pid 30\) grows$/,
    );
    eat(host, 90, () => 4);
    expect(openKinds(host)).not.toContain('process.oom_risk');
  });

  it('tells of a control group that has less left than the machine, its file cache left out', () => {
    const host = new TestHost({});
    let used = 100 * MIB;
    const looked = looking(10, () => {
      used += 8 * MIB;
      return [
        {
          path: '/app',
          memoryLimitBytes: 256 * MIB,
          memoryUsageBytes: used + 30 * MIB,
          reclaimableBytes: 30 * MIB,
        },
      ];
    });
    play(host, 120, (second, at) => {
      const { value, lookedAt } = looked(second, at);
      return { cgroups: value, lookedAt: { cgroups: lookedAt } };
    });
    expect(told(host, 'process.oom_risk')).toMatchObject([
      { detail: { scope: 'cgroup', cgroup: '/app', limitBytes: 256 * MIB } },
    ]);
  });

  it.each<[string, (second: number) => number]>([
    ['a service that starts', (s) => Math.min(11, 2 + s * 0.8)],
    ['a machine that is used well', () => 15],
    ['growth that would take hours', (s) => 9 + s * 0.0002],
    ['use that comes and goes', (s) => 11 + 3 * Math.sin(s / 8)],
  ])('%s is none', (_, used) => {
    const host = new TestHost({});
    eat(host, 240, used);
    expect(told(host, 'process.oom_risk')).toEqual([]);
  });
});

describe('cgroup.throttled', () => {
  /** From `endedAt` on pid 20 is the busiest, and 19 is no more. */
  function throttle(share: (second: number) => number, count = 120, endedAt = count) {
    const host = new TestHost({});
    host.add({ pid: 19, name: 'node', command: 'node busy.js' }, false);
    host.add({ pid: 20, name: 'node', command: 'node busy.js' }, false);
    let periods = 1000;
    let throttled = 500;
    const looked = looking(10, (second) => {
      periods += 100;
      throttled += Math.round(share(second) * 100);
      if (second >= endedAt) host.table.delete(19);
      return [
        {
          path: '/lab/web1',
          pid: second >= endedAt ? 20 : 19,
          cpuQuotaCores: 0.5,
          periods,
          throttledPeriods: throttled,
          throttledMs: throttled * 60,
        },
      ];
    });
    play(host, count, (second, at) => {
      const { value, lookedAt } = looked(second, at);
      return { cgroups: value, lookedAt: { cgroups: lookedAt } };
    });
    return host;
  }

  it('tells which group, what share of its periods and who; over when it is', () => {
    const host = throttle((s) => (s < 60 ? 0.78 : 0), 150);
    expect(told(host, 'cgroup.throttled')).toMatchObject([
      {
        title: 'Control group /lab/web1 is held back in 78 % of its CPU periods: node (pid 19)',
        detail: { path: '/lab/web1', quotaCores: 0.5, share: 0.78, pid: 19 },
        endedAt: expect.any(Number),
      },
    ]);
  });

  it('names who it is now when whom it named was ended and it goes on', () => {
    const host = throttle(() => 0.99, 110, 60);
    expect(host.open).toMatchObject([{ kind: 'cgroup.throttled', detail: { pid: 20 } }]);
  });

  it('one look, a few periods, and a group that was throttled before we came are none', () => {
    expect(alarms(throttle((s) => (s === 40 ? 0.9 : 0)))).toEqual([]);
    expect(alarms(throttle(() => 0.08))).toEqual([]);
    expect(alarms(throttle(() => 0))).toEqual([]);
  });
});

describe('network.saturated and network.errors', () => {
  const quiet = {
    name: 'eth0',
    receiveBytesPerSecond: 1e6,
    transmitBytesPerSecond: 1e6,
    receiveErrorsPerSecond: 0,
    transmitErrorsPerSecond: 0,
    receiveDropsPerSecond: 0,
    transmitDropsPerSecond: 0,
    packetsPerSecond: 2000,
    bitsPerSecond: 1e9,
  };
  function carry(of: (second: number) => Partial<typeof quiet>, count = 120) {
    const host = new TestHost({});
    play(host, count, (second) => ({
      network: {
        receiveBytesPerSecond: 0,
        transmitBytesPerSecond: 0,
        errorsPerSecond: 0,
        interfaces: [{ ...quiet, ...of(second) }],
      },
    }));
    return host;
  }

  it('tells a full link, once, and when it is over', () => {
    const host = carry((s) => ({ transmitBytesPerSecond: s < 60 ? 120e6 : 1e6 }));
    expect(told(host, 'network.saturated')).toMatchObject([
      { detail: { name: 'eth0' }, endedAt: expect.any(Number) },
    ]);
  });

  it('tells errors, and drops that are a share of the packets', () => {
    expect(
      told(
        carry(() => ({ receiveErrorsPerSecond: 5 })),
        'network.errors',
      ),
    ).toMatchObject([{ title: expect.stringMatching(/^eth0 loses packets: [45]\.\d errors a second$/) }]);
    expect(
      told(
        carry(() => ({ receiveDropsPerSecond: 200 })),
        'network.errors',
      ),
    ).toHaveLength(1);
  });

  it.each<[string, (second: number) => Partial<typeof quiet>]>([
    ['a burst of five seconds', (s) => ({ transmitBytesPerSecond: s % 60 < 5 ? 124e6 : 1e6 })],
    ['half of the link', () => ({ receiveBytesPerSecond: 60e6 })],
    ['frames that nobody speaks', () => ({ receiveDropsPerSecond: 3 })],
    [
      'drops that are next to nothing of much',
      () => ({ receiveDropsPerSecond: 12, packetsPerSecond: 200_000 }),
    ],
    ['one burst of errors', (s) => ({ receiveErrorsPerSecond: s === 30 ? 8 : 0 })],
  ])('%s is none', (_, of) => {
    expect(alarms(carry(of))).toEqual([]);
  });
});

describe('clock.skewed', () => {
  function skewed(offset: (second: number) => number, uncertainty = 5, count = 60) {
    const host = new TestHost({});
    for (let second = 0; second < count; second++) {
      host.facts = { ...host.facts, clockOffsetMs: offset(second), clockUncertaintyMs: uncertainty };
      host.second();
    }
    return host;
  }

  it('tells by how much and which way, and when it is right again', () => {
    const host = skewed((s) => (s < 30 ? -3200 : 0), 5, 90);
    expect(told(host, 'clock.skewed')).toMatchObject([
      {
        title: 'The host’s clock is 3.2 s behind this machine’s'.replaceAll('’', "'"),
        endedAt: expect.any(Number),
      },
    ]);
  });

  it('a second, a slow way there and back, and a step that is corrected at once are none', () => {
    expect(alarms(skewed(() => 1100))).toEqual([]);
    expect(alarms(skewed(() => 2500, 900))).toEqual([]);
    expect(alarms(skewed((s) => (s % 20 < 5 ? 5000 : 0)))).toEqual([]);
  });
});

describe('log.matched and log.surge', () => {
  const logs = [
    { path: '/srv/www/*/log/*.log', match: [{ pattern: 'ERROR .*timeout', severity: 'critical' as const }] },
  ];

  it('tells matching lines of one pattern and file as one event with a count', () => {
    const host = new TestHost({ logs });
    for (let n = 0; n < 5; n++) {
      host.log(`ERROR upstream timeout ${n}`);
      host.second();
    }
    // A revision that is only a larger count is held back for two seconds.
    for (let n = 0; n < 3; n++) host.second();
    expect(told(host, 'log.matched')).toMatchObject([
      { severity: 'critical', detail: { count: 5, pattern: 'ERROR .*timeout' } },
    ]);
    for (let n = 0; n < 70; n++) host.second();
    expect(host.open).toEqual([]);
  });

  it('not of another file, not of other words, and no pattern takes long', () => {
    const host = new TestHost({
      logs: [...logs, { path: '/a/b', match: [{ pattern: '(a+)+b', severity: 'warning' }] }],
    });
    host.log('ERROR upstream timeout', '/srv/www/app/deeper/log/x.log');
    host.log('all is well');
    // Two to the power of four thousand steps, for an engine that backtracks.
    host.log('a'.repeat(4000), '/a/b');
    host.second();
    expect(host.told).toEqual([]);
    expect(host.diagnostics).toEqual([]);
  });

  function write(host: TestHost, seconds: number, lines: (second: number) => number): void {
    for (let second = 0; second < seconds; second++) {
      for (let n = 0; n < lines(second); n++) host.log(`request ${second}${n} failed: ECONNRESET`);
      host.second();
    }
  }

  it('tells a log that says many times more than usual, what it says, and when it is over', () => {
    const host = new TestHost({});
    write(host, 90, () => 1);
    write(host, 30, () => 25);
    expect(told(host, 'log.surge')).toMatchObject([
      { severity: 'warning', detail: { path: '/srv/www/app/log/unicorn.log' } },
    ]);
    expect(told(host, 'log.surge')[0]?.title).toMatch(
      /grows by \d+ lines a second, \d+ times its usual 1\.\d$/,
    );
    expect(told(host, 'log.surge')[0]?.verdict).toContain('ECONNRESET');
    write(host, 60, () => 1);
    expect(host.open).toEqual([]);
  });

  it.each<[string, (second: number) => number]>([
    ['a log that is always busy', () => 60],
    ['the burst of a start', (s) => (s === 100 ? 500 : 1)],
    ['a burst every minute', (s) => (s % 60 < 3 ? 60 : 1)],
    ['a day that gets busier', (s) => 5 + s / 10],
    ['a few more than none', (s) => (s < 90 ? 0 : 4)],
  ])('%s is none', (_, lines) => {
    const host = new TestHost({});
    write(host, 300, lines);
    expect(alarms(host)).toEqual([]);
  });
});

describe('process.pid_changed', () => {
  function restart(over: { name?: string; command?: string; workers?: number; lived?: number } = {}) {
    const host = new TestHost({});
    const {
      name = 'unicorn',
      command = '/srv/app/bin/unicorn -c x.rb',
      workers = 1,
      lived = 4 * 3600_000,
    } = over;
    const startedAt = host.clock.now() - lived;
    for (let n = 0; n < workers; n++) host.add({ pid: 812 + n, name, command, startedAt }, false);
    host.second();
    host.remove(812);
    host.second();
    host.second();
    host.add({ pid: 10_078, name, command });
    host.second();
    return host.told;
  }

  it('tells a service that runs under another pid, for information', () => {
    expect(restart()).toMatchObject([
      {
        kind: 'process.pid_changed',
        severity: 'info',
        title: 'unicorn is now pid 10078; pid 812 ended after 4 hours',
        detail: { pid: 10_078, previousPid: 812 },
      },
    ]);
  });

  it('a worker that its master replaces, a shell, a short job and a compiler are none', () => {
    expect(restart({ workers: 4 })).toEqual([]);
    expect(restart({ name: 'bash', command: '-bash' })).toEqual([]);
    expect(restart({ lived: 5_000 })).toEqual([]);
    expect(restart({ name: 'cc1', command: 'cc1 -O2 a.c' })).toEqual([]);
  });
});

describe('host.outlier', () => {
  const figures = (cpu: number, over = {}) => ({
    host: 'x' as never,
    cpu,
    memory: 0.4,
    network: 1e6,
    kernel: '6.1',
    ...over,
  });
  function compare(own: ReturnType<typeof figures>, others: ReturnType<typeof figures>[], count = 12) {
    const host = new TestHost({});
    for (let n = 0; n < count; n++) {
      host.clock.advance(10_000);
      host.push({ type: 'peers', own, tags: [{ tag: 'crawlers', others }] });
    }
    return host;
  }

  it('tells the one that differs, as a comparison', () => {
    const host = compare(
      figures(0.91),
      [0.15, 0.18, 0.17, 0.2, 0.16, 0.19, 0.18].map((cpu) => figures(cpu)),
    );
    expect(told(host, 'host.outlier')).toMatchObject([
      {
        severity: 'warning',
        title: 'CPU: 91 % busy, 5.1× the median of 7 other crawlers hosts',
        detail: { aspect: 'cpu', peers: 7 },
      },
    ]);
    const kernel = compare(figures(0.2, { kernel: '5.4' }), [figures(0.2), figures(0.2), figures(0.2)]);
    expect(told(kernel, 'host.outlier')).toMatchObject([{ severity: 'info', detail: { aspect: 'kernel' } }]);
  });

  it.each<[string, ReturnType<typeof figures>, ReturnType<typeof figures>[]]>([
    ['hosts that all differ', figures(0.9), [0.1, 0.5, 0.8, 0.3].map((cpu) => figures(cpu))],
    ['two busy ones', figures(0.9), [0.9, 0.1, 0.1, 0.1].map((cpu) => figures(cpu))],
    ['too few to compare with', figures(0.9), [figures(0.1), figures(0.1)]],
    ['a little more of little', figures(0.12), [0.02, 0.03, 0.02, 0.03].map((cpu) => figures(cpu))],
    [
      'kernels that are mixed',
      figures(0.1, { kernel: 'a' }),
      ['b', 'b', 'c'].map((kernel) => figures(0.1, { kernel })),
    ],
  ])('%s is none', (_, own, others) => {
    expect(compare(own, others).told).toEqual([]);
  });
});
