import { expect, test } from 'vitest';
import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';
import { plainText } from './plainText.ts';

/** The rows from a column of the first to before a column of the last. */
function textOf(rows: string[], fromColumn = 0, toColumn = 99): string {
  const lines = rows.map(
    (text): ScrollbackLine =>
      text.startsWith('→') ? { text: text.slice(1), at: 0, wrapped: true } : { text, at: 0 },
  );
  const [first, last] = [7, 7 + rows.length - 1];
  return plainText(lines, {
    first,
    last,
    rejoins: true,
    columnsOf: (line, text) => ({
      from: line === first ? fromColumn : 0,
      to: line === last ? toColumn : text.length,
    }),
  });
}

test('rows are parted by line feeds, without the space behind them', () => {
  expect(textOf(['one  ', 'two', ''])).toBe('one\ntwo\n');
});

test('rows that the width broke are one line', () => {
  expect(textOf(['https://a.b/', '→c?d ', '→e'], 8, 1)).toBe('a.b/c?d e');
});

test('the first and the last row are cut at their columns, also where they are one', () => {
  expect(textOf(['abcdef'], 1, 4)).toBe('bcd');
  expect(textOf(['abc', 'def'], 2, 1)).toBe('c\nd');
});
