import { describe, expect, test } from 'vitest';
import {
  asText,
  formatAge,
  formatBytes,
  formatBytesPerSecond,
  formatClock,
  formatCores,
  formatCount,
  formatDuration,
  formatLoad,
  formatMilliseconds,
  formatPerSecond,
  formatShare,
  formatWholeShare,
  threeDigits,
} from './format.ts';

test('at most three significant digits, at every size', () => {
  expect([0, 0.042, 0.5, 1, 1.254, 12.54, 99.96, 125.4].map(threeDigits)).toEqual([
    '0',
    '0.042',
    '0.5',
    '1.00',
    '1.25',
    '12.5',
    '100',
    '125',
  ]);
  for (let exponent = -3; exponent < 15; exponent += 0.01) {
    const { number } = formatBytes(10 ** exponent);
    expect(number.replace(/^0\.0*|\D/g, '').length, number).toBeLessThanOrEqual(3);
  }
});

describe('bytes', () => {
  test('binary units, stepping before four digits', () => {
    expect([0, 512, 999, 1000, 1024, 16_428_072_960, 1023 * 1024].map((b) => asText(formatBytes(b)))).toEqual(
      [
        '0\u00a0B',
        '512\u00a0B',
        '999\u00a0B',
        '0.977\u00a0KiB',
        '1.00\u00a0KiB',
        '15.3\u00a0GiB',
        '0.999\u00a0MiB',
      ],
    );
  });
  test('rates carry the second', () => {
    expect(formatBytesPerSecond(2048)).toEqual({ number: '2.00', unit: 'KiB/s' });
  });
});

test('what is not known is a dash in every format, never zero', () => {
  for (const format of [
    formatBytes,
    formatBytesPerSecond,
    formatShare,
    formatWholeShare,
    formatCount,
    formatPerSecond,
    formatLoad,
    formatCores,
    formatMilliseconds,
  ]) {
    expect(asText(format(undefined))).toBe('–');
    expect(asText(format(Number.NaN))).toBe('–');
  }
  expect(formatDuration(undefined)).toBe('–');
  expect(formatAge(Number.NaN)).toBe('–');
});

test('shares as top prints them', () => {
  expect([0, 0.034, 0.9731, 0.9996, 1, 1.25].map((s) => asText(formatShare(s)))).toEqual([
    '0.0%',
    '3.4%',
    '97.3%',
    '100%',
    '100%',
    '125%',
  ]);
  expect(asText(formatWholeShare(0.976))).toBe('98%');
});

test('counts, rates, loads and times', () => {
  expect([7, 999, 1234, 123_456, 0.4].map((c) => asText(formatCount(c)))).toEqual([
    '7',
    '999',
    '1.23\u00a0k',
    '123\u00a0k',
    '0.4',
  ]);
  expect(asText(formatPerSecond(1250))).toBe('1.25\u00a0k/s');
  expect([0.5, 8.126, 12.34, 123.4].map((l) => asText(formatLoad(l)))).toEqual([
    '0.50',
    '8.13',
    '12.3',
    '123',
  ]);
  expect(asText(formatCores(1.5))).toBe('1.50\u00a0cores');
  expect([0.42, 12.54, 1250].map((m) => asText(formatMilliseconds(m)))).toEqual([
    '0.42\u00a0ms',
    '12.5\u00a0ms',
    '1.25\u00a0s',
  ]);
});

test('durations give the two largest units, ages one', () => {
  const times = [-5, 0, 42_000, 242_000, 11_520_000, 446_400_000];
  expect(times.map(formatDuration)).toEqual(['0 s', '0 s', '42 s', '4 min 02 s', '3 h 12 min', '5 d 4 h']);
  expect(times.map(formatAge)).toEqual(['0 s', '0 s', '42 s', '4 min', '3 h', '5 d']);
});

test('clock times in a given zone', () => {
  expect(formatClock(Date.UTC(2026, 0, 2, 14, 3, 7), 'UTC')).toBe('14:03:07');
  expect(formatClock(Date.UTC(2026, 0, 2, 0, 0, 0), 'UTC')).toBe('00:00:00');
});
