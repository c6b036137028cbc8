import { describe, expect, it } from 'vitest';
import { formatClock } from '../../../shared/model/format.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';

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
    nearMiss('process.pid_changed');
    expect(restart({ name: 'bash', command: '-bash' })).toEqual([]);
    expect(restart({ lived: 5_000 })).toEqual([]);
    expect(restart({ name: 'cc1', command: 'cc1 -O2 a.c' })).toEqual([]);
  });

  describe('while nothing was measured', () => {
    const SERVICE = { name: 'unicorn', command: '/srv/app/bin/unicorn -c x.rb' };
    interface Gap {
      seconds?: number;
      lived?: number;
      workers?: number;
      before?: { name: string; command: string; parentPid?: number };
      after?: { name: string; command: string; parentPid?: number; startedAt?: number };
      rebooted?: boolean;
    }
    function gap(over: Gap = {}) {
      const host = new TestHost({});
      const { seconds = 42, lived = 4 * 3600_000, workers = 1, before = SERVICE, after = before } = over;
      for (let n = 0; n < workers; n++)
        host.add({ pid: 812 + n, ...before, startedAt: host.clock.now() - lived }, false);
      host.second();
      const lastAt = host.clock.now();
      host.clock.advance(seconds * 500);
      for (let n = 0; n < workers; n++) host.table.delete(812 + n);
      const startedAt = host.clock.now();
      for (let n = 0; n < workers; n++) host.add({ pid: 10_078 + n, startedAt, ...after }, false);
      host.clock.advance(seconds * 500);
      if (over.rebooted) host.bootId = 'another';
      host.second();
      host.second();
      return { told: host.told, lastAt, startedAt };
    }

    it('is told for the time in which it was, dated by the new process’s own start', () => {
      const { told, lastAt, startedAt } = gap();
      const between = `between ${formatClock(lastAt, 'UTC')} and ${formatClock(startedAt, 'UTC')} UTC`;
      expect(told).toMatchObject([
        {
          kind: 'process.pid_changed',
          severity: 'info',
          at: startedAt,
          title: `unicorn is now pid 10078; pid 812 ended ${between}, while nothing was measured`,
          detail: { pid: 10_078, previousPid: 812 },
        },
      ]);
    });

    it.each<[string, Gap]>([
      ['a night', { seconds: 8 * 3600, lived: 30 * 3600_000 }],
      ['a job that runs every minute or so', { lived: 90_000, seconds: 100 }],
      ['workers alike', { workers: 3 }],
      ['a shell', { before: { name: 'bash', command: '-bash' } }],
      ['a person’s own systemd', { before: { name: 'systemd', command: '/lib/systemd/systemd --user' } }],
      ['another parent', { before: { ...SERVICE, parentPid: 40 }, after: { ...SERVICE, parentPid: 41 } }],
      ['another command', { after: { name: 'unicorn', command: '/srv/app/bin/unicorn -c y.rb' } }],
      ['one that was there before by another title', { after: { ...SERVICE, startedAt: 0 } }],
      ['another boot', { rebooted: true }],
    ])('%s is none', (_, over) => {
      expect(gap(over).told.filter(({ kind }) => kind === 'process.pid_changed')).toEqual([]);
      nearMiss('process.pid_changed');
    });

    it('is told once where the sampler saw it too', () => {
      const host = new TestHost({});
      host.add({ pid: 812, ...SERVICE, startedAt: host.clock.now() - 4 * 3600_000 }, false);
      host.second();
      host.clock.advance(20_000);
      host.remove(812);
      host.add({ pid: 10_078, ...SERVICE });
      host.second();
      expect(host.events).toHaveLength(1);
    });
  });
});
