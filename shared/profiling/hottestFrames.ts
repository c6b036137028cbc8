import { differs, type FlameTree } from './flameTree.ts';
import type { FoldedStacks } from './foldedStacks.ts';
import { rememberedSameFrame } from './frameName.ts';

/** One function over all its places in the tree. Shares of the whole. */
export interface HotFrame {
  name: string;
  self: number;
  /** With what it called; recursion counts once. */
  total: number;
  otherSelf: number;
  otherTotal: number;
  /** Of the compared: its total is told apart from the other's by more than chance. */
  differs: boolean;
}

/** Every function, the hottest first by its own share; of two profiles what grew most first, then what shrank most. */
export function hottestFrames(tree: FlameTree): HotFrame[] {
  const frames = new Map<string, HotFrame>();
  const open = new Map<string, number>();
  const keyOf = rememberedSameFrame();
  const waiting: { index: number; leave: boolean }[] = [{ index: 0, leave: false }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = tree.nodes[next.index];
    if (!node) continue;
    const key = keyOf(node.name);
    if (next.leave) {
      open.set(key, (open.get(key) ?? 1) - 1);
      continue;
    }
    if (next.index !== 0) {
      const frame = frames.get(key) ?? {
        name: node.name,
        self: 0,
        total: 0,
        otherSelf: 0,
        otherTotal: 0,
        differs: false,
      };
      frame.self += node.self;
      frame.otherSelf += node.otherSelf;
      if ((open.get(key) ?? 0) === 0) {
        frame.total += node.total;
        frame.otherTotal += node.otherTotal;
      }
      frames.set(key, frame);
      open.set(key, (open.get(key) ?? 0) + 1);
      waiting.push({ index: next.index, leave: true });
    }
    for (const child of node.children) waiting.push({ index: child, leave: false });
  }
  const all = [...frames.values()];
  for (const frame of all)
    frame.differs =
      differs(frame.total, frame.otherTotal, tree) || differs(frame.self, frame.otherSelf, tree);
  const change = ({ self, otherSelf }: HotFrame) => self - otherSelf;
  return all.sort((a, b) =>
    tree.compared
      ? Number(b.differs) - Number(a.differs) || byGrowth(change(a), change(b)) || b.total - a.total
      : b.self - a.self || b.total - a.total,
  );
}

const byGrowth = (a: number, b: number) => (a > 0 || b > 0 ? b - a : Math.abs(b) - Math.abs(a));

/** The stacks that most was seen of. */
export function hottestStacks(stacks: FoldedStacks, most: number): { frames: string[]; share: number }[] {
  let sum = 0;
  for (const weight of stacks.values()) sum += weight;
  return [...stacks]
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([stack, weight]) => ({ frames: stack.split(';'), share: weight / Math.max(sum, 1) }));
}
