import type { PaneId } from '../model/pane.ts';
import type { LayoutNode } from './layoutState.ts';

type Split = Extract<LayoutNode, { kind: 'split' }>;
type Direction = Split['direction'];
export type Child = Split['children'][number];

export const leaf = (pane: PaneId): LayoutNode => ({ kind: 'pane', pane });

/** Panes of a tree, in reading order. */
export function panesOf(node: LayoutNode): PaneId[] {
  return node.kind === 'pane' ? [node.pane] : node.children.flatMap((c) => panesOf(c.node));
}

/**
 * A split that keeps the rules of layoutState.ts: one child is the child itself; a child split of the same
 * direction is taken apart into its parent, its weights scaled to what it had. Weights come out summing to 1.
 */
export function makeSplit(direction: Direction, children: readonly Child[]): LayoutNode {
  const only = children[0];
  if (children.length === 1 && only) return only.node;
  const flat = children.flatMap((child) => {
    if (child.node.kind === 'pane' || child.node.direction !== direction) return [child];
    const inner = total(child.node.children);
    return child.node.children.map((c) => ({ weight: (c.weight / inner) * child.weight, node: c.node }));
  });
  const sum = total(flat);
  return { kind: 'split', direction, children: flat.map((c) => ({ weight: c.weight / sum, node: c.node })) };
}

/** The tree without one pane; its neighbours in the split take the space in proportion. `undefined` when nothing is left. */
export function withoutPane(node: LayoutNode, pane: PaneId): LayoutNode | undefined {
  if (node.kind === 'pane') return node.pane === pane ? undefined : node;
  if (!panesOf(node).includes(pane)) return node;
  const children = node.children.flatMap((c) => {
    const kept = withoutPane(c.node, pane);
    return kept ? [{ weight: c.weight, node: kept }] : [];
  });
  return children.length === 0 ? undefined : makeSplit(node.direction, children);
}

/** Puts `replacement` where the pane is. */
export function replacePane(node: LayoutNode, pane: PaneId, replacement: LayoutNode): LayoutNode {
  if (node.kind === 'pane') return node.pane === pane ? replacement : node;
  return makeSplit(
    node.direction,
    node.children.map((c) => ({ weight: c.weight, node: replacePane(c.node, pane, replacement) })),
  );
}

/** The same shape with other panes in it, in reading order. */
export function refill(node: LayoutNode, panes: readonly PaneId[]): LayoutNode {
  let next = 0;
  const visit = (one: LayoutNode): LayoutNode => {
    if (one.kind === 'pane') return leaf(panes[next++] ?? one.pane);
    return { ...one, children: one.children.map((c) => ({ weight: c.weight, node: visit(c.node) })) };
  };
  return visit(node);
}

/** One less than the schema allows, so that what is kept can always be saved. */
export const DEEPEST = 39;

/** Two panes, half and half. */
export function beside(direction: Direction, panes: readonly PaneId[]): LayoutNode {
  return makeSplit(
    direction,
    panes.map((pane) => ({ weight: 1, node: leaf(pane) })),
  );
}

/** More children than a layout may have. */
export function tooMany(node: LayoutNode): boolean {
  return node.kind === 'split' && (node.children.length > 100 || node.children.some((c) => tooMany(c.node)));
}

export function depthOf(node: LayoutNode): number {
  return node.kind === 'pane' ? 1 : 1 + Math.max(...node.children.map((c) => depthOf(c.node)));
}

export function nodeAt(root: LayoutNode, path: readonly number[]): LayoutNode | undefined {
  return path.reduce<LayoutNode | undefined>(
    (node, index) => (node?.kind === 'split' ? node.children[index]?.node : undefined),
    root,
  );
}

/** The tree with one split's weights changed. */
export function reweigh(root: LayoutNode, path: readonly number[], weights: readonly number[]): LayoutNode {
  if (root.kind === 'pane') return root;
  const [first, ...rest] = path;
  return {
    ...root,
    children: root.children.map((child, index) => {
      if (first === undefined) return { ...child, weight: weights[index] ?? child.weight };
      return index === first ? { ...child, node: reweigh(child.node, rest, weights) } : child;
    }),
  };
}

/** The same shape, every split shared evenly. */
export function evened(node: LayoutNode): LayoutNode {
  if (node.kind === 'pane') return node;
  return { ...node, children: node.children.map((c) => ({ weight: 1, node: evened(c.node) })) };
}

/** Child numbers from the root to a pane, with the pane's own last. */
export function pathTo(root: LayoutNode, pane: PaneId): number[] | undefined {
  if (root.kind === 'pane') return root.pane === pane ? [] : undefined;
  for (const [index, child] of root.children.entries()) {
    const rest = pathTo(child.node, pane);
    if (rest) return [index, ...rest];
  }
  return undefined;
}

function total(children: readonly Child[]): number {
  return children.reduce((sum, c) => sum + c.weight, 0);
}
