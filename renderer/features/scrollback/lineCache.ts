import type { PaneId } from '../../../shared/model/pane.ts';
import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';
import { call } from '../../stores/connection.ts';

const PAGE = 400;
/** Some ten thousand rows a view; what was looked at longest ago goes first. */
const MOST_PAGES = 25;

/** Rows of a pane as they are needed: pages from the core, the last ones kept. The pane is frozen as it was at `open`. */
export interface LineCache {
  readonly first: number;
  readonly end: number;
  readonly cut: boolean;
  /** Of the terminal. */
  readonly columns: number;
  /** `undefined`: not read yet, or out of range. */
  get(line: number): ScrollbackLine | undefined;
  /** Resolves when the rows are there. Throws as `scrollback.read` does. */
  ensure(from: number, to: number): Promise<void>;
  /** Rows [from, to) for copying; not kept. */
  readAll(from: number, to: number): Promise<ScrollbackLine[]>;
}

export async function openLineCache(pane: PaneId): Promise<LineCache> {
  const { first, end, cut, columns } = await call('scrollback.read', {
    pane,
    from: -1,
    count: 1,
    fresh: true,
  });
  const pages = new Map<number, Promise<void> | ScrollbackLine[]>();

  async function load(page: number): Promise<void> {
    const part = await call('scrollback.read', { pane, from: page * PAGE, count: PAGE });
    // The oldest may have gone since: they are shown as empty.
    const lines = Array.from(
      { length: PAGE },
      (_, n) => part.lines[page * PAGE + n - part.from] ?? { text: '', at: 0 },
    );
    pages.delete(page);
    pages.set(page, lines);
    for (const oldest of pages.keys()) {
      if (pages.size <= MOST_PAGES) break;
      pages.delete(oldest);
    }
  }

  return {
    first,
    end,
    cut,
    columns,
    get(line) {
      if (line < first || line >= end) return undefined;
      const page = pages.get(Math.floor(line / PAGE));
      return Array.isArray(page) ? page[line % PAGE] : undefined;
    },
    async ensure(from, to) {
      const [begin, stop] = [Math.max(first, from), Math.min(end, to)];
      const wanted: Promise<void>[] = [];
      for (let page = Math.floor(begin / PAGE); page * PAGE < stop; page++) {
        const known = pages.get(page);
        if (Array.isArray(known)) continue;
        const loading = known ?? load(page);
        if (!known) {
          pages.set(page, loading);
          loading.catch(() => pages.delete(page));
        }
        wanted.push(loading);
      }
      await Promise.all(wanted);
    },
    async readAll(from, to) {
      const lines: ScrollbackLine[] = [];
      for (let at = Math.max(first, from); at < Math.min(end, to); ) {
        const part = await call('scrollback.read', { pane, from: at, count: Math.min(2_000, to - at) });
        if (part.lines.length === 0) break;
        lines.push(...part.lines);
        at = part.from + part.lines.length;
      }
      return lines;
    },
  };
}
