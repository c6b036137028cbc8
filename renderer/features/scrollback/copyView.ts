import type { PaneId } from '../../../shared/model/pane.ts';
import type { ScrollbackHit } from '../../../shared/model/scrollback.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { leaveCopyMode } from '../panes/paneCommands.ts';
import { usePaneUi } from '../panes/paneUi.ts';
import {
  type CopyContext,
  type CopyState,
  moveTo,
  type Place,
  pressInCopyMode,
  scrollBy,
  selectionOf,
  selectRow,
  selectWord,
  startCopyMode,
} from './copyMode.ts';
import { inCell, wordAt } from './copyMotions.ts';
import { type LineCache, openLineCache } from './lineCache.ts';
import { copyPlainText, plainText } from './plainText.ts';
import type { ScrollbackTarget, SearchText } from './scrollbackViews.ts';

/** Rows read before and behind those that are shown. */
const AROUND = 300;
/** Where the terminal's rows are looked for, about where they should be. */
const NEAR = 200;
const MOST_HITS = 2_000;

/** One pane's copy mode while it is open: the rows as they are read, the cursor, the search. */
export interface CopyView {
  readonly pane: PaneId;
  /** `undefined` until the first rows are there. */
  readonly state: CopyState | undefined;
  readonly cache: LineCache | undefined;
  readonly rows: number;
  /** Why nothing can be shown. */
  readonly problem: string | undefined;
  /** A search is being typed. */
  readonly asking: 'searchDown' | 'searchUp' | undefined;
  readonly search: SearchText | undefined;
  readonly note: string | undefined;
  hitsOn(line: number): readonly ScrollbackHit[];
  /** Reads; returns what stops it. */
  start(): () => void;
  press(key: string): void;
  wheel(rows: number): void;
  scrollTo(top: number): void;
  pointAt(place: Place, selecting: boolean): void;
  /** What two clicks take, or three. */
  take(what: 'word' | 'row', place: Place): void;
  setRows(rows: number): void;
  /** An expression; all in lower case finds any case, as in tmux. */
  searchFor(text: string): void;
  stopAsking(): void;
}

