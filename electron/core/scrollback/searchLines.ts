import type { Clock } from '../../../shared/base/clock.ts';
import { failure } from '../../../shared/contract/errors.ts';
import {
  type ScrollbackHit,
  type ScrollbackHits,
  type ScrollbackLine,
  SEARCH_MOST,
} from '../../../shared/model/scrollback.ts';
import { startPatternThread } from './patternThread.ts';

export interface SearchQuery {
  text: string;
  regex: boolean;
  caseSensitive: boolean;
  /** Hits that are returned, the newest. */
  limit: number;
}

/** Rows [first, end), read a part at a time. */
export interface SearchedRows {
  first: number;
  end: number;
  slice(from: number, to: number): ScrollbackLine[];
}

const LINES_AT_ONCE = 5_000;
/** A pattern that backtracks without end is stopped: hosts write the text that it runs over. */
const BOUND_MS = 5_000;
const SHOWN_CHARACTERS = 400;

/**
 * Searches rows, taking together those that the width broke. Throws `refused` for a pattern that cannot be used, or that
 * takes too long.
 */
export async function searchLines(
  rows: SearchedRows,
  query: SearchQuery,
  clock: Clock,
  signal: AbortSignal,
): Promise<ScrollbackHits> {
  signal.throwIfAborted();
  const { first, end: last } = rows;
  const thread = startPatternThread(patternOf(query));
  let late = false;
  const bound = clock.after(BOUND_MS, () => {
    late = true;
    thread.dispose();
  });
  signal.addEventListener('abort', thread.dispose, { once: true });
  const hits: ScrollbackHit[] = [];
  let total = 0;
  try {
    // From the newest back: the newest are kept when there are too many.
    for (let end = last; end > first && total < SEARCH_MOST; ) {
      const lines = wholeLines(rows, end);
      const begin = end - lines.length;
      const { texts, rowsOf } = textsOf(lines);
      const found = hitsOf(await thread.find(texts, SEARCH_MOST - total), lines, rowsOf);
      total += found.length;
      for (let n = found.length - 1; n >= 0 && hits.length < query.limit; n--) {
        const hit = found[n];
        const line = hit && lines[hit.line];
        if (!line) continue;
        const from = Math.max(0, hit.column - SHOWN_CHARACTERS / 2);
        hits.push({
          ...hit,
          line: begin + hit.line,
          at: line.at,
          text: line.text.slice(from, from + SHOWN_CHARACTERS),
        });
      }
      end = begin;
    }
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw failure(
      'refused',
      late ? `the search was stopped after ${BOUND_MS / 1_000} s` : why.slice(0, 200),
      'Say more plainly what repeats: (a+)+ tries every way to part the text.',
    );
  } finally {
    bound.dispose();
    signal.removeEventListener('abort', thread.dispose);
    thread.dispose();
  }
  return { hits: hits.reverse(), total, first, end: last };
}

/** The rows before `end`, from where a line begins, unless that is very far back. */
function wholeLines(rows: SearchedRows, end: number): ScrollbackLine[] {
  const begin = Math.max(rows.first, end - LINES_AT_ONCE);
  const lines = rows.slice(begin, end);
  if (!lines[0]?.wrapped) return lines;
  const before = rows.slice(Math.max(rows.first, begin - LINES_AT_ONCE), begin);
  const start = before.findLastIndex((line) => !line.wrapped);
  return [...before.slice(Math.max(0, start)), ...lines];
}

function patternOf({ text, regex, caseSensitive }: SearchQuery): RegExp {
  const source = regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  try {
    return new RegExp(source, caseSensitive ? 'g' : 'gi');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw failure('refused', why, 'Mend the expression, or search for plain text.');
  }
}

/** The lines, and the number of each one's first row. */
function textsOf(lines: readonly ScrollbackLine[]): { texts: string[]; rowsOf: number[] } {
  const texts: string[] = [];
  const rowsOf: number[] = [];
  for (const [n, line] of lines.entries()) {
    if (line.wrapped && texts.length > 0) {
      texts[texts.length - 1] += line.text;
    } else {
      texts.push(line.text);
      rowsOf.push(n);
    }
  }
  return { texts, rowsOf };
}

/** Matches as rows and columns. They stand in order, so each is looked for from the row of the last one on. */
function hitsOf(
  matches: Uint32Array,
  lines: readonly ScrollbackLine[],
  rowsOf: readonly number[],
): { line: number; column: number; length: number }[] {
  const found: { line: number; column: number; length: number }[] = [];
  let line = -1;
  /** Where the row begins in its line. */
  let start = 0;
  for (let n = 0; n < matches.length; n += 3) {
    const [text = 0, index = 0, length = 0] = matches.subarray(n, n + 3);
    const first = rowsOf[text] ?? 0;
    if (line < first) {
      line = first;
      start = 0;
    }
    for (let here = lines[line]; here && index >= start + here.text.length; here = lines[line]) {
      start += here.text.length;
      line++;
    }
    found.push({ line, column: index - start, length });
  }
  return found;
}
