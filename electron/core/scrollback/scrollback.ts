import { join } from 'node:path';
import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import type { ScrollbackHits, ScrollbackLine, ScrollbackPart } from '../../../shared/model/scrollback.ts';
import { openScrollbackReader, type ScrollbackReader } from './scrollbackReader.ts';
import { type SearchedRows, type SearchQuery, searchLines } from './searchLines.ts';

/**
 * Everything that panes have printed, as rows, from their recordings: a window's terminal keeps the newest part only.
 * A recording is read when it is asked for, one at a time, and forgotten when nobody has asked for a while.
 */
export interface Scrollback extends Disposable {
  /** Rows from `from` on (negative: counted from the end). `fresh`: with what was printed since it was asked for last. */
  read(pane: PaneId, from: number, count: number, fresh: boolean): Promise<ScrollbackPart>;
  search(pane: PaneId, query: SearchQuery): Promise<ScrollbackHits>;
}

/** A dozen panes of 50,000 rows, some 100 MB; the pane that was asked about longest ago is forgotten first. */
const MOST_LINES_IN_ALL = 750_000;
const FORGET_MS = 5 * 60_000;

export function createScrollback(options: {
  castsDirectory: string;
  clock: Clock;
  /** Puts what was printed so far into the files. */
  flush: () => Promise<void>;
  sizeOf: (pane: PaneId) => { columns: number; rows: number } | undefined;
}): Scrollback {
  const { castsDirectory, clock } = options;
  /** The one asked for last is the last. */
  const readers = new Map<
    PaneId,
    { reader: ScrollbackReader; rows: ReturnType<ScrollbackReader['screen']> }
  >();
  let queue: Promise<unknown> = Promise.resolve();
  let searches: Promise<unknown> = Promise.resolve();
  const closing = new AbortController();
  let timer: Disposable | undefined;
  let disposed = false;

  /** One after another: parsing is work, and everything else that the core does goes on beside it. */
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = queue.then(run, run);
    queue = done.catch(() => {});
    return done;
  }

  function of(pane: PaneId, fresh: boolean) {
    return inTurn(async () => {
      if (disposed) throw failure('closed', 'the workspace was closed');
      timer?.dispose();
      timer = clock.after(FORGET_MS, () => forget(0));
      let known = readers.get(pane);
      if (!known || fresh) {
        await options.flush();
        const reader = known?.reader ?? (await openReader(pane));
        await reader.readOn();
        if (disposed) {
          reader.dispose();
          throw failure('closed', 'the workspace was closed');
        }
        known = { reader, rows: reader.screen() };
      }
      readers.delete(pane);
      readers.set(pane, known);
      forget(MOST_LINES_IN_ALL, pane);
      return known;
    });
  }

  async function openReader(pane: PaneId): Promise<ScrollbackReader> {
    // The id comes from a window and becomes a file name.
    if (!/^[a-z0-9]{1,64}$/.test(pane)) throw failure('not_found', 'there is no such recording');
    try {
      return await openScrollbackReader(join(castsDirectory, `${pane}.cast`), options.sizeOf(pane));
    } catch {
      throw failure('not_found', 'there is no such recording', 'Its file may have been moved or deleted.');
    }
  }

  function forget(most: number, but?: PaneId): void {
    let lines = [...readers.values()].reduce((sum, { reader }) => sum + sizeOf(reader), 0);
    for (const [pane, { reader }] of readers) {
      if (lines <= most) return;
      if (pane === but) continue;
      lines -= sizeOf(reader);
      readers.delete(pane);
      reader.dispose();
    }
  }

  return {
    async read(pane, from, count, fresh) {
      const { reader, rows } = await of(pane, fresh);
      const all = rowsOf(reader, rows);
      const begin = Math.min(all.end, Math.max(all.first, from < 0 ? all.end + from : from));
      return {
        first: all.first,
        end: all.end,
        columns: reader.columns,
        cut: reader.cut,
        from: begin,
        lines: all.slice(begin, begin + count),
      };
    },
    async search(pane, query) {
      const { reader, rows } = await of(pane, true);
      // One at a time: each takes a processor.
      const search = () => searchLines(rowsOf(reader, rows), query, clock, closing.signal);
      const done = searches.then(search, search);
      searches = done;
      return done;
    },
    dispose() {
      disposed = true;
      closing.abort(failure('closed', 'the workspace was closed'));
      timer?.dispose();
      for (const { reader } of readers.values()) reader.dispose();
      readers.clear();
    },
  };
}

/** Those that have left the screen, then those that were on it. */
function rowsOf({ lines }: ScrollbackReader, screen: readonly ScrollbackLine[]): SearchedRows {
  const { first, end } = lines;
  return {
    first,
    end: end + screen.length,
    slice: (from, to) => [
      ...lines.slice(from, Math.min(to, end)),
      ...screen.slice(Math.max(0, from - end), Math.max(0, to - end)),
    ],
  };
}

function sizeOf({ lines }: ScrollbackReader): number {
  return lines.end - lines.first;
}
