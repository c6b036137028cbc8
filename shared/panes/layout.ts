import type { PaneId } from '../model/pane.ts';
import { type Arrangement, arrange, nextArrangement } from './arrangements.ts';
import { type Direction, neighbour, rectangles } from './geometry.ts';
import type { LayoutNode, LayoutState, LayoutWindow } from './layoutState.ts';
import {
  beside,
  DEEPEST,
  depthOf,
  evened,
  leaf,
  nodeAt,
  panesOf,
  pathTo,
  refill,
  replacePane,
  reweigh,
  tooMany,
} from './tree.ts';
import {
  type BreakPane,
  breakPane,
  changeWindow,
  closePane,
  focus,
  type JoinPane,
  joinPane,
  moveWindow,
  type OpenWindow,
  openWindow,
  selectWindow,
  swap,
  swapPanes,
  windowAt,
  windowOf,
} from './windows.ts';

export { panesOf } from './tree.ts';

/** What can be done to a layout. Without a `pane`, the active pane of the active window is meant. */
export type LayoutAction =
  | OpenWindow
  | { type: 'selectWindow'; id: string }
  | { type: 'nextWindow' }
  | { type: 'previousWindow' }
  | { type: 'lastWindow' }
  | { type: 'renameWindow'; id?: string; name: string }
  /** `row`: the new pane stands to the right; `column`: below. It takes half. */
  | { type: 'split'; pane?: PaneId; direction: 'row' | 'column'; added: PaneId }
  | { type: 'close'; pane: PaneId }
  | { type: 'replace'; pane: PaneId; by: PaneId }
  | BreakPane
  | JoinPane
  | { type: 'moveWindow'; by: 1 | -1 }
  | { type: 'focus'; pane: PaneId }
  | { type: 'focusDirection'; direction: Direction }
  | { type: 'focusNext' }
  | { type: 'focusPrevious' }
  | { type: 'focusLast' }
  | { type: 'zoom'; pane?: PaneId }
  /** Moves the pane's far border by a share of the window. */
  | { type: 'resize'; pane?: PaneId; direction: Direction; amount: number }
  /** Puts the line after child `index` of the split at `path` at a share of that split. */
  | { type: 'moveSeparator'; path: readonly number[]; index: number; position: number }
  | { type: 'swap'; pane: PaneId; with: PaneId }
  | { type: 'swapNext' }
  | { type: 'swapPrevious' }
  | { type: 'rotate'; back?: boolean }
  /** Panes of one split get the same share. */
  | { type: 'even' }
  | { type: 'arrange'; arrangement: Arrangement }
  | { type: 'nextArrangement' };

/** No child of a split gets smaller than this share of it. */
const LEAST_SHARE = 0.05;

/** Pure. Returns the same object when the action changes nothing or does not apply. */
export function reduceLayout(state: LayoutState, action: LayoutAction): LayoutState {
  switch (action.type) {
    case 'openWindow':
      return openWindow(state, action);
    case 'selectWindow':
      return selectWindow(state, action.id);
    case 'nextWindow':
      return selectWindow(state, windowAt(state, 1)?.id);
    case 'previousWindow':
      return selectWindow(state, windowAt(state, -1)?.id);
    case 'lastWindow':
      return selectWindow(state, state.lastWindow);
    case 'renameWindow':
      return changeWindow(state, action.id ?? state.activeWindow, (w) => ({
        ...w,
        name: action.name.slice(0, 200),
      }));
    case 'close':
      return closePane(state, action.pane);
    case 'break':
      return breakPane(state, action);
    case 'join':
      return joinPane(state, action);
    case 'swap':
      return swapPanes(state, action.pane, action.with);
    case 'moveWindow':
      return moveWindow(state, action.by);
    case 'focus': {
      const window = windowOf(state, action.pane);
      if (!window) return state;
      return changeWindow(selectWindow(state, window.id), window.id, (w) => focus(w, action.pane));
    }
    case 'split':
    case 'replace':
    case 'zoom':
    case 'resize': {
      const id = action.pane === undefined ? state.activeWindow : windowOf(state, action.pane)?.id;
      return changeWindow(state, id, (w) => reducePane(w, action, action.pane ?? w.active));
    }
    default:
      return changeWindow(state, state.activeWindow, (w) => reduceWindow(w, action));
  }
}

/** Drops panes that are gone (`exists` says no), and windows that are then empty. */
export function pruneLayout(state: LayoutState, exists: (pane: PaneId) => boolean): LayoutState {
  const gone = state.windows.flatMap((w) => panesOf(w.root)).filter((pane) => !exists(pane));
  return gone.reduce((kept, pane) => reduceLayout(kept, { type: 'close', pane }), state);
}

type PaneAction = Extract<LayoutAction, { type: 'split' | 'replace' | 'zoom' | 'resize' }>;
type WindowAction = Exclude<
  LayoutAction,
  | PaneAction
  | {
      type:
        | 'openWindow'
        | 'selectWindow'
        | 'nextWindow'
        | 'previousWindow'
        | 'lastWindow'
        | 'renameWindow'
        | 'close'
        | 'break'
        | 'join'
        | 'swap'
        | 'moveWindow'
        | 'focus';
    }
>;

