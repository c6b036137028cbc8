import { expect, it } from 'vitest';
import type { CpuBalance, Sample } from '../../../shared/model/sample.ts';
import { nearMiss } from './testDetections.ts';
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

it('names who it is now when whom it named has gone, at most once a window', () => {
  const host = new TestHost({});
  for (const pid of [50, 51, 52]) host.add({ pid, name: 'burn', cpu: 0.6, startTicks: pid }, false);
  run(host, 16, 1, { visible: 1.9 });
  for (const pid of [50, 51]) {
    host.table.delete(pid);
    run(host, 16, 1, { visible: 1.9 });
  }
  const titles = told(host).map((event) => event.title);
  expect(titles).toEqual(['CPU is 100 % busy for 16 s, most by burn (pid 52)']);
  expect(host.open[0]).toMatchObject({
    revision: 2,
    actions: [{ label: 'Renice pid 52 (burn) to 10…' }, {}, {}],
  });
  for (let n = 0; n < 30; n++) {
    host.table.clear();
    host.add({ pid: 100 + n, name: 'cc1', cpu: 1, startTicks: n }, false);
    run(host, 1, 1, { visible: 1.9 });
  }
  expect(host.open[0]?.revision).toBeLessThanOrEqual(5);
});

it('does not flap where it is told to open below where it closes', () => {
  for (const thresholds of [{ openShare: 0.6 }, { openShare: 0.6, closeShare: 0.9 }]) {
    const host = new TestHost({ thresholds: { cpuSaturated: thresholds } });
    run(host, 60, 0.7, { busy: 1.4, visible: 1.4 });
    expect(told(host)).toHaveLength(1);
    expect(host.open).toHaveLength(1);
    run(host, 30, 0.4, { busy: 0.8, visible: 0.8 });
    expect(host.open).toEqual([]);
  }
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

it('waiting for disks is told apart, as information unless nothing can run', () => {
  const host = new TestHost({});
  const wait = (count: number, iowait: number, ioFull: number) => {
    for (let n = 0; n < count; n++) {
      host.clock.advance(1000);
      const sample = host.sample(1000);
      const cpu = { user: 0.1, nice: 0, system: 0, interrupt: 0, iowait, steal: 0, idle: 0.9 - iowait };
      const pressure = { cpuSome: 0, memorySome: 0, memoryFull: 0, ioSome: ioFull, ioFull };
      const processes = { ...sample.processes, blocked: 4 };
      host.push({ type: 'sample', sample: { ...sample, cpu, pressure, processes } });
    }
  };
  wait(40, 0.2, 0.2);
  expect(told(host)).toEqual([]);
  wait(30, 0.6, 0.7);
  expect(told(host)).toMatchObject([{ severity: 'warning', detail: { owner: 'iowait', blocked: 4 } }]);
  wait(60, 0.05, 0);
  expect(host.open).toEqual([]);
});

it('one process on one core for a minute is information; one that comes and goes, or has several, is nothing', () => {
  const one = new TestHost({});
  one.add({ pid: 70, name: 'ffmpeg', cpu: 1, startTicks: 5 }, false);
  run(one, 80, 0.6, { visible: 1.1 });
  expect(told(one)).toMatchObject([{ severity: 'info', detail: { owner: 'core', pid: 70 } }]);
  one.remove(70);
  run(one, 30, 0.1, {});
  expect(one.open).toEqual([]);
  const several = new TestHost({});
  several.add({ pid: 70, name: 'java', cpu: 1.6, threads: 40 }, false);
  run(several, 120, 0.8, { visible: 1.6 });
  const bursts = new TestHost({});
  for (let n = 0; n < 6; n++) {
    bursts.add({ pid: 70, name: 'report', cpu: 1, startTicks: 5 }, false);
    run(bursts, 30, 0.6, { visible: 1.1 });
    bursts.table.delete(70);
    run(bursts, 10, 0.1, {});
  }
  expect([...told(several), ...told(bursts)]).toEqual([]);
  nearMiss('cpu.saturated');
});

it('ten busy seconds, or a load just under the limit, are none', () => {
  const host = new TestHost({});
  run(host, 10, 1, { visible: 2 });
  run(host, 30, 0.3, {});
  run(host, 60, 0.9, { visible: 1.8 });
  expect(told(host)).toEqual([]);
  nearMiss('cpu.saturated');
});

it('whom it names keeps the secrets of its command line', () => {
  const host = new TestHost({});
  const command = 'beam.smp -sname api -setcookie QWERTY -kernel --db-password=hunter2';
  host.add({ pid: 50, name: 'beam.smp', command, cpu: 2 }, false);
  run(host, 16, 1, { visible: 1.9 });
  expect(told(host)[0]?.evidence).toContainEqual(
    expect.objectContaining({ type: 'process', command: expect.stringContaining('-setcookie … -kernel') }),
  );
  expect(JSON.stringify(host.events)).not.toMatch(/QWERTY|hunter2/);
});

it('what nobody shows is not alarming where other accounts’ processes are hidden, and said to be elsewhere in a container', () => {
  const nobody = { busy: 2, visible: 0.1, reaped: 0, unattributed: 1.9 };
  const whole = new TestHost({});
  run(whole, 16, 1, nobody);
  expect(told(whole)[0]).toMatchObject({ severity: 'warning', detail: { owner: 'unattributed' } });
  const hidden = new TestHost({});
  hidden.table.clear();
  hidden.add({ pid: 900, name: 'bash', command: '-bash' }, false);
  run(hidden, 16, 1, nobody);
  expect(told(hidden)[0]).toMatchObject({ severity: 'info' });
  expect(told(hidden)[0]?.title).toContain('most by processes that this account may not see');
  const container = new TestHost({ container: true });
  run(container, 16, 1, nobody);
  expect(told(container)[0]?.title).toContain('most by no process that this container shows');
});

/** `count` seconds of a machine with these shares. */
function shares(
  host: TestHost,
  count: number,
  over: Partial<Sample['cpu']>,
  cores: Partial<Sample> = {},
): void {
  for (let n = 0; n < count; n++) {
    host.clock.advance(1000);
    const cpu = { user: 0.1, nice: 0, system: 0, interrupt: 0, iowait: 0, steal: 0, idle: 0, ...over };
    cpu.idle = 1 - cpu.user - cpu.interrupt - cpu.iowait - cpu.steal;
    host.push({ type: 'sample', sample: { ...host.sample(1000), cpu, perCore: [cpu, cpu], ...cores } });
  }
}

it('a hypervisor that takes a third is told, though the machine is not full; a moment of it is not', () => {
  const host = new TestHost({});
  shares(host, 30, {});
  shares(host, 20, { steal: 0.33 });
  shares(host, 60, {});
  expect(told(host)).toEqual([]);
  nearMiss('cpu.saturated');
  shares(host, 90, { steal: 0.33 });
  expect(told(host)).toMatchObject([
    {
      severity: 'warning',
      title: expect.stringMatching(/^The hypervisor takes 3\d % of the CPU for others$/),
      detail: { owner: 'steal' },
    },
  ]);
  shares(host, 60, {});
  expect(host.open).toEqual([]);
});

it('what a hypervisor takes of the machine that a container shares is no alarm of the container', () => {
  const host = new TestHost({ container: true });
  shares(host, 30, {});
  shares(host, 90, { steal: 0.33 });
  expect(told(host)).toMatchObject([
    {
      severity: 'info',
      title: expect.stringMatching(/for others, on the machine that this container shares$/),
    },
  ]);
});

it('what waits for disks is told again when it is much more', () => {
  const host = new TestHost({});
  shares(host, 30, {});
  shares(host, 120, { iowait: 0.85 });
  expect(told(host)).toMatchObject([
    { title: expect.stringMatching(/^CPU waits for disks 8\d % of the time/) },
  ]);
  expect(host.events.length).toBeLessThan(5);
});

it('one core of many that only answers interrupts is told with its number', () => {
  const cores = (busy: number) => ({
    cores: 64,
    perCore: Array.from({ length: 64 }, (_, n) => ({
      user: 0.02,
      nice: 0,
      system: 0,
      interrupt: n === 3 ? busy : 0,
      iowait: 0,
      steal: 0,
      idle: 0.5,
    })),
  });
  const host = new TestHost({});
  shares(host, 100, { interrupt: 0.7 / 64 }, cores(0.7));
  expect(told(host)).toEqual([]);
  nearMiss('cpu.saturated');
  shares(host, 80, { interrupt: 0.97 / 64 }, cores(0.97));
  expect(told(host)).toMatchObject([
    { severity: 'warning', title: 'Core 3 of 64 has done nothing but answer interrupts for 60 s' },
  ]);
  shares(host, 30, {}, cores(0.1));
  expect(host.open).toEqual([]);
});
