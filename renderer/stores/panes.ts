import { create } from 'zustand';
import type { PaneId, PaneSummary } from '../../shared/model/pane.ts';
import { type LayoutAction, panesOf, reduceLayout } from '../../shared/panes/layout.ts';
import type { LayoutState } from '../../shared/panes/layoutState.ts';

interface PanesState {
  byId: Record<PaneId, PaneSummary>;
  layout: LayoutState;
}

export const EMPTY_LAYOUT: LayoutState = { windows: [], activeWindow: '' };

export const usePanes = create<PanesState>(() => ({ byId: {}, layout: EMPTY_LAYOUT }));

/** Changes the layout here; `features/panes/saveLayout` tells the core a little later. */
export function dispatchLayout(action: LayoutAction): void {
  usePanes.setState((state) => {
    const layout = reduceLayout(state.layout, action);
    return layout === state.layout ? state : { layout };
  });
}

export function putPane(pane: PaneSummary): void {
  usePanes.setState((state) => ({ byId: { ...state.byId, [pane.id]: pane } }));
}

export function closePaneLocally(pane: PaneId): void {
  usePanes.setState((state) => {
    const { [pane]: _closed, ...byId } = state.byId;
    return { byId, layout: reduceLayout(state.layout, { type: 'close', pane }) };
  });
}

/** The active pane of the active window. */
export function activePane(state: PanesState = usePanes.getState()): PaneSummary | undefined {
  const window = state.layout.windows.find((w) => w.id === state.layout.activeWindow);
  return window ? state.byId[window.active] : undefined;
}

export function placedPanes(layout: LayoutState): PaneId[] {
  return layout.windows.flatMap((w) => panesOf(w.root));
}