function reducePane(window: LayoutWindow, action: PaneAction, pane: PaneId): LayoutWindow {
  switch (action.type) {
    case 'split': {
      if (panesOf(window.root).includes(action.added)) return window;
      const root = replacePane(window.root, pane, beside(action.direction, [pane, action.added]));
      if (depthOf(root) > DEEPEST || tooMany(root)) return window;
      return focus({ ...window, root, zoomed: undefined }, action.added);
    }
    case 'replace':
      return {
        ...window,
        root: replacePane(window.root, pane, leaf(action.by)),
        active: window.active === pane ? action.by : window.active,
        lastActive: window.lastActive === pane ? undefined : window.lastActive,
        zoomed: window.zoomed === pane ? action.by : window.zoomed,
      };
    case 'zoom':
      if (window.zoomed !== undefined) {
        const unzoomed = { ...window, zoomed: undefined };
        return window.zoomed === pane ? unzoomed : focus({ ...unzoomed, zoomed: pane }, pane);
      }
      return panesOf(window.root).length < 2 ? window : focus({ ...window, zoomed: pane }, pane);
    case 'resize':
      return resize(window, pane, action.direction, action.amount);
  }
}

function reduceWindow(window: LayoutWindow, action: WindowAction): LayoutWindow {
  const panes = panesOf(window.root);
  const step = (by: number): PaneId =>
    panes[(panes.indexOf(window.active) + by + panes.length) % panes.length] ?? window.active;
  switch (action.type) {
    case 'focusDirection': {
      const next = neighbour(rectangles(window.root), window.active, action.direction, window.lastActive);
      return next === undefined ? window : focus({ ...window, zoomed: undefined }, next);
    }
    case 'focusNext':
      return focus(window, step(1));
    case 'focusPrevious':
      return focus(window, step(-1));
    case 'focusLast':
      return window.lastActive === undefined ? window : focus(window, window.lastActive);
    case 'swapNext':
      return swap(window, window.active, step(1));
    case 'swapPrevious':
      return swap(window, window.active, step(-1));
    case 'rotate': {
      const [first, ...rest] = panes;
      const last = panes.at(-1);
      if (first === undefined || last === undefined || rest.length === 0) return window;
      const root = refill(window.root, action.back ? [last, ...panes.slice(0, -1)] : [...rest, first]);
      // The place stays active and its content moves on, as in tmux.
      const active = panesOf(root)[panes.indexOf(window.active)] ?? window.active;
      return focus({ ...window, root, zoomed: undefined }, active);
    }
    case 'even':
      return panes.length < 2 ? window : { ...window, root: evened(window.root), zoomed: undefined };
    case 'arrange':
      return { ...window, root: arrange(action.arrangement, panes), zoomed: undefined };
    case 'nextArrangement':
      return panes.length < 2
        ? window
        : { ...window, root: arrange(nextArrangement(window.root), panes), zoomed: undefined };
    case 'moveSeparator': {
      const split = nodeAt(window.root, action.path);
      if (split?.kind !== 'split' || !(action.index >= 0 && action.index < split.children.length - 1))
        return window;
      const weights = split.children.map((c) => c.weight);
      const sum = weights.reduce((a, b) => a + b, 0);
      const before = weights.slice(0, action.index).reduce((a, b) => a + b, 0) / sum;
      const first = (weights[action.index] ?? 0) / sum;
      const second = (weights[action.index + 1] ?? 0) / sum;
      // Where there is no room for two least shares, the two stay as they are.
      if (first + second <= 2 * LEAST_SHARE) return window;
      const share = Math.min(first + second - LEAST_SHARE, Math.max(LEAST_SHARE, action.position - before));
      if (!Number.isFinite(share) || Math.abs(share - first) < 1e-9) return window;
      weights[action.index] = share * sum;
      weights[action.index + 1] = (first + second - share) * sum;
      return { ...window, root: reweigh(window.root, action.path, weights) };
    }
  }
}

/** The border on the right (or below) moves; for the last of a split, the border on the left, as in tmux. */
function resize(window: LayoutWindow, pane: PaneId, direction: Direction, amount: number): LayoutWindow {
  const wanted = direction === 'left' || direction === 'right' ? 'row' : 'column';
  const path = pathTo(window.root, pane);
  if (!path) return window;
  for (let length = path.length - 1; length >= 0; length--) {
    const splitPath = path.slice(0, length);
    const split = nodeAt(window.root, splitPath);
    const child = path[length];
    if (split?.kind !== 'split' || split.direction !== wanted || child === undefined) continue;
    const index = child === split.children.length - 1 ? child - 1 : child;
    const sum = split.children.reduce((total, c) => total + c.weight, 0);
    const before = split.children.slice(0, index + 1).reduce((total, c) => total + c.weight, 0) / sum;
    const place = placeOf(window.root, splitPath);
    const share = amount / (wanted === 'row' ? place.width : place.height);
    const position = before + (direction === 'left' || direction === 'up' ? -share : share);
    return reduceWindow(
      { ...window, zoomed: undefined },
      { type: 'moveSeparator', path: splitPath, index, position },
    );
  }
  return window;
}

function placeOf(root: LayoutNode, path: readonly number[]): { width: number; height: number } {
  let width = 1;
  let height = 1;
  let node = root;
  for (const index of path) {
    if (node.kind !== 'split') break;
    const child = node.children[index];
    if (!child) break;
    const share = child.weight / node.children.reduce((total, c) => total + c.weight, 0);
    if (node.direction === 'row') width *= share;
    else height *= share;
    node = child.node;
  }
  return { width, height };
}
