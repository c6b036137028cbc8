import type { PaneId } from '../model/pane.ts';
import type { LayoutNode } from './layoutState.ts';

/** A part of the window, each number a share (0…1) of its width or height. */
export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The line between two children of a split, which can be dragged. */
export interface Separator {
  /** Child numbers from the root down to the split. */
  path: number[];
  /** Between this child and the next. */
  index: number;
  direction: 'row' | 'column';
  /** Where the line runs: zero width in a row, zero height in a column. */
  line: Rectangle;
  /** The split's own part of the window. */
  within: Rectangle;
  /** Share of the split that lies before the line, and how far it may be moved either way. */
  position: number;
}

export type Direction = 'left' | 'right' | 'up' | 'down';

const WHOLE: Rectangle = { left: 0, top: 0, width: 1, height: 1 };
/** Two edges this near are the same edge: weights are divided and multiplied many times. */
const TOUCHING = 1e-6;

/** Every pane's place, in reading order of the tree. */
export function rectangles(root: LayoutNode, within: Rectangle = WHOLE): Map<PaneId, Rectangle> {
  const places = new Map<PaneId, Rectangle>();
  const visit = (node: LayoutNode, place: Rectangle) => {
    if (node.kind === 'pane') places.set(node.pane, place);
    else for (const part of childPlaces(node, place)) visit(part.node, part.place);
  };
  visit(root, within);
  return places;
}

export function separators(root: LayoutNode, within: Rectangle = WHOLE): Separator[] {
  const found: Separator[] = [];
  const visit = (node: LayoutNode, place: Rectangle, path: number[]) => {
    if (node.kind === 'pane') return;
    const parts = childPlaces(node, place);
    parts.forEach(({ node: child, place: childPlace }, index) => {
      if (index > 0) {
        const row = node.direction === 'row';
        const line = row
          ? { left: childPlace.left, top: place.top, width: 0, height: place.height }
          : { left: place.left, top: childPlace.top, width: place.width, height: 0 };
        const position = row
          ? (childPlace.left - place.left) / place.width
          : (childPlace.top - place.top) / place.height;
        found.push({ path, index: index - 1, direction: node.direction, line, within: place, position });
      }
      visit(child, childPlace, [...path, index]);
    });
  };
  visit(root, within, []);
  return found;
}

/**
 * The pane next to `from`, as tmux chooses it: among those that share its edge the one last used, else the one
 * that overlaps most; past the window's edge it wraps to the other side.
 */
export function neighbour(
  places: Map<PaneId, Rectangle>,
  from: PaneId,
  direction: Direction,
  preferred?: PaneId,
): PaneId | undefined {
  const own = places.get(from);
  if (!own) return undefined;
  const [ownNear, ownFar] = along(own, direction);
  const forward = direction === 'right' || direction === 'down';
  const touching = (edge: number) =>
    [...places].filter(([pane, place]) => {
      if (pane === from || overlap(own, place, direction) <= TOUCHING) return false;
      const [near, far] = along(place, direction);
      return Math.abs((forward ? near : far) - edge) < TOUCHING;
    });
  let candidates = touching(forward ? ownFar : ownNear);
  if (candidates.length === 0) candidates = touching(forward ? 0 : 1);
  const chosen =
    candidates.find(([pane]) => pane === preferred) ??
    candidates.reduce<[PaneId, Rectangle] | undefined>(
      (best, one) =>
        best && overlap(own, best[1], direction) >= overlap(own, one[1], direction) - TOUCHING ? best : one,
      undefined,
    );
  return chosen?.[0];
}

function childPlaces(node: Extract<LayoutNode, { kind: 'split' }>, place: Rectangle) {
  const total = node.children.reduce((sum, c) => sum + c.weight, 0);
  let before = 0;
  return node.children.map((child) => {
    const start = before / total;
    before += child.weight;
    const share = child.weight / total;
    const childPlace: Rectangle =
      node.direction === 'row'
        ? { ...place, left: place.left + place.width * start, width: place.width * share }
        : { ...place, top: place.top + place.height * start, height: place.height * share };
    return { node: child.node, place: childPlace };
  });
}

function along(place: Rectangle, direction: Direction): [number, number] {
  return direction === 'left' || direction === 'right'
    ? [place.left, place.left + place.width]
    : [place.top, place.top + place.height];
}

function overlap(a: Rectangle, b: Rectangle, direction: Direction): number {
  const across = direction === 'left' || direction === 'right' ? 'up' : 'left';
  const [aNear, aFar] = along(a, across);
  const [bNear, bFar] = along(b, across);
  return Math.min(aFar, bFar) - Math.max(aNear, bNear);
}
