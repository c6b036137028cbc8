import { describe, expect, it } from 'vitest';
import { BOOT, TestHost } from './testHost.ts';
import { GIB, looking, MIB, openKinds, play, told } from './testPlay.ts';
import { group } from './testSockets.ts';

/** The workbench goes on, and nothing is heard of the host. */
function silence(host: TestHost, seconds: number): void {
  for (let n = 0; n < seconds; n++) {
    host.clock.advance(1000);
    host.push({ type: 'tick' });
  }
}

describe('time in which the host was not heard of', () => {
  const eth0 = {
    name: 'eth0',
    receiveBytesPerSecond: 0,
    transmitBytesPerSecond: 0,
    receiveErrorsPerSecond: 0,
    transmitErrorsPerSecond: 0,
    receiveDropsPerSecond: 0,
    transmitDropsPerSecond: 0,
    packetsPerSecond: 2000,
  };
  const network = (over: Partial<typeof eth0>) => ({
    network: {
      receiveBytesPerSecond: 0,
      transmitBytesPerSecond: 0,
      errorsPerSecond: 0,
      interfaces: [{ ...eth0, ...over }],
    },
  });

  it('is no time in which something held: a burst of errors as the link went is a burst', () => {
    const host = new TestHost({});
    play(host, 5);
    play(host, 1, () => network({ receiveErrorsPerSecond: 20 }));
    silence(host, 300);
    play(host, 10, () => network({}));
    expect(told(host, 'network.errors')).toEqual([]);
  });

  it('though samples that are ten seconds late are no gap', () => {
    const host = new TestHost({});
    for (let n = 0; n < 8; n++) {
      silence(host, 9);
      play(host, 1, () => network({ receiveErrorsPerSecond: 20 }));
    }
    expect(told(host, 'network.errors')).toHaveLength(1);
  });

  it('is no time for which a process used its core', () => {
    const host = new TestHost({});
    play(host, 20);
    host.add({ pid: 70, name: 'ffmpeg', cpu: 1, startTicks: 5 }, false);
    play(host, 3);
    silence(host, 120);
    play(host, 30);
    expect(told(host, 'cpu.saturated')).toEqual([]);
    play(host, 60);
    expect(told(host, 'cpu.saturated')).toHaveLength(1);
  });

  it('teaches nothing of what a log usually says', () => {
    const host = new TestHost({});
    const busy = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        for (let n = 0; n < 15; n++) host.log(`GET /${n} 200`, '/var/log/access.log');
        host.second();
      }
    };
    busy(180);
    silence(host, 900);
    busy(120);
    expect(told(host, 'log.surge')).toEqual([]);
  });

  it('is not the last minute: connections that were turned away then were not now', () => {
    const host = new TestHost({});
    host.add({ pid: 18, name: 'node', command: 'node server.js' }, false);
    const queue = { sum: 1, largest: 1, notEmpty: 1 };
    const listener = group({
      kind: 'listener',
      state: 'listen',
      port: 80,
      receiveQueue: queue,
      ownerPid: 18,
    });
    const looks = (listenOverflows: number) => (_: number, at: number) => ({
      listenOverflows,
      sockets: [listener],
      lookedAt: { sockets: at },
    });
    play(host, 30, looks(40));
    silence(host, 3600);
    play(host, 90, looks(240));
    expect(told(host, 'listen.overflow')).toEqual([]);
    // A host that is out of breath is heard of late, and does turn them away.
    silence(host, 20);
    play(host, 90, looks(280));
    expect(told(host, 'listen.overflow')).toMatchObject([{ detail: { turnedAway: 40 } }]);
  });

  it('is said with a kill that only a counter tells of', () => {
    const host = new TestHost({});
    play(host, 5);
    silence(host, 1800);
    host.oomKills = 1;
    play(host, 10);
    expect(told(host, 'process.oom_killed')[0]?.verdict).toMatch(
      /at some time in the 30 min before, in which nothing was heard/,
    );
  });
});

describe('what is looked at now and then', () => {
  /** A sampler that starts anew counts the files of a process that does nothing within a minute. */
  function withFiles(count: (second: number) => number | undefined, seconds: number): TestHost {
    const host = new TestHost({ thresholds: { fdLeak: { minutes: 3 } } });
    host.add({ pid: 18, name: 'node', command: 'node a.js', startTicks: 500 }, false);
    for (let second = 0; second < seconds; second++) {
      const row = host.table.get(18);
      const openFiles = count(second);
      if (row) {
        const { openFiles: _, openFilesLimit: __, ...rest } = row;
        host.table.set(18, openFiles === undefined ? rest : { ...rest, openFiles, openFilesLimit: 1024 });
      }
      host.second();
    }
    return host;
  }

  it('open files that are not counted yet are not closed', () => {
    const host = withFiles((s) => (s >= 60 && s < 100 ? undefined : 950), 200);
    const near = host.events.filter((one) => one.kind === 'fd.near_limit');
    expect(near.map((one) => one.endedAt)).toEqual([undefined]);
    host.remove(18);
    play(host, 40);
    expect(openKinds(host)).toEqual([]);
  });

  it('files that leak are told of though a sampler started anew half-way', () => {
    const host = withFiles((s) => (s >= 90 && s < 120 ? undefined : 200 + s), 260);
    expect(told(host, 'fd.leak')).toHaveLength(1);
    expect(host.events.filter((one) => one.kind === 'fd.leak' && one.endedAt !== undefined)).toEqual([]);
  });

  it('a control group that one look leaves out is still at risk, and told once', () => {
    const host = new TestHost({});
    let used = 100 * MIB;
    const looked = looking(10, (second) => {
      used += 8 * MIB;
      const group = { path: '/app', memoryLimitBytes: 512 * MIB, memoryUsageBytes: used };
      // Groups are those of the busiest processes: what waits for memory is none of them at times.
      return second % 40 === 30 ? [] : [group];
    });
    play(host, 400, (second, at) => {
      const { value, lookedAt } = looked(second, at);
      return { cgroups: value, lookedAt: { cgroups: lookedAt } };
    });
    const ended = host.events.filter((one) => one.kind === 'process.oom_risk' && one.endedAt !== undefined);
    expect(told(host, 'process.oom_risk')).toHaveLength(1);
    expect(ended).toEqual([]);
    expect(openKinds(host)).toContain('process.oom_risk');
  });
});

