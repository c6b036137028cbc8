import { characterAt, characterInCell, columnsOfCells } from './characters.ts';
import { type Jump, type JumpKey, jumpFrom, reversed } from './jump.ts';

/** A character of the rows: `column` counts UTF-16 units of the row's text. */
export interface Place {
  line: number;
  column: number;
}

/** tmux's copy mode with its vi keys, as a pure function of keys. */
export interface CopyState {
  /** The first row that is shown. */
  top: number;
  cursor: Place;
  /** The cell that up and down come back to. */
  goal: number;
  /** Where the selection began; it goes to the cursor. */
  anchor: Place | undefined;
  /** What is selected: characters from the one to the other, whole rows, or the cells between two columns. */
  shape: 'characters' | 'rows' | 'rectangle';
  /** Digits typed so far: how often the next motion is done. */
  count: string;
  /** The next key is a character to jump to. */
  jumping: JumpKey | undefined;
  /** What was jumped to last. */
  jump: Jump | undefined;
}

export interface CopyContext {
  first: number;
  end: number;
  /** Shown at once. */
  rows: number;
  /** The width of the terminal. */
  columns: number;
  /** `undefined`: not read yet. */
  textOf(line: number): string | undefined;
  /** Whether the row goes on from the one above. */
  isWrapped(line: number): boolean;
}

export type CopyEffect = 'leave' | 'copy' | 'copyLine' | 'searchDown' | 'searchUp' | 'next' | 'previous';

/** What is selected of each row from the first to the last. */
export interface Selection {
  first: number;
  last: number;
  /** Rows that the width broke are one line of text. */
  rejoins: boolean;
  /** As columns of the row's text; `to` is behind the last. */
  columnsOf(line: number, text: string): { from: number; to: number };
}

type Motion = (state: CopyState, context: CopyContext) => Place | undefined;

export function startCopyMode(top: number): CopyState {
  return {
    top,
    cursor: { line: top, column: 0 },
    goal: 0,
    anchor: undefined,
    shape: 'characters',
    count: '',
    jumping: undefined,
    jump: undefined,
  };
}

/** What a key does. Keys are in the notation of shell/keys.ts. */
export function pressInCopyMode(
  state: CopyState,
  key: string,
  context: CopyContext,
): { state: CopyState; effect?: CopyEffect } {
  if (state.jumping) {
    const character = key === 'Space' ? ' ' : key;
    const plain = { ...state, jumping: undefined };
    if (character.length > 1 && /^\w/.test(character)) return { state: { ...plain, count: '' } };
    return { state: repeat({ ...plain, jump: { key: state.jumping, character } }, context, again) };
  }
  if (/^[1-9]$/.test(key) || (key === '0' && state.count !== ''))
    return { state: { ...state, count: (state.count + key).slice(0, 6) } };
  if (key === 'f' || key === 'F' || key === 't' || key === 'T') return { state: { ...state, jumping: key } };
  const times = Math.max(1, Number(state.count));
  const plain = { ...state, count: '' };
  const effect = EFFECTS[key];
  if (effect) return { state: plain, effect };
  switch (key) {
    case 'Esc':
      return state.anchor
        ? { state: moveTo({ ...plain, anchor: undefined }, state.cursor, context) }
        : { state: plain, effect: 'leave' };
    case 'Space':
      return { state: select(plain, 'characters', state.cursor, context) };
    case 'v':
    case 'V':
    case 'Ctrl+V':
      return { state: select(plain, shapeBy(key, state), state.anchor ?? state.cursor, context) };
    case 'o':
      return {
        state: state.anchor ? moveTo({ ...plain, anchor: state.cursor }, state.anchor, context) : plain,
      };
    case 'Ctrl+Y':
    case 'Ctrl+E':
      return { state: scrollBy(plain, (key === 'Ctrl+E' ? 1 : -1) * times, context) };
  }
  const scroll = SCROLLS[key];
  if (scroll) {
    const by = scroll(context.rows) * times;
    const to = inCell(state.cursor.line + by, state.goal, context);
    return { state: moveTo(scrollBy(plain, by, context), to, context, true) };
  }
  const motion = MOTIONS[key];
  return { state: motion ? repeat(state, context, motion, VERTICAL.has(key)) : plain };
}

