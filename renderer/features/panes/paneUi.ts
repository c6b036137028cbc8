import { create } from 'zustand';
import type { PaneId } from '../../../shared/model/pane.ts';
import { usePanes } from '../../stores/panes.ts';

export type DropTarget =
  | { kind: 'swap'; pane: PaneId }
  | { kind: 'beside'; pane: PaneId; side: 'left' | 'right' | 'top' | 'bottom' }
  | { kind: 'window'; id: string };

/** What the panes show that is of the moment: nothing of it is kept. */
interface PaneUi {
  /** `prefix`: Ctrl-b was pressed, the next key is ours. `repeat`: a resize may be repeated without it. */
  keyMode: 'none' | 'prefix' | 'repeat';
  /** Panes show their numbers; a digit chooses one. */
  numbers: boolean;
  closing: PaneId | undefined;
  /** A window that is to be closed with all its panes, once that is confirmed. */
  closingWindow: string | undefined;
  /** The pane whose menu is open. */
  menu: PaneId | undefined;
  /** tmux's marked pane: what join and swap act on. */
  marked: PaneId | undefined;
  /** What was copied last in a pane, for the paste key. */
  copied: string;
  /** A pane on its way under the pointer, and where it would land. */
  dragging: { pane: PaneId; to: DropTarget | undefined } | undefined;
  renaming: string | undefined;
  paste: { pane: PaneId; text: string } | undefined;
  bells: Record<PaneId, boolean>;
  titles: Record<PaneId, string>;
}

export const usePaneUi = create<PaneUi>(() => ({
  keyMode: 'none',
  numbers: false,
  closing: undefined,
  closingWindow: undefined,
  menu: undefined,
  marked: undefined,
  copied: '',
  dragging: undefined,
  renaming: undefined,
  paste: undefined,
  bells: {},
  titles: {},
}));

export function forgetPane(pane: PaneId): void {
  usePaneUi.setState((s) => {
    const { [pane]: _bell, ...bells } = s.bells;
    const { [pane]: _title, ...titles } = s.titles;
    return {
      bells,
      titles,
      closing: s.closing === pane ? undefined : s.closing,
      menu: s.menu === pane ? undefined : s.menu,
      marked: s.marked === pane ? undefined : s.marked,
      paste: s.paste?.pane === pane ? undefined : s.paste,
    };
  });
}

/** The marked pane, while it is open. */
export function markedPane(): PaneId | undefined {
  const { marked } = usePaneUi.getState();
  return marked !== undefined && marked in usePanes.getState().byId ? marked : undefined;
}
