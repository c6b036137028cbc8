import { create } from 'zustand';
import type { PaneId } from '../../../shared/model/pane.ts';
import type { ScrollbackHit } from '../../../shared/model/scrollback.ts';

export interface SearchText {
  text: string;
  regex: boolean;
  caseSensitive: boolean;
}

/** Where a view of what a pane has printed begins. */
export type ScrollbackTarget =
  /** Where the terminal stands: so many rows before the end, beginning with these texts; or at the end itself. */
  | {
      kind: 'terminal';
      entry: 'keys' | 'wheel';
      fromEnd: number;
      texts: readonly string[];
      atEnd: boolean;
      /** The terminal's own, from the first row in view. */
      cursor: { row: number; cell: number };
    }
  | { kind: 'hit'; hit: ScrollbackHit; search: SearchText };

interface ScrollbackViews {
  /** A pane with a view takes keys as copy mode does; its shell goes on behind it. */
  views: Record<PaneId, { serial: number; target: ScrollbackTarget }>;
}

export const useScrollback = create<ScrollbackViews>(() => ({ views: {} }));

/** What takes the focus of a pane with a view. */
export const viewElements = new Map<PaneId, HTMLElement>();

let serial = 0;

export function openScrollback(pane: PaneId, target: ScrollbackTarget): void {
  serial++;
  useScrollback.setState(({ views }) => ({ views: { ...views, [pane]: { serial, target } } }));
}

export function closeScrollback(pane: PaneId): void {
  useScrollback.setState(({ views }) => {
    if (!(pane in views)) return { views };
    const { [pane]: _closed, ...others } = views;
    return { views: others };
  });
}