/** A motion as often as the count says, or as far as it goes. */
function repeat(state: CopyState, context: CopyContext, motion: Motion, vertical = false): CopyState {
  let next = { ...state, count: '' };
  for (let n = 0; n < Math.max(1, Number(state.count)); n++) {
    const to = motion(next, context);
    if (!to) break;
    const { cursor } = next;
    next = moveTo(next, to, context, vertical);
    if (next.cursor.line === cursor.line && next.cursor.column === cursor.column) break;
  }
  return next;
}

/** `v` selects, as in vim, and then turns a selection into a rectangle and back, as in tmux; `V` again unselects. */
function shapeBy(key: 'v' | 'V' | 'Ctrl+V', { anchor, shape }: CopyState): CopyState['shape'] | undefined {
  if (key === 'V') return anchor && shape === 'rows' ? undefined : 'rows';
  if (!anchor) return key === 'v' ? 'characters' : 'rectangle';
  const other = key === 'v' ? 'characters' : 'rectangle';
  if (shape !== other) return other;
  return key === 'v' ? 'rectangle' : 'characters';
}

function select(
  state: CopyState,
  shape: CopyState['shape'] | undefined,
  anchor: Place,
  context: CopyContext,
): CopyState {
  const selected = { ...state, shape: shape ?? 'characters', anchor: shape && anchor };
  // Only a rectangle reaches behind the text.
  return moveTo(selected, state.cursor, context, true);
}

/** The cursor at a place, and the place in view. */
export function moveTo(state: CopyState, to: Place, context: CopyContext, keepGoal = false): CopyState {
  const line = Math.min(Math.max(to.line, context.first), Math.max(context.first, context.end - 1));
  const text = context.textOf(line) ?? '';
  const behind = state.anchor && state.shape === 'rectangle' ? reach(text, context.columns) : text.length;
  const { column, cell } = characterAt(text, Math.max(0, Math.min(to.column, behind)));
  return show({ ...state, cursor: { line, column }, goal: keepGoal ? state.goal : cell }, context);
}

/** The column of the terminal's last cell, or the one behind the text if that goes on there. */
function reach(text: string, columns: number): number {
  return Math.max(text.length, characterInCell(text, columns - 1).column);
}

/** Other rows in view; the cursor stays on the screen. */
export function scrollBy(state: CopyState, by: number, context: CopyContext): CopyState {
  const most = Math.max(context.first, context.end - context.rows);
  const top = Math.min(most, Math.max(context.first, state.top + by));
  const line = Math.min(top + context.rows - 1, Math.max(top, state.cursor.line));
  const to = line === state.cursor.line ? state.cursor : inCell(line, state.goal, context);
  return moveTo({ ...state, top }, to, context, true);
}

/** `undefined` without a selection. */
export function selectionOf(
  { anchor, cursor, shape }: CopyState,
  textOf: CopyContext['textOf'],
): Selection | undefined {
  if (!anchor) return undefined;
  const forward =
    anchor.line < cursor.line || (anchor.line === cursor.line && anchor.column <= cursor.column);
  const [from, to] = forward ? [anchor, cursor] : [cursor, anchor];
  const characterOf = ({ line, column }: Place) => characterAt(textOf(line) ?? '', column);
  const rows = { first: from.line, last: to.line, rejoins: shape !== 'rectangle' };
  if (shape === 'rectangle') {
    const ends = [characterOf(from), characterOf(to)];
    const left = Math.min(...ends.map((end) => end.cell));
    const right = Math.max(...ends.map((end) => end.cell + end.cells));
    return { ...rows, columnsOf: (_line, text) => columnsOfCells(text, left, right) };
  }
  const last = characterOf(to);
  return {
    ...rows,
    columnsOf: (line, text) => ({
      from: shape === 'characters' && line === from.line ? from.column : 0,
      to: shape === 'characters' && line === to.line ? last.column + last.length : text.length,
    }),
  };
}

