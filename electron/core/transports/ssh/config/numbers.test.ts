import { expect, it } from 'vitest';
import { secondsOf, wholeNumber } from './numbers.ts';

it('reads times as convtime(3) does', () => {
  expect([...['90', '1m30s', '1H', '+1', '1m+5s', ' 2d'].map(secondsOf)]).toEqual([
    90, 90, 3600, 1, 65, 172_800,
  ]);
  expect([...['', '-1', '1x', '1m-2m', '99999999999'].map(secondsOf)]).toEqual(Array(5).fill(undefined));
});

it('is through with a long value at once, also where its end is wrong', () => {
  expect(secondsOf(`${'1'.repeat(200)}!`)).toBeUndefined();
  expect(wholeNumber(`${'1'.repeat(200)}!`)).toBeUndefined();
});
