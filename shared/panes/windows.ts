import type { PaneId } from '../model/pane.ts';
import { type Arrangement, arrange } from './arrangements.ts';
import type { LayoutNode, LayoutState, LayoutWindow } from './layoutState.ts';
import {
  beside,
  DEEPEST,
  depthOf,
  leaf,
  panesOf,
  refill,
  replacePane,
  tooMany,
  withoutPane,
} from './tree.ts';

/** A window of these panes, tiled if nothing else is said. A `root` holds exactly these panes. */
export interface OpenWindow {
  type: 'openWindow';
  id: string;
  name: string;
  panes: readonly PaneId[];
  arrangement?: Arrangement;
  root?: LayoutNode;
}

/** A pane (the active one) becomes a window of its own. */
export interface BreakPane {
  type: 'break';
  pane?: PaneId;
  id: string;
  name: string;
}

/** A pane moves beside another, of its own window or of another: on its right or below it, or `before` it. */
export interface JoinPane {
  type: 'join';
  pane: PaneId;
  to: PaneId;
  direction: 'row' | 'column';
  before?: boolean;
}

export function openWindow(state: LayoutState, action: OpenWindow): LayoutState {
  const first = action.panes[0];
  if (
    first === undefined ||
    action.panes.some((p) => windowOf(state, p)) ||
    state.windows.some((w) => w.id === action.id)
  )
    return state;
  const window: LayoutWindow = {
    id: action.id,
    name: action.name.slice(0, 200),
    root: action.root ?? arrange(action.arrangement ?? 'tiled', action.panes),
    active: first,
  };
  return selectWindow({ ...state, windows: [...state.windows, window] }, action.id);
}

export function closePane(state: LayoutState, pane: PaneId): LayoutState {
  const window = windowOf(state, pane);
  if (!window) return state;
  const root = withoutPane(window.root, pane);
  if (!root) return closeWindow(state, window.id);
  const panes = panesOf(window.root);
  const left = panesOf(root);
  const beside = left[Math.max(0, panes.indexOf(pane) - 1)] ?? window.active;
  const active = window.active !== pane ? window.active : (window.lastActive ?? beside);
  const { lastActive, zoomed } = window;
  return changeWindow(state, window.id, (w) => ({
    ...w,
    root,
    active: left.includes(active) ? active : beside,
    lastActive: lastActive === pane || lastActive === active ? undefined : lastActive,
    zoomed: zoomed === pane ? undefined : zoomed,
  }));
}

export function closeWindow(state: LayoutState, id: string): LayoutState {
  const index = state.windows.findIndex((w) => w.id === id);
  const windows = state.windows.filter((w) => w.id !== id);
  const last = windows.find((w) => w.id === state.lastWindow);
  if (state.activeWindow !== id) return { ...state, windows, lastWindow: last?.id };
  const next = last ?? windows[Math.min(index, windows.length - 1)];
  return { windows, activeWindow: next?.id ?? '' };
}

export function breakPane(state: LayoutState, action: BreakPane): LayoutState {
  const window = action.pane === undefined ? activeWindow(state) : windowOf(state, action.pane);
  if (!window || panesOf(window.root).length < 2) return state;
  const pane = action.pane ?? window.active;
  return openWindow(closePane(state, pane), {
    type: 'openWindow',
    id: action.id,
    name: action.name,
    panes: [pane],
  });
}

export function focus(window: LayoutWindow, pane: PaneId): LayoutWindow {
  if (window.active === pane || !panesOf(window.root).includes(pane)) return window;
  // A zoomed window shows what is active, or the keys would go to a pane that is not seen.
  return {
    ...window,
    active: pane,
    lastActive: window.active,
    zoomed: window.zoomed === undefined ? undefined : pane,
  };
}

export function swap(window: LayoutWindow, a: PaneId, b: PaneId): LayoutWindow {
  const panes = panesOf(window.root);
  if (a === b || !panes.includes(a) || !panes.includes(b)) return window;
  return {
    ...window,
    root: refill(
      window.root,
      panes.map((p) => (p === a ? b : p === b ? a : p)),
    ),
    zoomed: undefined,
  };
}

export function selectWindow(state: LayoutState, id: string | undefined): LayoutState {
  if (id === undefined || id === state.activeWindow || !state.windows.some((w) => w.id === id)) return state;
  const before = state.windows.some((w) => w.id === state.activeWindow) ? state.activeWindow : undefined;
  return { ...state, activeWindow: id, lastWindow: before };
}

export function changeWindow(
  state: LayoutState,
  id: string | undefined,
  change: (w: LayoutWindow) => LayoutWindow,
): LayoutState {
  const index = state.windows.findIndex((w) => w.id === id);
  const window = state.windows[index];
  if (!window) return state;
  const changed = change(window);
  return changed === window ? state : { ...state, windows: state.windows.with(index, changed) };
}

function activeWindow(state: LayoutState): LayoutWindow | undefined {
  return state.windows.find((w) => w.id === state.activeWindow);
}

export function windowOf(state: LayoutState, pane: PaneId): LayoutWindow | undefined {
  return state.windows.find((w) => panesOf(w.root).includes(pane));
}

export function windowAt(state: LayoutState, by: number): LayoutWindow | undefined {
  const index = state.windows.findIndex((w) => w.id === state.activeWindow);
  return state.windows[(index + by + state.windows.length) % state.windows.length];
}

/** tmux's join-pane and move-pane: the pane takes half of the other's place, and the focus. */
export function joinPane(state: LayoutState, { pane, to, direction, before }: JoinPane): LayoutState {
  const target = windowOf(state, to);
  if (pane === to || !target || !windowOf(state, pane)) return state;
  const rest = closePane(state, pane);
  const window = rest.windows.find((w) => w.id === target.id);
  if (!window) return state;
  const root = replacePane(window.root, to, beside(direction, before ? [pane, to] : [to, pane]));
  if (depthOf(root) > DEEPEST || tooMany(root)) return state;
  const joined = changeWindow(rest, window.id, (w) => focus({ ...w, root, zoomed: undefined }, pane));
  return selectWindow(joined, window.id);
}

/** Two panes change places, also from window to window. */
export function swapPanes(state: LayoutState, a: PaneId, b: PaneId): LayoutState {
  const [from, to] = [windowOf(state, a), windowOf(state, b)];
  if (!from || !to) return state;
  if (from.id === to.id) return changeWindow(state, from.id, (w) => swap(w, a, b));
  const put = (pane: PaneId, by: PaneId) => (w: LayoutWindow) => {
    const taken = (one: PaneId | undefined) => (one === pane ? by : one);
    return {
      ...w,
      root: replacePane(w.root, pane, leaf(by)),
      active: w.active === pane ? by : w.active,
      lastActive: taken(w.lastActive),
      zoomed: taken(w.zoomed),
    };
  };
  return changeWindow(changeWindow(state, from.id, put(a, b)), to.id, put(b, a));
}

/** The window changes places with the one after it, or before it; past the end it comes out on the other side. */
export function moveWindow(state: LayoutState, by: 1 | -1): LayoutState {
  const { windows } = state;
  const from = windows.findIndex((w) => w.id === state.activeWindow);
  const window = windows[from];
  if (!window || windows.length < 2) return state;
  const others = windows.toSpliced(from, 1);
  return { ...state, windows: others.toSpliced((from + by + windows.length) % windows.length, 0, window) };
}
