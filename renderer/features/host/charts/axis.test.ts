import { describe, expect, test } from 'vitest';
import { timeTicks, valueAxis } from './axis.ts';

const GIB = 1024 ** 3;

describe('a value axis', () => {
  test('has round steps that hold the highest value', () => {
    expect(valueAxis(8.1, 'load').ticks).toEqual([0, 5, 10]);
    expect(valueAxis(3.2, 'cores').ticks).toEqual([0, 1, 2, 3, 4]);
    expect(valueAxis(1, 'share', 4, 1).ticks.at(-1)).toBeCloseTo(1);
    for (let value = 0.001; value < 1e12; value *= 1.7) {
      for (const unit of ['share', 'bytes', 'count', '1/s', 'load'] as const) {
        const axis = valueAxis(value, unit);
        expect(axis.top).toBeGreaterThanOrEqual(value * 0.999999);
        expect(axis.ticks.length).toBeLessThanOrEqual(6);
        expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
      }
    }
  });

  test('bytes step by powers of two and carry their unit on the highest tick', () => {
    const axis = valueAxis(15.3 * GIB, 'bytes');
    expect(axis.ticks.map(axis.label)).toEqual(['0', '4', '8', '12', '16\u00a0GiB']);
    expect(valueAxis(3000, 'bytes/s').ticks.map(valueAxis(3000, 'bytes/s').label)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4\u00a0KiB/s',
    ]);
  });

  test('no label is wider than the axis', () => {
    const axis = valueAxis(1500, '1/s', 3);
    expect(axis.ticks.map(axis.label)).toEqual(['0', '0.5', '1', '1.5k/s']);
    for (let value = 0.001; value < 1e8; value *= 1.7)
      for (const unit of ['count', '1/s', 'load'] as const) {
        const { ticks, label } = valueAxis(value, unit);
        expect(Math.max(...ticks.map((tick) => label(tick).length))).toBeLessThanOrEqual(6);
      }
  });

  test('nothing and not-a-number still give an axis', () => {
    expect(valueAxis(0, 'share').top).toBeGreaterThan(0);
    expect(valueAxis(Number.NaN, 'bytes').ticks.length).toBeGreaterThan(1);
  });

  test('a mirrored tick is labelled by its size', () => {
    const axis = valueAxis(4096, 'bytes/s');
    expect(axis.label(-axis.top)).toBe(axis.label(axis.top));
  });
});

describe('a time axis', () => {
  test('ticks stand on whole steps and are no more than fit', () => {
    const from = Date.UTC(2026, 0, 2, 14, 0, 7);
    const { ticks, seconds } = timeTicks(from, from + 300_000, 5);
    expect(seconds).toBe(false);
    expect(ticks.every((t) => t % 60_000 === 0)).toBe(true);
    expect(ticks).toHaveLength(5);
  });

  test('short windows have seconds', () => {
    const { ticks, seconds } = timeTicks(1_000_000, 1_020_000, 4);
    expect(seconds).toBe(true);
    expect(ticks).toEqual([1_000_000, 1_005_000, 1_010_000, 1_015_000, 1_020_000]);
  });
});
