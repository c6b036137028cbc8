import type { PaneId } from '../model/pane.ts';
import type { LayoutNode } from './layoutState.ts';
import { leaf, makeSplit, panesOf } from './tree.ts';

/** tmux's five standard layouts, in the order in which its Space key goes through them. */
export const ARRANGEMENTS = [
  'even-horizontal',
  'even-vertical',
  'main-horizontal',
  'main-vertical',
  'tiled',
] as const;
export type Arrangement = (typeof ARRANGEMENTS)[number];

/** Share of the window that the main pane of the `main-…` layouts takes. */
const MAIN = 0.6;

export function arrange(name: Arrangement, panes: readonly PaneId[]): LayoutNode {
  const [first, ...others] = panes;
  if (first === undefined) throw new Error('a window has at least one pane');
  if (others.length === 0) return leaf(first);
  switch (name) {
    case 'even-horizontal':
      return even('row', panes);
    case 'even-vertical':
      return even('column', panes);
    case 'main-horizontal':
      return main('column', first, even('row', others));
    case 'main-vertical':
      return main('row', first, even('column', others));
    case 'tiled':
      return tiled(panes);
  }
}

/** The arrangement after the one the tree is in now; the first if it is in none. */
export function nextArrangement(root: LayoutNode): Arrangement {
  const panes = panesOf(root);
  const shapeOf = (node: LayoutNode) => JSON.stringify(node, rounded);
  const shapes = ARRANGEMENTS.map((name) => shapeOf(arrange(name, panes)));
  const own = shapeOf(root);
  const now = shapes.indexOf(own);
  // With two panes several arrangements look alike: the next is the next that looks different.
  for (let step = 1; step <= ARRANGEMENTS.length; step++) {
    const index = (now + step) % ARRANGEMENTS.length;
    if (shapes[index] !== own) return ARRANGEMENTS[index] ?? 'tiled';
  }
  return 'tiled';
}

function even(direction: 'row' | 'column', panes: readonly PaneId[]): LayoutNode {
  return makeSplit(
    direction,
    panes.map((pane) => ({ weight: 1, node: leaf(pane) })),
  );
}

function main(direction: 'row' | 'column', first: PaneId, rest: LayoutNode): LayoutNode {
  return makeSplit(direction, [
    { weight: MAIN, node: leaf(first) },
    { weight: 1 - MAIN, node: rest },
  ]);
}

/** As tmux's, but columns grow before rows: screens are wide. The last row's panes share its width. */
function tiled(panes: readonly PaneId[]): LayoutNode {
  let rows = 1;
  let columns = 1;
  while (rows * columns < panes.length) {
    columns++;
    if (rows * columns < panes.length) rows++;
  }
  const lines: LayoutNode[] = [];
  for (let at = 0; at < panes.length; at += columns) lines.push(even('row', panes.slice(at, at + columns)));
  return makeSplit(
    'column',
    lines.map((node) => ({ weight: 1, node })),
  );
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value;
}
