import { afterEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../shared/base/clock.ts';
import type { HostId } from '../../shared/model/host.ts';
import type { MetricVector } from '../../shared/model/metric.ts';
import { clearSeries, onSeries, takeSamples, uncoverSeries } from './samples.ts';
import type { SeriesView } from './seriesRing.ts';
import { type ReadSeries, WindowReader } from './windowSeries.ts';

const host = 'web1' as HostId;
const START = 10_000_000;
const tick = (at: number, user = 0.1): MetricVector => ({ at, values: [user], cores: [] });
const range = (from: number, to: number) =>
  Array.from({ length: Math.floor((to - from) / 1000) + 1 }, (_, i) => tick(from + i * 1000));
const times = (view: SeriesView) => Array.from({ length: view.length }, (_, i) => view.timeAt(i));

afterEach(clearSeries);

function setup(answer: ReadSeries = async ({ from, to }) => range(Math.ceil(from / 1000) * 1000, to)) {
  const clock = new ManualClock(START);
  const read = vi.fn(answer);
  const reader = new WindowReader(
    read,
    () => clock.now(),
    (ms, run) => void clock.after(ms, run),
  );
  const arrival = () =>
    new Promise<void>((resolve) => {
      const heard = onSeries(host, () => {
        heard.dispose();
        resolve();
      });
    });
  return { clock, read, reader, arrival };
}

test('a live window after a reload shows history from the record, read once', async () => {
  const { clock, read, reader, arrival } = setup();
  takeSamples([{ host, vector: tick(START - 500) }]);
  const live = { kind: 'live', spanMs: 60_000 } as const;
  const before = reader.window(host, live);
  expect(before.state).toBe('loading');
  expect(times(before.view)).toEqual([START - 500]);
  reader.window(host, live);
  const arrived = arrival();
  clock.advance(1000);
  await arrived;
  const after = reader.window(host, live);
  expect(after.state).toBe('ready');
  expect(after.view.length).toBeGreaterThan(58);
  clock.advance(1000);
  reader.window(host, live);
  expect(read).toHaveBeenCalledTimes(1);
});

test('after the core was away the record is asked again', async () => {
  const { clock, read, reader, arrival } = setup();
  const live = { kind: 'live', spanMs: 10_000 } as const;
  reader.window(host, live);
  const first = arrival();
  clock.advance(200);
  await first;
  expect(reader.window(host, live).state).toBe('ready');
  uncoverSeries();
  reader.reset();
  expect(reader.window(host, live).state).toBe('loading');
  const second = arrival();
  clock.advance(200);
  await second;
  expect(read).toHaveBeenCalledTimes(2);
});

test('a window of the past is read through the core and cached', async () => {
  const { clock, read, reader, arrival } = setup();
  takeSamples([{ host, vector: tick(START) }]);
  const past = { kind: 'past', from: START - 7_200_000, to: START - 7_140_000 } as const;
  expect(reader.window(host, past).state).toBe('loading');
  const arrived = arrival();
  clock.advance(200);
  await arrived;
  const shown = reader.window(host, past);
  expect(shown.state).toBe('ready');
  expect(shown.view.length).toBeGreaterThanOrEqual(61);
  expect(shown.newestAt).toBe(START);
  expect(read).toHaveBeenCalledTimes(1);
});

test('of the windows passed over while the pointer moves only the last is read', async () => {
  const { clock, read, reader, arrival } = setup();
  for (let i = 0; i < 20; i++) {
    reader.window(host, {
      kind: 'past',
      from: START - 8_000_000 + i * 1000,
      to: START - 7_900_000 + i * 1000,
    });
  }
  const arrived = arrival();
  clock.advance(200);
  await arrived;
  clock.advance(1000);
  expect(read).toHaveBeenCalledTimes(1);
  expect(read.mock.calls[0]?.[0].to).toBeGreaterThan(START - 7_900_000 + 19_000);
});

test('a read that fails is said, and tried again after a while', async () => {
  let broken = true;
  const { clock, read, reader, arrival } = setup(async ({ from, to }) => {
    if (broken) throw new Error('away');
    return range(from, to);
  });
  const past = { kind: 'past', from: START - 7_200_000, to: START - 7_140_000 } as const;
  reader.window(host, past);
  const failed = arrival();
  clock.advance(200);
  await failed;
  expect(reader.window(host, past).state).toBe('failed');
  broken = false;
  clock.advance(6000);
  expect(reader.window(host, past).state).toBe('loading');
  const arrived = arrival();
  clock.advance(200);
  await arrived;
  expect(reader.window(host, past).state).toBe('ready');
  expect(read).toHaveBeenCalledTimes(2);
});

test('an answer for the workspace before is not taken', async () => {
  let release: (vectors: MetricVector[]) => void = () => {};
  const { clock, reader } = setup(
    () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  );
  const live = { kind: 'live', spanMs: 60_000 } as const;
  reader.window(host, live);
  clock.advance(200);
  clearSeries();
  release(range(START - 60_000, START));
  await Promise.resolve();
  await Promise.resolve();
  expect(reader.window(host, live).view.length).toBe(0);
});
