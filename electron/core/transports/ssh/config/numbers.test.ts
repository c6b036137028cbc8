import { expect, it } from 'vitest';
import { scaledNumber, secondsOf, wholeNumber } from './numbers.ts';

it('reads times as convtime(3) does', () => {
  expect([...['90', '1m30s', '1H', '+1', '1m+5s', ' 2d'].map(secondsOf)]).toEqual([
    90, 90, 3600, 1, 65, 172_800,
  ]);
  expect([...['', '-1', '1x', '1m-2m', '99999999999'].map(secondsOf)]).toEqual(Array(5).fill(undefined));
});

it('reads sizes as scan_scaled(3) does', () => {
  expect(['16', '1.5K', '.5m', '1.G', '7E', '16.9', '-2k', '+1K h'].map(scaledNumber)).toEqual(
    [16, 1536, 2 ** 19, 2 ** 30, 7 * 2 ** 60, 16, -2048, 1024].map(BigInt),
  );
  expect(['8E', '1.5GG', '1k5', '1 G', '0x10', '1.2.3'].map(scaledNumber)).toEqual(Array(6).fill(undefined));
});

it('is through with a long value at once, also where its end is wrong', () => {
  expect(secondsOf(`${'1'.repeat(200)}!`)).toBeUndefined();
  expect(wholeNumber(`${'1'.repeat(200)}!`)).toBeUndefined();
});
