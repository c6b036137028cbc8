import { expect, it } from 'vitest';
import type { CpuBalance } from '../../../shared/model/sample.ts';
import { TestHost } from './testHost.ts';

/** `count` seconds at this share of busy CPU. */
function run(host: TestHost, count: number, busy: number, balance: Partial<CpuBalance>, steal = 0): void {
  for (let n = 0; n < count; n++) {
    host.clock.advance(1000);
    const cpu = { user: busy - steal, nice: 0, system: 0, interrupt: 0, iowait: 0, steal, idle: 1 - busy };
    host.push({ type: 'sample', sample: { ...host.sample(1000, { balance }), cpu, perCore: [cpu, cpu] } });
  }
}
const told = (host: TestHost) => host.told.filter((event) => event.kind === 'cpu.saturated');

it('children that die at once own a saturated CPU: told once, closed when it is over', () => {
  const host = new TestHost({});
  const reapers = [{ pid: 812, startTicks: 1, name: 'sh', command: 'sh run', cores: 1.9 }];
  run(host, 20, 1, { busy: 2, visible: 0.1, reaped: 1.9, unattributed: 0, reapers });
  run(host, 10, 0.9, { busy: 1.8, visible: 0.1, reaped: 1.7, unattributed: 0, reapers });
  expect(told(host)).toHaveLength(1);
  expect(told(host)[0]).toMatchObject({ severity: 'warning', detail: { owner: 'reaped' } });
  expect(told(host)[0]?.title).toBe(
    'CPU is 100 % busy for 15 s, most by children that ended at once, of sh (pid 812)',
  );
  run(host, 20, 0.2, {});
  expect(host.open).toEqual([]);
});

it('a build is info, steal a warning', () => {
  const build = new TestHost({});
  build.add({ pid: 50, name: 'cc1', cpu: 1 }, false);
  run(build, 16, 1, { busy: 2, visible: 1.9, reaped: 0.1 });
  expect(told(build)[0]).toMatchObject({ severity: 'info', detail: { owner: 'visible' } });
  const guest = new TestHost({});
  run(guest, 16, 1, { busy: 0.6, visible: 0.6 }, 0.7);
  expect(told(guest)[0]).toMatchObject({ severity: 'warning', detail: { owner: 'steal' } });
});

it('ten busy seconds, or a load just under the limit, are none', () => {
  const host = new TestHost({});
  run(host, 10, 1, { visible: 2 });
  run(host, 30, 0.3, {});
  run(host, 60, 0.9, { visible: 1.8 });
  expect(told(host)).toEqual([]);
});
