import { characterAt, characterInCell } from './characters.ts';
import type { CopyContext, CopyState, Place } from './copyMode.ts';
import { jumpFrom, reversed } from './jump.ts';

/** Where a key goes from here; `undefined`: nowhere. */
export type Motion = (state: CopyState, context: CopyContext) => Place | undefined;

/** The goal of up and down where the cursor is to stay at the ends of rows. */
export const AT_THE_END = Number.POSITIVE_INFINITY;

/** Up and down keep the cell that they come back to. */
export const VERTICAL = new Set(['j', 'k', 'Up', 'Down', 'Ctrl+N', 'Ctrl+P']);

/** From the row's start and end it goes on in the row beside, as in tmux. */
const left: Motion = ({ cursor: { line, column } }, { first, textOf }) =>
  column > 0 || line === first
    ? { line, column: column - 1 }
    : { line: line - 1, column: textOf(line - 1)?.length ?? 0 };
const right: Motion = ({ cursor: { line, column }, anchor, shape }, { end, textOf }) => {
  const text = textOf(line) ?? '';
  // A rectangle reaches behind the text.
  return column < text.length || line === end - 1 || (anchor && shape === 'rectangle')
    ? { line, column: column + characterAt(text, column).length }
    : { line: line + 1, column: 0 };
};
const up: Motion = ({ cursor, goal }, context) => inCell(cursor.line - 1, goal, context);
const down: Motion = ({ cursor, goal }, context) => inCell(cursor.line + 1, goal, context);
/** A line that the width broke begins and ends in other rows. */
const lineStart: Motion = ({ cursor: { line } }, { isWrapped, first }) => {
  while (line > first && isWrapped(line)) line--;
  return { line, column: 0 };
};
const lineEnd: Motion = ({ cursor: { line } }, { isWrapped, textOf, end }) => {
  while (line < end - 1 && isWrapped(line + 1)) line++;
  return { line, column: lastColumn(textOf(line)) };
};
const indentation: Motion = (state, context) => {
  const start = lineStart(state, context) ?? state.cursor;
  return { ...start, column: Math.max(0, (context.textOf(start.line) ?? '').search(/\S/)) };
};
export const again: Motion = ({ cursor, jump }, context) => jump && jumpFrom(cursor, jump, context);
const jumpBack: Motion = ({ cursor, jump }, context) => jump && jumpFrom(cursor, reversed(jump), context);
const WORD = /[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+/gu;
const BIG_WORD = /\S+/g;

export const MOTIONS: Record<string, Motion> = {
  h: left,
  Left: left,
  Backspace: left,
  'Ctrl+H': left,
  l: right,
  Right: right,
  j: down,
  Down: down,
  'Ctrl+N': down,
  k: up,
  Up: up,
  'Ctrl+P': up,
  '0': lineStart,
  Home: lineStart,
  $: lineEnd,
  End: lineEnd,
  '^': indentation,
  g: (_state, { first }) => ({ line: first, column: 0 }),
  G: (_state, { end, textOf }) => ({ line: end - 1, column: lastColumn(textOf(end - 1)) }),
  H: ({ top }) => ({ line: top, column: 0 }),
  M: ({ top }, { rows, end }) => ({ line: Math.min(end - 1, top + Math.floor((rows - 1) / 2)), column: 0 }),
  L: ({ top }, { rows, end }) => ({ line: Math.min(end - 1, top + rows - 1), column: 0 }),
  w: (state, context) => nextWord(state.cursor, context, WORD, 'start'),
  e: (state, context) => nextWord(state.cursor, context, WORD, 'end'),
  b: (state, context) => previousWord(state.cursor, context, WORD),
  W: (state, context) => nextWord(state.cursor, context, BIG_WORD, 'start'),
  E: (state, context) => nextWord(state.cursor, context, BIG_WORD, 'end'),
  B: (state, context) => previousWord(state.cursor, context, BIG_WORD),
  ';': again,
  ',': jumpBack,
  '%': ({ cursor }, context) => matchingBracket(cursor, context),
  '}': ({ cursor }, context) => emptyLine(cursor.line, 1, context),
  '{': ({ cursor }, context) => emptyLine(cursor.line, -1, context),
  'Alt+X': ({ mark }) => mark,
};

/** Of the cells of a row; the last one for its end. */
export function inCell(line: number, cell: number, { textOf }: CopyContext): Place {
  const text = textOf(line) ?? '';
  return { line, column: cell === AT_THE_END ? lastColumn(text) : characterInCell(text, cell).column };
}

/** The word that the cursor is in, or the one that follows in its row. */
export function wordAt({ line, column }: Place, { textOf }: CopyContext): string | undefined {
  const words = [...(textOf(line) ?? '').matchAll(/[\p{L}\p{N}_]+/gu)];
  return words.find(({ 0: word, index }) => column < index + word.length)?.[0];
}

function lastColumn(text: string | undefined): number {
  return Math.max(0, (text?.length ?? 0) - 1);
}

function nextWord(from: Place, context: CopyContext, word: RegExp, at: 'start' | 'end'): Place | undefined {
  for (let line = from.line; line < context.end; line++) {
    const text = context.textOf(line);
    if (text === undefined) return undefined;
    for (const { 0: found, index } of text.matchAll(word)) {
      const column = at === 'start' ? index : index + found.length - 1;
      if (line > from.line || column > from.column) return { line, column };
    }
  }
  return undefined;
}

function previousWord(from: Place, context: CopyContext, word: RegExp): Place | undefined {
  for (let line = from.line; line >= context.first; line--) {
    const text = context.textOf(line);
    if (text === undefined) return undefined;
    const starts = [...text.matchAll(word)].map((match) => match.index);
    const column = starts.findLast((start) => line < from.line || start < from.column);
    if (column !== undefined) return { line, column };
  }
  return undefined;
}

/** Out of the empty rows that one is in, and on to the next. */
function emptyLine(from: number, by: 1 | -1, { first, end, textOf }: CopyContext): Place {
  let line = from;
  const goes = () => (by > 0 ? line < end - 1 : line > first) && textOf(line + by) !== undefined;
  while (goes() && textOf(line) === '') line += by;
  while (goes() && textOf(line) !== '') line += by;
  return { line, column: by > 0 ? lastColumn(textOf(line)) : 0 };
}

const OPENING = '([{';
const CLOSING = ')]}';
/** A bracket whose other one is farther away is left alone. */
const MOST_ROWS = 1_000;

/** From a bracket to the one that belongs to it; from elsewhere, from the next bracket of the line. */
function matchingBracket(from: Place, { first, end, textOf }: CopyContext): Place | undefined {
  const text = textOf(from.line) ?? '';
  const at = text.slice(from.column).search(/[()[\]{}]/);
  if (at < 0) return undefined;
  const bracket = text.charAt(from.column + at);
  const by = OPENING.includes(bracket) ? 1 : -1;
  const kind = by > 0 ? OPENING.indexOf(bracket) : CLOSING.indexOf(bracket);
  let depth = 0;
  for (let line = from.line; line >= first && line < end; line += by) {
    const row = textOf(line);
    if (row === undefined || Math.abs(line - from.line) > MOST_ROWS) return undefined;
    let column = line === from.line ? from.column + at : by > 0 ? 0 : row.length - 1;
    for (; column >= 0 && column < row.length; column += by) {
      if (row[column] === OPENING[kind]) depth += by;
      else if (row[column] === CLOSING[kind]) depth -= by;
      else continue;
      if (depth === 0) return { line, column };
    }
  }
  return undefined;
}