function show(state: CopyState, { rows, first, end }: CopyContext): CopyState {
  const { line } = state.cursor;
  const top = Math.min(Math.max(state.top, line - rows + 1), line);
  return { ...state, top: Math.max(first, Math.min(top, Math.max(first, end - rows))) };
}

const EFFECTS: Record<string, CopyEffect> = {
  q: 'leave',
  'Ctrl+C': 'leave',
  y: 'copy',
  Enter: 'copy',
  'Ctrl+Shift+C': 'copy',
  Y: 'copyLine',
  '/': 'searchDown',
  '?': 'searchUp',
  n: 'next',
  N: 'previous',
};

const SCROLLS: Record<string, (rows: number) => number> = {
  PageUp: (rows) => -(rows - 1),
  'Ctrl+B': (rows) => -(rows - 1),
  PageDown: (rows) => rows - 1,
  'Ctrl+F': (rows) => rows - 1,
  'Ctrl+U': (rows) => -Math.ceil(rows / 2),
  'Ctrl+D': (rows) => Math.ceil(rows / 2),
};

const VERTICAL = new Set(['j', 'k', 'Up', 'Down', 'Ctrl+N', 'Ctrl+P']);
const up: Motion = ({ cursor, goal }, context) => inCell(cursor.line - 1, goal, context);
const down: Motion = ({ cursor, goal }, context) => inCell(cursor.line + 1, goal, context);
const left: Motion = ({ cursor }) => ({ ...cursor, column: cursor.column - 1 });
const right: Motion = ({ cursor: { line, column } }, { textOf }) => ({
  line,
  column: column + characterAt(textOf(line) ?? '', column).length,
});
const lineStart: Motion = ({ cursor }) => ({ ...cursor, column: 0 });
const lineEnd: Motion = ({ cursor }, { textOf }) => ({
  ...cursor,
  column: Math.max(0, (textOf(cursor.line)?.length ?? 0) - 1),
});
const again: Motion = ({ cursor, jump }, context) => jump && jumpFrom(cursor, jump, context);
const jumpBack: Motion = ({ cursor, jump }, context) => jump && jumpFrom(cursor, reversed(jump), context);
const WORD = /[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+/gu;
const BIG_WORD = /\S+/g;

const MOTIONS: Record<string, Motion> = {
  h: left,
  Left: left,
  Backspace: left,
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
  '^': ({ cursor }, { textOf }) => ({
    ...cursor,
    column: Math.max(0, (textOf(cursor.line) ?? '').search(/\S/)),
  }),
  g: (_state, { first }) => ({ line: first, column: 0 }),
  G: (_state, { end }) => ({ line: end - 1, column: 0 }),
  H: ({ top }) => ({ line: top, column: 0 }),
  M: ({ top }, { rows, end }) => ({ line: Math.min(end - 1, top + Math.floor(rows / 2)), column: 0 }),
  L: ({ top }, { rows, end }) => ({ line: Math.min(end - 1, top + rows - 1), column: 0 }),
  w: (state, context) => nextWord(state.cursor, context, WORD, 'start'),
  e: (state, context) => nextWord(state.cursor, context, WORD, 'end'),
  b: (state, context) => previousWord(state.cursor, context, WORD),
  W: (state, context) => nextWord(state.cursor, context, BIG_WORD, 'start'),
  E: (state, context) => nextWord(state.cursor, context, BIG_WORD, 'end'),
  B: (state, context) => previousWord(state.cursor, context, BIG_WORD),
  ';': again,
  ',': jumpBack,
  '}': (state, context) => emptyLine(state.cursor.line, 1, context),
  '{': (state, context) => emptyLine(state.cursor.line, -1, context),
};

function inCell(line: number, cell: number, { textOf }: CopyContext): Place {
  return { line, column: characterInCell(textOf(line) ?? '', cell).column };
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

function emptyLine(from: number, by: 1 | -1, { first, end, textOf }: CopyContext): Place {
  let line = from + by;
  while (line > first && line < end - 1 && textOf(line) !== undefined && textOf(line) !== '') line += by;
  return { line, column: 0 };
}
