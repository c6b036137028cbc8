import { expect, it } from 'vitest';
import { CpuWindow } from './cpuWindow.ts';
import { TestHost } from './testHost.ts';

it('has the means of just the ticks that cover the time asked for, however many and however far apart', () => {
  const host = new TestHost({});
  const window = new CpuWindow();
  const ticks: { at: number; intervalMs: number; busy: number }[] = [];
  for (let n = 0; n < 400; n++) {
    const keepMs = n < 200 ? 15_000 : 120_000;
    const intervalMs = 200 + ((n * 7919) % 2000);
    host.clock.advance(intervalMs);
    const busy = (n % 11) / 11;
    const sample = host.sample(intervalMs);
    window.add({ ...sample, cpu: { ...sample.cpu, idle: 1 - busy, iowait: 0 } }, keepMs);
    ticks.push({ at: sample.at, intervalMs, busy });
    while ((ticks[1]?.at ?? Number.POSITIVE_INFINITY) <= sample.at - keepMs) ticks.shift();
    const spanMs = ticks.reduce((sum, one) => sum + one.intervalMs, 0);
    expect(window.spanMs).toBe(spanMs);
    expect(window.oldestAt).toBe(ticks[0]?.at);
    const mean = ticks.reduce((sum, one) => sum + one.busy * one.intervalMs, 0) / spanMs;
    expect(window.means().busy).toBeCloseTo(mean, 9);
  }
  expect(ticks.length).toBeGreaterThan(64);
});
