import { create } from 'zustand';
import type { PaneId } from '../../../shared/model/pane.ts';

/** What the panes show that is of the moment: nothing of it is kept. */
interface PaneUi {
  /** `prefix`: Ctrl-b was pressed, the next key is ours. `repeat`: a resize may be repeated without it. */
  keyMode: 'none' | 'prefix' | 'repeat';
  /** Panes show their numbers; a digit chooses one. */
  numbers: boolean;
  /** Keys scroll this pane instead of reaching its shell. */
  scrolling: PaneId | undefined;
  searching: PaneId | undefined;
  closing: PaneId | undefined;
  renaming: string | undefined;
  paste: { pane: PaneId; text: string } | undefined;
  bells: Record<PaneId, boolean>;
  titles: Record<PaneId, string>;
}

export const usePaneUi = create<PaneUi>(() => ({
  keyMode: 'none',
  numbers: false,
  scrolling: undefined,
  searching: undefined,
  closing: undefined,
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
      scrolling: s.scrolling === pane ? undefined : s.scrolling,
      searching: s.searching === pane ? undefined : s.searching,
      closing: s.closing === pane ? undefined : s.closing,
      paste: s.paste?.pane === pane ? undefined : s.paste,
    };
  });
}
