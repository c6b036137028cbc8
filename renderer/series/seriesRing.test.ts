import { describe, expect, test } from 'vitest';
import { METRICS, type MetricVector, metricIndex } from '../../shared/model/metric.ts';
import { nearestTick, SeriesRing, type SeriesView } from './seriesRing.ts';

const USER = metricIndex('system.cpu.utilization.user');
const vector = (at: number, user: number | null, cores: number[] = []): MetricVector => ({
  at,
  values: METRICS.map((_, index) => (index === USER ? user : null)),
  cores,
});
const times = (view: SeriesView) => Array.from({ length: view.length }, (_, i) => view.timeAt(i));
const users = (view: SeriesView) => Array.from({ length: view.length }, (_, i) => view.valueAt(USER, i));

describe('a ring of ticks', () => {
  test('keeps the newest and drops the oldest once full', () => {
    const ring = new SeriesRing(3);
    for (const at of [1000, 2000, 3000, 4000, 5000]) ring.append(vector(at, at / 10_000));
    expect(times(ring.window(0, 9000))).toEqual([3000, 4000, 5000]);
    expect(users(ring.window(0, 9000)).map((u) => Math.round(u * 10))).toEqual([3, 4, 5]);
    expect([ring.oldestAt, ring.newestAt, ring.length]).toEqual([3000, 5000, 3]);
  });

  test('a window has the ticks within it and one neighbour on each side', () => {
    const ring = new SeriesRing(10);
    for (const at of [1000, 2000, 3000, 4000, 5000]) ring.append(vector(at, 0));
    expect(times(ring.window(2500, 3500))).toEqual([2000, 3000, 4000]);
    expect(times(ring.window(2000, 4000))).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect(times(ring.window(6000, 7000))).toEqual([5000]);
    expect(new SeriesRing(4).window(0, 10).length).toBe(0);
  });

  test('what is not known is NaN, never zero, and a shorter vector of an older record has gaps at its end', () => {
    const ring = new SeriesRing(4);
    ring.append({ at: 1, values: [null, 0.5], cores: [] });
    const view = ring.window(0, 10);
    expect(view.valueAt(0, 0)).toBeNaN();
    expect(view.valueAt(1, 0)).toBe(0.5);
    expect(view.valueAt(METRICS.length - 1, 0)).toBeNaN();
    expect([view.valueAt(1, -1), view.valueAt(1, 1), view.timeAt(1)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  test('history that arrives late is sorted in before what is live, without doubles', () => {
    const ring = new SeriesRing(5);
    ring.append(vector(4000, 0.4));
    ring.append(vector(5000, 0.5));
    ring.merge([vector(4000, 0.9), vector(1000, 0.1), vector(3000, 0.3), vector(2000, 0.2)]);
    expect(times(ring.window(0, 9000))).toEqual([1000, 2000, 3000, 4000, 5000]);
    expect(users(ring.window(0, 9000)).map((u) => Math.round(u * 10))).toEqual([1, 2, 3, 4, 5]);
    ring.append(vector(6000, 0.6));
    expect(ring.oldestAt).toBe(2000);
  });

  test('a tick out of order finds its place', () => {
    const ring = new SeriesRing(5);
    for (const at of [1000, 3000, 2000, 3000]) ring.append(vector(at, 0));
    expect(times(ring.window(0, 9000))).toEqual([1000, 2000, 3000]);
  });

  test('cores may appear while it runs; earlier ticks do not know them', () => {
    const ring = new SeriesRing(4);
    ring.append(vector(1, 0, [0.25]));
    ring.append(vector(2, 0, [0.5, 1]));
    const view = ring.window(0, 10);
    expect([view.coreAt(0, 0), view.coreAt(0, 1), view.coreAt(1, 1)]).toEqual([0.25, 0.5, 1]);
    expect(view.coreAt(1, 0)).toBeNaN();
    expect(view.coreAt(7, 1)).toBeNaN();
  });
});

test('the crosshair finds the nearest tick, and none inside a gap', () => {
  const ring = new SeriesRing(8);
  for (const at of [10_000, 11_000, 20_000]) ring.append(vector(at, 0));
  const view = ring.window(0, 30_000);
  expect(nearestTick(view, 10_400)).toBe(0);
  expect(nearestTick(view, 10_600)).toBe(1);
  expect(nearestTick(view, 15_500)).toBe(-1);
  expect(nearestTick(view, 19_000)).toBe(2);
  expect(nearestTick(new SeriesRing(2).window(0, 1), 0)).toBe(-1);
});
