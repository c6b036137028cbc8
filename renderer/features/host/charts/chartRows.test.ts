import { describe, expect, test } from 'vitest';
import { METRICS, metricIndex } from '../../../../shared/model/metric.ts';
import { SeriesRing } from '../../../series/seriesRing.ts';
import { chartRows } from './chartRows.ts';
import { CHARTS, highest, isKnown } from './chartSpec.ts';
import { gapsOf } from './gaps.ts';

const USER = metricIndex('system.cpu.utilization.user');
const SYSTEM = metricIndex('system.cpu.utilization.system');
const chart = (id: string) => {
  const spec = CHARTS.find((c) => c.id === id);
  if (!spec) throw new Error(id);
  return spec;
};

function ringOf(ticks: [at: number, user: number][]): SeriesRing {
  const ring = new SeriesRing(4000);
  for (const [at, user] of ticks) {
    ring.append({
      at,
      values: METRICS.map((_, i) => (i === USER ? user : i === SYSTEM ? 0 : null)),
      cores: [],
    });
  }
  return ring;
}

describe('rows for a chart', () => {
  test('an hour is thinned to the limit and keeps its highest spike', () => {
    const ticks = Array.from({ length: 3600 }, (_, i): [number, number] => [
      i * 1000,
      i === 1777 ? 0.99 : 0.1,
    ]);
    const rows = chartRows(chart('cpu'), ringOf(ticks).window(0, 3_600_000));
    expect(rows.length).toBeLessThanOrEqual(240);
    expect(rows.filter((r) => (r['user'] ?? 0) > 0.9).map((r) => r.at)).toEqual([1_777_000]);
  });

  test('a gap is a row of nulls, and what is not known is null, never zero', () => {
    const rows = chartRows(
      chart('cpu'),
      ringOf([
        [1000, 0.1],
        [2000, 0.2],
        [9000, 0.3],
      ]).window(0, 10_000),
    );
    expect(
      rows.map((r) => [r.at, r['user'] === null ? null : Number(r['user']?.toFixed(1)), r['steal']]),
    ).toEqual([
      [1000, 0.1, null],
      [2000, 0.2, null],
      [2001, null, null],
      [9000, 0.3, null],
    ]);
  });

  test('time is told from the beginning of the window', () => {
    const view = ringOf([
      [61_000, 0.1],
      [62_000, 0.2],
      [69_000, 0.3],
    ]).window(60_000, 70_000);
    expect(chartRows(chart('cpu'), view).map(({ at }) => at)).toEqual([1000, 2000, 2001, 9000]);
  });

  test('a gap is kept when ticks are thinned', () => {
    const before = Array.from({ length: 900 }, (_, i): [number, number] => [i * 1000, 0.5]);
    const after = Array.from({ length: 900 }, (_, i): [number, number] => [905_000 + i * 1000, 0.5]);
    const rows = chartRows(chart('cpu'), ringOf([...before, ...after]).window(0, 2_000_000));
    expect(rows.filter((r) => r['user'] === null).map((r) => r.at)).toEqual([899_001]);
  });
});

test('a chart of which nothing is known says so', () => {
  const view = ringOf([[1000, 0.5]]).window(0, 2000);
  expect(isKnown(chart('pressure'), view)).toBe(false);
  expect(isKnown(chart('cpu'), view)).toBe(true);
  expect(highest(chart('cpu'), view)).toBe(0.5);
});

describe('gaps', () => {
  const ring = ringOf([
    [1000, 0],
    [2000, 0],
    [9000, 0],
    [10_000, 0],
  ]);
  const series = (from: number, to: number) => ({
    view: ring.window(from, to),
    state: 'ready' as const,
    newestAt: ring.newestAt,
  });
  test('stand between ticks, and after the last one once it is late', () => {
    expect(gapsOf(series(0, 11_000), 11_000)).toEqual([{ from: 2000, to: 9000, open: false }]);
    expect(gapsOf(series(0, 20_000), 20_000).at(-1)).toEqual({ from: 10_000, to: 20_000, open: true });
  });
  test('a window of the past that ends before the last tick is not stale', () => {
    expect(gapsOf(series(0, 9500), 60_000)).toEqual([{ from: 2000, to: 9000, open: false }]);
  });
  test('a gap that reaches over the edge is cut there', () => {
    expect(gapsOf(series(5000, 8000), 60_000)).toEqual([{ from: 5000, to: 8000, open: false }]);
  });
});
