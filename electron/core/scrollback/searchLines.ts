import { createContext, Script } from 'node:vm';
import { failure } from '../../../shared/contract/errors.ts';
import {
  type ScrollbackHit,
  type ScrollbackHits,
  type ScrollbackLine,
  SEARCH_MOST,
} from '../../../shared/model/scrollback.ts';

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
const SLICE_MS = 400;
const SHOWN_CHARACTERS = 400;

/** Runs in a context of its own, because only there a pattern can be stopped. Positions of the matches, flat. */
const FIND = new Script(`
  (() => {
    const found = [];
    for (let n = 0; n < texts.length; n++) {
      pattern.lastIndex = 0;
      for (let match; (match = pattern.exec(texts[n])) !== null; ) {
        if (match[0].length === 0) pattern.lastIndex++;
        else found.push(n, match.index, match[0].length);
      }
    }
    return found.join(' ');
  })()
`);

/** Searches rows, taking together those that the width broke. Throws `refused` for a pattern that cannot be used. */
export async function searchLines(rows: SearchedRows, query: SearchQuery): Promise<ScrollbackHits> {
  const { first, end: last } = rows;
  const pattern = patternOf(query);
  const hits: ScrollbackHit[] = [];
  let total = 0;
  // From the newest back: the newest are kept when there are too many.
  for (let end = last; end > first && total < SEARCH_MOST; ) {
    let begin = Math.max(first, end - LINES_AT_ONCE);
    while (begin > first && rows.slice(begin, begin + 1)[0]?.wrapped) begin--;
    const lines = rows.slice(begin, end);
    const found = findIn(lines, pattern);
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
    await new Promise(setImmediate);
  }
  return { hits: hits.reverse(), total: Math.min(total, SEARCH_MOST), first, end: last };
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

function findIn(
  lines: readonly ScrollbackLine[],
  pattern: RegExp,
): { line: number; column: number; length: number }[] {
  const texts: string[] = [];
  /** The rows of each text. */
  const rows: number[][] = [];
  for (const [n, line] of lines.entries()) {
    if (line.wrapped && texts.length > 0) {
      texts[texts.length - 1] += line.text;
      rows.at(-1)?.push(n);
    } else {
      texts.push(line.text);
      rows.push([n]);
    }
  }
  let answer: string;
  try {
    answer = FIND.runInContext(createContext({ texts, pattern }), { timeout: SLICE_MS }) as string;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw failure(
      'refused',
      'this expression takes too long on what was printed',
      'Say more plainly what repeats: (a+)+ tries every way to part the text.',
    );
  }
  const numbers = answer === '' ? [] : answer.split(' ').map(Number);
  const found: { line: number; column: number; length: number }[] = [];
  for (let n = 0; n < numbers.length; n += 3) {
    const [text = 0, index = 0, length = 0] = numbers.slice(n, n + 3);
    let column = index;
    let line = rows[text]?.[0] ?? 0;
    for (const row of rows[text] ?? []) {
      line = row;
      const here = lines[row]?.text.length ?? 0;
      if (column < here) break;
      column -= here;
    }
    found.push({ line, column, length });
  }
  return found;
}
