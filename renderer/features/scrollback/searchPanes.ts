import { create } from 'zustand';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import type { ScrollbackHit } from '../../../shared/model/scrollback.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { activePane, placedPanes, usePanes } from '../../stores/panes.ts';
import type { SearchText } from './scrollbackViews.ts';

export interface PaneHit {
  pane: PaneId;
  host: HostId;
  hit: ScrollbackHit;
}

interface PaneSearch extends SearchText {
  /** Else the active one alone. */
  all: boolean;
  /** Newest first, whoever printed it; or pane by pane, as it was printed. */
  order: 'time' | 'host';
  found: readonly PaneHit[];
  /** More than are listed. */
  total: number;
  /** Panes that were read, of how many; `undefined` before the first search. */
  progress: { read: number; of: number } | undefined;
  problem: string | undefined;
}

export const usePaneSearch = create<PaneSearch>(() => ({
  text: '',
  regex: false,
  caseSensitive: false,
  all: false,
  order: 'time',
  found: [],
  total: 0,
  progress: undefined,
  problem: undefined,
}));

/** Of one pane; the newest. What is on the screen must stay readable. */
const MOST_A_PANE = 300;

let latest = 0;

/** Searches pane after pane, so that the first hits are there at once; another search ends this one. */
export async function searchPanes(): Promise<void> {
  const own = ++latest;
  const { text, regex, caseSensitive, all } = usePaneSearch.getState();
  const { layout, byId } = usePanes.getState();
  const active = activePane()?.id;
  const placed = all ? placedPanes(layout) : active === undefined ? [] : [active];
  const panes = placed.filter((pane) => pane in byId);
  usePaneSearch.setState({
    found: [],
    total: 0,
    problem: undefined,
    progress: { read: 0, of: panes.length },
  });
  for (const [index, pane] of panes.entries()) {
    try {
      const { hits, total } = await call('scrollback.search', {
        pane,
        text,
        regex,
        caseSensitive,
        limit: MOST_A_PANE,
      });
      if (own !== latest) return;
      const host = byId[pane]?.host ?? ('' as HostId);
      usePaneSearch.setState((s) => ({
        found: sorted([...s.found, ...hits.map((hit) => ({ pane, host, hit }))], s.order),
        total: s.total + total,
        progress: { read: index + 1, of: panes.length },
      }));
    } catch (thrown) {
      if (own !== latest) return;
      const { message, advice } = errorOf(thrown);
      usePaneSearch.setState({ problem: advice ? `${message}. ${advice}` : message, progress: undefined });
      return;
    }
  }
}

export function orderHits(order: 'time' | 'host'): void {
  usePaneSearch.setState((s) => ({ order, found: sorted(s.found, order) }));
}

function sorted(found: readonly PaneHit[], order: 'time' | 'host'): PaneHit[] {
  const panes = [...new Set(found.map((one) => one.pane))];
  const place = new Map(panes.map((pane, index) => [pane, index]));
  if (order === 'time')
    return found.toSorted(
      (a, b) =>
        b.hit.at - a.hit.at || (place.get(a.pane) ?? 0) - (place.get(b.pane) ?? 0) || b.hit.line - a.hit.line,
    );
  return found.toSorted(
    (a, b) => (place.get(a.pane) ?? 0) - (place.get(b.pane) ?? 0) || a.hit.line - b.hit.line,
  );
}