export function createCopyView(pane: PaneId, target: ScrollbackTarget, changed: () => void): CopyView {
  let state: CopyState | undefined;
  let cache: LineCache | undefined;
  let rows = 20;
  let problem: string | undefined;
  let asking: CopyView['asking'];
  let search: SearchText | undefined;
  let direction: 1 | -1 = -1;
  let hits: readonly ScrollbackHit[] = [];
  let byLine = new Map<number, ScrollbackHit[]>();
  let note: string | undefined;
  let stopped = false;
  let wheeled = 0;
  /** Keys that came before the rows. */
  const early: string[] = [];

  function context(): CopyContext {
    const lines = cache;
    return {
      first: lines?.first ?? 0,
      end: lines?.end ?? 0,
      rows,
      columns: lines?.columns ?? 0,
      textOf: (line) => lines?.get(line)?.text,
      isWrapped: (line) => lines?.get(line)?.wrapped === true,
    };
  }

  function set(next: CopyState): void {
    state = next;
    note = undefined;
    changed();
    readAround();
  }

  function readAround(): void {
    if (!state || !cache) return;
    const { top } = state;
    const here = cache;
    const missing = [top, top + rows - 1].some(
      (line) => line >= here.first && line < here.end && here.get(line) === undefined,
    );
    here.ensure(top - AROUND, top + rows + AROUND).then(() => missing && !stopped && changed(), say);
  }

  function say(thrown: unknown): void {
    if (stopped) return;
    note = errorOf(thrown).message;
    if (!state) problem = `What was printed cannot be read: ${note}`;
    changed();
  }

  async function begin(): Promise<void> {
    const lines = await openLineCache(pane);
    if (stopped) return;
    const { first, end } = lines;
    if (target.kind === 'hit') {
      const { line, column } = target.hit;
      await lines.ensure(line - AROUND, line + AROUND);
      cache = lines;
      const top = Math.max(first, Math.min(line - Math.floor(rows / 2), end - rows));
      state = moveTo(startCopyMode(top), { line, column }, context());
      await find(target.search, line);
    } else {
      const guess = end - target.fromEnd;
      await lines.ensure(guess - NEAR - rows, end);
      cache = lines;
      const start = matching(lines, guess, target.texts);
      const bottom = Math.max(first, end - rows);
      const top = target.atEnd ? bottom : Math.max(first, Math.min(start, bottom));
      const last = Math.max(first, Math.min(end - 1, top + rows - 1));
      // Where the terminal's cursor is, as in tmux; it may be out of view.
      const line = start + target.cursor.row;
      const isSeen = line >= top && line <= last;
      const from = isSeen ? inCell(line, target.cursor.cell, context()) : { line: last, column: 0 };
      state = moveTo(startCopyMode(top), from, context());
      if (target.entry === 'wheel') state = scrollBy(state, -3, context());
    }
    if (stopped) return;
    changed();
    readAround();
    for (const key of early.splice(0)) press(key);
  }

  async function find(wanted: SearchText, near: number): Promise<void> {
    const found = await call('scrollback.search', { pane, ...wanted, limit: MOST_HITS });
    if (stopped) return;
    search = wanted;
    hits = found.hits;
    byLine = Map.groupBy(hits, (hit) => hit.line) as Map<number, ScrollbackHit[]>;
    const index = hits.findIndex((hit) => hit.line >= near);
    note =
      hits.length === 0
        ? 'Nothing found.'
        : `${found.total} found, ${index < 0 ? hits.length : index + 1} here`;
  }

  /** From the cursor on, and round the end. */
  function goToHit(by: 1 | -1): void {
    if (!state || !search) return;
    if (hits.length === 0) {
      note = 'Nothing found.';
      changed();
      return;
    }
    const { line, column } = state.cursor;
    const after = (hit: ScrollbackHit) => hit.line > line || (hit.line === line && hit.column > column);
    const before = (hit: ScrollbackHit) => hit.line < line || (hit.line === line && hit.column < column);
    const index = by > 0 ? hits.findIndex(after) : hits.findLastIndex(before);
    const to = index >= 0 ? index : by > 0 ? 0 : hits.length - 1;
    const hit = hits[to];
    const lines = cache;
    if (!hit || !lines) return;
    lines.ensure(hit.line - AROUND, hit.line + AROUND).then(() => {
      if (stopped || !state) return;
      const middle = hit.line < state.top || hit.line >= state.top + rows;
      const from = middle ? { ...state, top: hit.line - Math.floor(rows / 2) } : state;
      set(moveTo(from, { line: hit.line, column: hit.column }, context()));
      note = `${to + 1} of ${hits.length}${index < 0 ? ', round the end' : ''}`;
      changed();
    }, say);
  }

  async function copy(what: 'copy' | 'copyLine' | 'copyToEnd' | 'append'): Promise<void> {
    if (!state || !cache) return;
    const selected = selectedFor(what, state);
    const { anchor, cursor } = selected;
    if (!anchor) {
      leaveCopyMode(pane);
      return;
    }
    const first = Math.min(anchor.line, cursor.line);
    const lines = await cache.readAll(first, Math.max(anchor.line, cursor.line) + 1);
    const selection = selectionOf(selected, (line) => lines[line - first]?.text);
    const text = selection ? plainText(lines, selection) : '';
    const copied = what === 'append' ? usePaneUi.getState().copied + text : text;
    usePaneUi.setState({ copied });
    copyPlainText(copied);
    leaveCopyMode(pane);
  }

  function selectedFor(what: 'copy' | 'copyLine' | 'copyToEnd' | 'append', here: CopyState): CopyState {
    if (what === 'copyLine') return { ...here, anchor: here.cursor, shape: 'rows' };
    if (what !== 'copyToEnd') return here;
    const from = { ...here, anchor: here.cursor, shape: 'characters' as const, count: '' };
    return pressInCopyMode(from, '$', context()).state;
  }

  function searchFrom(wanted: SearchText | undefined): void {
    if (!wanted || !state) {
      changed();
      return;
    }
    note = 'Searching…';
    changed();
    find(wanted, state.cursor.line).then(() => goToHit(direction), say);
  }

  function searchWord(): void {
    const word = state && wordAt(state.cursor, context());
    if (word !== undefined) searchFrom({ text: word, regex: false, caseSensitive: true });
  }

  function press(key: string): void {
    if (!state) {
      if (key === 'q' || key === 'Esc') leaveCopyMode(pane);
      else early.push(key);
      return;
    }
    const { state: next, effect } = pressInCopyMode(state, key, context());
    set(next);
    switch (effect) {
      case 'leave':
        leaveCopyMode(pane);
        return;
      case 'copy':
      case 'copyLine':
      case 'copyToEnd':
      case 'append':
        copy(effect).catch(say);
        return;
      case 'wordDown':
      case 'wordUp':
        direction = effect === 'wordDown' ? 1 : -1;
        searchWord();
        return;
      case 'searchDown':
      case 'searchUp':
        asking = effect;
        direction = effect === 'searchDown' ? 1 : -1;
        changed();
        return;
      case 'next':
        goToHit(direction);
        return;
      case 'previous':
        goToHit(direction === 1 ? -1 : 1);
        return;
    }
  }

  return {
    pane,
    get state() {
      return state;
    },
    get cache() {
      return cache;
    },
    get rows() {
      return rows;
    },
    get problem() {
      return problem;
    },
    get asking() {
      return asking;
    },
    get search() {
      return search;
    },
    get note() {
      return note;
    },
    hitsOn: (line) => byLine.get(line) ?? [],
    start() {
      stopped = false;
      begin().catch(say);
      return () => {
        stopped = true;
      };
    },
    press,
    wheel(by) {
      if (!state) return;
      wheeled += by;
      const whole = Math.trunc(wheeled);
      wheeled -= whole;
      if (whole === 0) return;
      // Whoever came by the wheel leaves by it, as in tmux.
      const { end } = context();
      if (whole > 0 && target.kind === 'terminal' && target.entry === 'wheel' && state.top + rows >= end)
        leaveCopyMode(pane);
      else set(scrollBy(state, whole, context()));
    },
    scrollTo(top) {
      if (state) set(scrollBy(state, top - state.top, context()));
    },
    pointAt(place, selecting) {
      if (!state) return;
      const anchor = selecting ? (state.anchor ?? state.cursor) : undefined;
      set({ ...moveTo(state, place, context()), anchor, shape: 'characters' });
    },
    take(what, place) {
      if (state) set((what === 'word' ? selectWord : selectRow)(state, place, context()));
    },
    setRows(next) {
      if (next < 1 || next === rows) return;
      rows = next;
      if (state) set(scrollBy(state, 0, context()));
    },
    searchFor(text) {
      asking = undefined;
      searchFrom(text === '' ? search : { text, regex: true, caseSensitive: text !== text.toLowerCase() });
    },
    stopAsking() {
      asking = undefined;
      changed();
    },
  };
}

/** Where the terminal's first rows stand among all: they were counted from the end, and more may have come since. */
function matching(lines: LineCache, guess: number, texts: readonly string[]): number {
  const isHere = (from: number) =>
    texts.every((text, n) => lines.get(from + n)?.text.trimEnd() === text.trimEnd());
  for (let off = 0; off <= NEAR; off++) {
    if (isHere(guess - off)) return guess - off;
    if (isHere(guess + off)) return guess + off;
  }
  return guess;
}
