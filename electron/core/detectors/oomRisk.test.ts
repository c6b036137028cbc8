import { describe, expect, it } from 'vitest';
import { START, TestHost } from './testHost.ts';
import { GIB, looking, MIB, openKinds, play, told } from './testPlay.ts';

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
    ...[10, 20, 40, 60, 90, 180, 240].map((tau): [string, (second: number) => number] => [
      `a heap that warms up within minutes, slower and slower (${tau} s)`,
      (s) => 7 + (s < 30 ? 0 : 6 * (1 - Math.exp((30 - s) / tau))),
    ]),
  ])('%s is none', (_, used) => {
    const host = new TestHost({});
    eat(host, 600, used);
    expect(told(host, 'process.oom_risk')).toEqual([]);
  });

  it.each([30, 120, 600])(
    'growth that goes on for %i s is told when a fifth of it is over, at the latest',
    (seconds) => {
      const host = new TestHost({});
      // Now more, now less, as programs take memory.
      const uneven = (s: number) => (s % 5) * 0.01;
      eat(host, seconds / 5 + 25, (s) => 9 + (7 * s) / seconds + uneven(s));
      expect(openKinds(host)).toContain('process.oom_risk');
    },
  );

  it('growth that stops is over soon, although it was told', () => {
    const host = new TestHost({});
    eat(host, 240, (s) => Math.min(12, 6 + s * 0.05));
    const [risk] = told(host, 'process.oom_risk');
    expect(risk?.endedAt).toBeDefined();
    expect((risk?.endedAt ?? 0) - START).toBeLessThan(150_000);
  });
});
