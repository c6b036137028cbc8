import { expect, test } from 'vitest';
import { plainText } from './plainText.ts';

const at = 0;

test('rows are parted by line feeds, without the space behind them', () => {
  expect(
    plainText(
      [
        { text: 'one  ', at },
        { text: 'two', at },
        { text: '', at },
      ],
      0,
      9,
    ),
  ).toBe('one\ntwo\n');
});

test('rows that the width broke are one line', () => {
  expect(
    plainText(
      [
        { text: 'https://a.b/', at },
        { text: 'c?d ', at, wrapped: true },
        { text: 'e', at, wrapped: true },
      ],
      8,
      1,
    ),
  ).toBe('a.b/c?d e');
});

test('the first and the last row are cut at their columns, also where they are one', () => {
  expect(plainText([{ text: 'abcdef', at }], 1, 4)).toBe('bcd');
  expect(
    plainText(
      [
        { text: 'abc', at },
        { text: 'def', at },
      ],
      2,
      1,
    ),
  ).toBe('c\nd');
});
