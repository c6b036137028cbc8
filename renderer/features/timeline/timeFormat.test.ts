import { expect, test } from 'vitest';
import { clockTime, elapsed, utcTime } from './timeFormat.ts';

test('an age is written as hours, minutes and seconds, and hours grow past a day', () => {
  expect(elapsed(2_530_000)).toBe('00:42:10');
  expect(elapsed(100 * 3_600_000)).toBe('100:00:00');
  expect(elapsed(-5)).toBe('00:00:00');
});

test('the day is shown only when it is not today', () => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime();
  expect(clockTime(at, at + 1000)).toBe('03:04:05');
  expect(clockTime(at, at + 48 * 3_600_000)).toBe('2026-01-02 03:04:05');
});

test('UTC keeps its milliseconds and says that it is UTC', () => {
  expect(utcTime(Date.UTC(2026, 0, 2, 3, 4, 5, 67))).toBe('2026-01-02 03:04:05.067 UTC');
});
