import { describe, expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { alarms, looking, play, told } from './testPlay.ts';

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
    nearMiss('cgroup.throttled');
  });
});
