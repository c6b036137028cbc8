import { characterAt, characterInCell, columnsOfCells } from './characters.ts';
import { AT_THE_END, again, inCell, MOTIONS, type Motion, VERTICAL } from './copyMotions.ts';
import type { Jump, JumpKey } from './jump.ts';

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
  /** A place to come back to. */
  mark: Place | undefined;
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

export type CopyEffect =
  | 'leave'
  | 'copy'
  | 'copyLine'
  /** From the cursor to the end of the line. */
  | 'copyToEnd'
  /** Behind what was copied before. */
  | 'append'
  | 'searchDown'
  | 'searchUp'
  /** For the word at the cursor. */
  | 'wordDown'
  | 'wordUp'
  | 'next'
  | 'previous';

/** What is selected of each row from the first to the last. */
export interface Selection {
  first: number;
  last: number;
  /** Rows that the width broke are one line of text. */
  rejoins: boolean;
  /** As columns of the row's text; `to` is behind the last. */
  columnsOf(line: number, text: string): { from: number; to: number };
}

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
    mark: undefined,
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
    case 'X':
      return { state: { ...plain, mark: state.cursor } };
  }
  const scroll = SCROLLS[key];
  if (scroll) {
    const by = scroll(context.rows) * times;
    const to = inCell(state.cursor.line + by, state.goal, context);
    return { state: moveTo(scrollBy(plain, by, context), to, context, true) };
  }
  const rows = ROW_SCROLLS[key];
  if (rows !== undefined) {
    // Where the text does not move, neither does the cursor.
    const scrolled = scrollBy(plain, rows * times, context);
    const to = inCell(state.cursor.line + scrolled.top - state.top, state.goal, context);
    return { state: moveTo(scrolled, to, context, true) };
  }
  const motion = MOTIONS[key];
  if (!motion) return { state: plain };
  const moved = repeat(state, context, motion, VERTICAL.has(key));
  return { state: key === '$' || key === 'End' ? { ...moved, goal: AT_THE_END } : moved };
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

/** The word at a place selected, as a double click does; of what is no word, the whole row. */
export function selectWord(state: CopyState, at: Place, context: CopyContext): CopyState {
  const words = [...(context.textOf(at.line) ?? '').matchAll(/[^\s()[\]{}'",;|`]+/g)];
  const word = words.find(({ 0: text, index }) => at.column >= index && at.column < index + text.length);
  if (!word) return selectRow(state, at, context);
  const anchor = { line: at.line, column: word.index };
  const end = { line: at.line, column: word.index + word[0].length - 1 };
  return moveTo({ ...state, anchor, shape: 'characters' }, end, context);
}

export function selectRow(state: CopyState, at: Place, context: CopyContext): CopyState {
  const row = { line: at.line, column: 0 };
  return moveTo({ ...state, anchor: row, shape: 'rows' }, row, context);
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
  'Ctrl+J': 'copy',
  'Ctrl+Shift+C': 'copy',
  Y: 'copyLine',
  D: 'copyToEnd',
  A: 'append',
  '/': 'searchDown',
  '?': 'searchUp',
  '*': 'wordDown',
  '#': 'wordUp',
  n: 'next',
  N: 'previous',
};

/** A page leaves two rows of the last one in view. */
const page = (rows: number) => Math.max(1, rows - 2);
const half = (rows: number) => Math.max(1, Math.floor(rows / 2));

/** Rows by which the text moves, and the cursor with it: it stays in its place of the screen, as in tmux. */
const SCROLLS: Record<string, (rows: number) => number> = {
  PageUp: (rows) => -page(rows),
  'Ctrl+B': (rows) => -page(rows),
  PageDown: page,
  'Ctrl+F': page,
  'Ctrl+U': (rows) => -half(rows),
  'Ctrl+D': half,
};
const ROW_SCROLLS: Record<string, 1 | -1> = {
  K: -1,
  'Ctrl+Y': -1,
  'Ctrl+Up': -1,
  J: 1,
  'Ctrl+E': 1,
  'Ctrl+Down': 1,
};
