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
  /** The column that up and down come back to. */
  goal: number;
  /** Where the selection began; it goes to the cursor. */
  anchor: Place | undefined;
  /** Whole rows are selected. */
  byLine: boolean;
  /** Digits typed so far: how often the next motion is done. */
  count: string;
}

export interface CopyContext {
  first: number;
  end: number;
  /** Shown at once. */
  rows: number;
  /** `undefined`: not read yet. */
  textOf(line: number): string | undefined;
}

export type CopyEffect = 'leave' | 'copy' | 'copyLine' | 'searchDown' | 'searchUp' | 'next' | 'previous';

type Motion = (state: CopyState, context: CopyContext) => Place | undefined;

export function startCopyMode(top: number, cursor: Place): CopyState {
  return { top, cursor, goal: cursor.column, anchor: undefined, byLine: false, count: '' };
}

/** What a key does. Keys are in the notation of shell/keys.ts. */
export function pressInCopyMode(
  state: CopyState,
  key: string,
  context: CopyContext,
): { state: CopyState; effect?: CopyEffect } {
  if (/^[1-9]$/.test(key) || (key === '0' && state.count !== ''))
    return { state: { ...state, count: (state.count + key).slice(0, 6) } };
  const times = Math.max(1, Number(state.count));
  const plain = { ...state, count: '' };
  const effect = EFFECTS[key];
  if (effect) return { state: plain, effect };
  switch (key) {
    case 'Esc':
      return state.anchor ? { state: { ...plain, anchor: undefined } } : { state: plain, effect: 'leave' };
    case 'v':
    case 'Space':
    case 'V': {
      const byLine = key === 'V';
      const off = state.anchor !== undefined && state.byLine === byLine && key !== 'Space';
      return { state: { ...plain, byLine, anchor: off ? undefined : state.cursor } };
    }
    case 'o':
      return {
        state: state.anchor ? show({ ...plain, anchor: state.cursor, cursor: state.anchor }, context) : plain,
      };
    case 'Ctrl+Y':
    case 'Ctrl+E':
      return { state: scrollBy(plain, (key === 'Ctrl+E' ? 1 : -1) * times, context) };
  }
  const scroll = SCROLLS[key];
  if (scroll) {
    const by = scroll(context.rows) * times;
    return {
      state: moveTo(
        scrollBy(plain, by, context),
        { line: state.cursor.line + by, column: state.goal },
        context,
        true,
      ),
    };
  }
  const motion = MOTIONS[key];
  if (!motion) return { state: plain };
  const vertical = VERTICAL.has(key);
  let next = plain;
  for (let n = 0; n < times; n++) {
    const to = motion(next, context);
    if (!to) break;
    next = moveTo(next, to, context, vertical);
  }
  return { state: next };
}

/** The cursor at a place, and the place in view. */
export function moveTo(state: CopyState, to: Place, context: CopyContext, keepGoal = false): CopyState {
  const line = Math.min(Math.max(to.line, context.first), Math.max(context.first, context.end - 1));
  const length = context.textOf(line)?.length ?? 0;
  const column = Math.max(0, Math.min(to.column, length));
  return show({ ...state, cursor: { line, column }, goal: keepGoal ? state.goal : to.column }, context);
}

/** Other rows in view; the cursor stays on the screen. */
export function scrollBy(state: CopyState, by: number, context: CopyContext): CopyState {
  const most = Math.max(context.first, context.end - context.rows);
  const top = Math.min(most, Math.max(context.first, state.top + by));
  const line = Math.min(top + context.rows - 1, Math.max(top, state.cursor.line));
  return {
    ...state,
    top,
    cursor: { line: Math.min(line, Math.max(context.first, context.end - 1)), column: state.cursor.column },
  };
}

/** From the first to just behind the last character that is selected; `undefined` without a selection. */
export function selectionOf({ anchor, cursor, byLine }: CopyState): { from: Place; to: Place } | undefined {
  if (!anchor) return undefined;
  const forward =
    anchor.line < cursor.line || (anchor.line === cursor.line && anchor.column <= cursor.column);
  const [from, last] = forward ? [anchor, cursor] : [cursor, anchor];
  if (byLine)
    return {
      from: { line: from.line, column: 0 },
      to: { line: last.line, column: Number.POSITIVE_INFINITY },
    };
  return { from, to: { line: last.line, column: last.column + 1 } };
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
const up: Motion = ({ cursor, goal }) => ({ line: cursor.line - 1, column: goal });
const down: Motion = ({ cursor, goal }) => ({ line: cursor.line + 1, column: goal });
const left: Motion = ({ cursor }) => ({ ...cursor, column: cursor.column - 1 });
const right: Motion = ({ cursor }) => ({ ...cursor, column: cursor.column + 1 });
const lineStart: Motion = ({ cursor }) => ({ ...cursor, column: 0 });
const lineEnd: Motion = ({ cursor }, { textOf }) => ({
  ...cursor,
  column: Math.max(0, (textOf(cursor.line)?.length ?? 0) - 1),
});
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
  '}': (state, context) => emptyLine(state.cursor.line, 1, context),
  '{': (state, context) => emptyLine(state.cursor.line, -1, context),
};

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
