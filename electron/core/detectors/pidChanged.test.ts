import { describe, expect, it } from 'vitest';
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
});
