import { expect, test } from 'vitest';
import { METRICS, metricIndex } from '../../../../shared/model/metric.ts';
import { SeriesRing } from '../../../series/seriesRing.ts';
import { CPU_LAYERS } from './chartSpec.ts';
import { sparkPaths } from './sparkPaths.ts';

const USER = metricIndex('system.cpu.utilization.user');
const SYSTEM = metricIndex('system.cpu.utilization.system');
const SIZE = { width: 100, height: 10 };

function seriesOf(ticks: [at: number, user: number | null, system: number | null][], to: number) {
  const ring = new SeriesRing(100);
  for (const [at, user, system] of ticks)
    ring.append({
      at,
      values: METRICS.map((_, i) => (i === USER ? user : i === SYSTEM ? system : null)),
      cores: [],
    });
  return { view: ring.window(0, to), state: 'ready' as const, newestAt: ring.newestAt };
}

test('layers stand on each other, and each reaches down to the bottom', () => {
  const series = seriesOf(
    [
      [0, 0.5, 0.25],
      [1000, 0.4, 0.2],
    ],
    1000,
  );
  expect(sparkPaths(series, 1000, CPU_LAYERS, SIZE)).toEqual({
    // Of what adds nothing nothing is drawn.
    areas: ['M0 10L0 5L100 6V10Z', 'M0 10L0 2.5L100 4V10Z', '', ''],
    gaps: '',
  });
});

test('what is not known is not drawn, and what is alone is a pixel wide', () => {
  const series = seriesOf(
    [
      [0, 0.5, null],
      [1000, null, 0.5],
      [2000, 0.5, 0.1],
    ],
    2000,
  );
  expect(sparkPaths(series, 2000, CPU_LAYERS, SIZE).areas.slice(0, 2)).toEqual([
    'M0 10L0 5h1V10ZM100 10L100 5h1V10Z',
    'M50 10L50 5L100 4V10Z',
  ]);
});

test('nothing is drawn outside, whatever a host says', () => {
  const series = seriesOf(
    [
      [-500, 0.5, 0],
      [500, 7, 0],
      [1500, -3, 0],
    ],
    1000,
  );
  expect(sparkPaths(series, 1000, CPU_LAYERS, SIZE).areas[0]).toBe('M0 10L0 5L50 0L100 10V10Z');
});

test('a gap is hatched within its sides', () => {
  const series = seriesOf(
    [
      [0, 0.5, 0],
      [1000, 0.5, 0],
      [9000, 0.5, 0],
      [10_000, 0.5, 0],
    ],
    10_000,
  );
  const { areas, gaps } = sparkPaths(series, 10_000, CPU_LAYERS, SIZE);
  expect(areas[0]?.match(/M/g)).toHaveLength(2);
  const lines = [...gaps.matchAll(/M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)/g)].map(([, ...of]) =>
    of.map(Number),
  );
  expect(lines.length).toBeGreaterThan(10);
  for (const [fromX = 0, fromY = 0, toX = 0, toY = 0] of lines) {
    expect([fromX >= 10, toX <= 90, fromY <= 10, toY >= 0]).toEqual([true, true, true, true]);
    expect(toX - fromX).toBeCloseTo(fromY - toY);
  }
});
