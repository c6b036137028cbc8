import type { FoldedStacks } from './foldedStacks.ts';
import { rememberedSameFrame } from './frameName.ts';

/** Stacks, and how many looks they come from: what a difference is judged by. */
export interface Measured {
  stacks: FoldedStacks;
  samples: number;
}

export interface FlameNode {
  name: string;
  parent: number;
  depth: number;
  /** Shares of the whole, 0…1: of the frame itself, and with all that it called. */
  self: number;
  total: number;
  /** Of what it is compared with; 0 where there is none. */
  otherSelf: number;
  otherTotal: number;
  /** Largest first. */
  children: number[];
  /** Where it stands, and how wide it is: fractions of the whole width. */
  x: number;
  width: number;
}

/** The call tree of one profile, or of two at once: the union of both, so that what vanished shows too. */
export interface FlameTree {
  /** The first is the root, `all`. A parent stands before its children. */
  nodes: FlameNode[];
  /** Node indices by depth, from left to right. */
  rows: number[][];
  compared: boolean;
  samples: number;
  otherSamples: number;
}

export const ROOT_NAME = 'all';

/**
 * Of two profiles frames are the same by name without addresses and lines, and each is taken as shares of its own whole;
 * a frame is then as wide as the mean of both, which is the one width in which every child fits into its parent.
 */
export function buildFlameTree(main: Measured, other?: Measured): FlameTree {
  const nodes: FlameNode[] = [];
  const places: Map<string, number>[] = [];
  const keyOf = other ? rememberedSameFrame() : (name: string) => name;
  function place(name: string, parent: number, depth: number): number {
    nodes.push({
      name,
      parent,
      depth,
      self: 0,
      total: 0,
      otherSelf: 0,
      otherTotal: 0,
      children: [],
      x: 0,
      width: 0,
    });
    places.push(new Map());
    nodes[parent]?.children.push(nodes.length - 1);
    return nodes.length - 1;
  }
  place(ROOT_NAME, -1, 0);
  const addAll = (measured: Measured, into: 'main' | 'other') => {
    let sum = 0;
    for (const weight of measured.stacks.values()) sum += weight;
    if (sum === 0) return;
    for (const [stack, weight] of measured.stacks) {
      const share = weight / sum;
      let at = 0;
      count(nodes[0], share, into);
      for (const name of stack.split(';')) {
        const key = keyOf(name);
        let next = places[at]?.get(key);
        if (next === undefined) {
          next = place(name, at, (nodes[at]?.depth ?? 0) + 1);
          places[at]?.set(key, next);
        }
        at = next;
        count(nodes[at], share, into);
      }
      const leaf = nodes[at];
      if (leaf) leaf[into === 'main' ? 'self' : 'otherSelf'] += share;
    }
  };
  addAll(main, 'main');
  if (other) addAll(other, 'other');
  const tree = {
    nodes,
    rows: [] as number[][],
    compared: other !== undefined,
    samples: main.samples,
    otherSamples: other?.samples ?? 0,
  };
  layOut(tree);
  return tree;
}

function count(node: FlameNode | undefined, share: number, into: 'main' | 'other'): void {
  if (node) node[into === 'main' ? 'total' : 'otherTotal'] += share;
}

function layOut(tree: FlameTree): void {
  const { nodes, compared, rows } = tree;
  const span = (index: number) => {
    const node = nodes[index];
    return node === undefined ? 0 : compared ? (node.total + node.otherTotal) / 2 : node.total;
  };
  const first = nodes[0];
  const whole = span(0);
  if (!first || whole === 0) {
    if (first) {
      first.width = 1;
      rows.push([0]);
    }
    return;
  }
  first.width = 1;
  let row = [0];
  while (row.length > 0) {
    rows.push(row);
    const below: number[] = [];
    for (const index of row) {
      const node = nodes[index];
      if (!node) continue;
      node.children.sort((a, b) => span(b) - span(a) || order(nodes[a]?.name ?? '', nodes[b]?.name ?? ''));
      let { x } = node;
      for (const child of node.children) {
        const one = nodes[child];
        if (!one) continue;
        one.x = x;
        one.width = span(child) / whole;
        x += one.width;
        below.push(child);
      }
    }
    row = below;
  }
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Less than this share of all is never called a difference. */
const LEAST_DIFFERENCE = 0.005;

/**
 * Whether two shares differ by more than looking so often would make them: two proportions, at two standard errors
 * (pooled), and by half a per cent at least. 0.00 % against 0.00 % is no difference.
 */
export function differs(
  share: number,
  otherShare: number,
  { samples, otherSamples }: { samples: number; otherSamples: number },
): boolean {
  const difference = Math.abs(share - otherShare);
  if (difference < LEAST_DIFFERENCE || samples === 0 || otherSamples === 0) return false;
  const pooled = (share * samples + otherShare * otherSamples) / (samples + otherSamples);
  const error = Math.sqrt(Math.max(0, pooled * (1 - pooled)) * (1 / samples + 1 / otherSamples));
  return difference > 2 * error;
}

/** Share of the whole whose stacks hold a frame that fits; each stack counts once. */
export function shareWith(tree: FlameTree, fits: (name: string) => boolean): number {
  let share = 0;
  const waiting = [0];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const node = tree.nodes[index];
    if (!node) continue;
    if (index !== 0 && fits(node.name)) share += node.total;
    else waiting.push(...node.children);
  }
  return share;
}