it('what went on before a reboot is over with it', () => {
  const host = new TestHost({});
  host.add({ pid: 30, name: 'ruby', command: 'ruby ucrawler.rb', startTicks: 9 }, false);
  let periods = 0;
  play(host, 900, (second, at) => {
    const residentBytes = (200 + second * 0.4) * MIB;
    const row = host.table.get(30);
    if (row) host.table.set(30, { ...row, residentBytes });
    periods += 30;
    const { memory } = host.sample(1000);
    return {
      table: [...host.table.values()],
      memory: {
        ...memory,
        totalBytes: 16 * GIB,
        availableBytes: Math.max(0, 16 * GIB - (8 + Math.max(0, second - 800) * 0.07) * GIB),
      },
      cgroups: [{ path: '/app', pid: 30, cpuQuotaCores: 1, periods, throttledPeriods: periods }],
      lookedAt: { cgroups: at },
    };
  });
  expect(openKinds(host).sort()).toEqual(['cgroup.throttled', 'memory.leak', 'process.oom_risk']);
  expect(host.bootId).toBe(BOOT);
  host.bootId = 'b0071d00-0000-4000-8000-000000000001';
  host.table.delete(30);
  silence(host, 20);
  play(host, 30);
  expect(openKinds(host)).toEqual([]);
});

describe('what the kernel’s log says before the host has said what it is', () => {
  const crash = 'crawler[70]: segfault at 10 ip 0000000000401136 sp 00007ffc error 6 in crawler[401000+1000]';

  function starting(facts: Partial<TestHost['facts']>): TestHost {
    const host = new TestHost(facts.container ? { container: true } : {});
    Object.assign(host.facts, facts);
    host.toldFacts = false;
    return host;
  }

  it('is dated by a clock that is an hour behind', () => {
    const host = starting({ clockOffsetMs: -3_600_000 });
    const at = host.clock.now() - 60_000;
    host.kernel(crash, { backlog: true, hostAt: at - 3_600_000 });
    host.second({ milliseconds: 300 });
    host.toldFacts = true;
    host.second();
    expect(told(host, 'kernel.segfault')).toMatchObject([{ at, detail: { past: true } }]);
  });

  it('is not this host’s own where it shares its kernel', () => {
    const host = starting({ container: true });
    host.kernel(crash);
    host.toldFacts = true;
    host.second();
    expect(told(host, 'kernel.segfault')).toMatchObject([
      { severity: 'info', at: host.clock.now() - 1000, detail: { pidNamespace: 'machine' } },
    ]);
  });

  it('is told where nothing can be sampled too, after a while', () => {
    const host = starting({});
    host.kernel(crash);
    silence(host, 20);
    expect(told(host, 'kernel.segfault')).toHaveLength(1);
    host.kernel(crash.replace('70', '71'));
    expect(told(host, 'kernel.segfault')).toMatchObject([{ detail: { pid: 71 } }]);
  });
});

it('a loop that ended is over on a host whose samples take six seconds', () => {
  const host = new TestHost({});
  host.add({ pid: 80, name: 'runsv', command: 'runsv web', startTicks: 600 }, false);
  for (let n = 0; n < 12; n++) {
    host.add({ pid: 100 + n, parentPid: 80, name: 'web', command: 'web --serve', cpuTicks: 10 });
    host.second();
    host.remove(100 + n);
  }
  expect(openKinds(host)).toContain('process.respawn_loop');
  for (let n = 0; n < 12; n++) host.second({ milliseconds: 6000 });
  expect(openKinds(host)).toEqual([]);
});

describe('the clock of this machine', () => {
  it('set back by a day ends what was told before, and holds nothing up that comes after', () => {
    const host = new TestHost({});
    host.push({ type: 'link', link: { kind: 'good', since: host.clock.now() } });
    const errors = (perSecond: number) => () => ({
      network: {
        receiveBytesPerSecond: 0,
        transmitBytesPerSecond: 0,
        errorsPerSecond: perSecond,
        interfaces: [
          {
            name: 'eth0',
            receiveBytesPerSecond: 0,
            transmitBytesPerSecond: 0,
            receiveErrorsPerSecond: perSecond,
            transmitErrorsPerSecond: 0,
            receiveDropsPerSecond: 0,
            transmitDropsPerSecond: 0,
            packetsPerSecond: 2000,
          },
        ],
      },
    });
    play(host, 60, errors(20));
    expect(openKinds(host)).toEqual(['network.errors']);
    host.clock.advance(-86_400_000);
    play(host, 10, errors(0));
    expect(host.open).toEqual([]);
    play(host, 60, errors(20));
    expect(openKinds(host)).toEqual(['network.errors']);
    expect(told(host, 'network.errors')).toHaveLength(2);
    silence(host, 10);
    expect(openKinds(host)).toContain('host.silent');
  });
});
