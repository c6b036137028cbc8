import type { FlameNode, FlameTree } from '../../../shared/profiling/flameTree.ts';
import { differs } from '../../../shared/profiling/flameTree.ts';
import { type FrameKind, frameKind } from '../../../shared/profiling/frameName.ts';
import { colour } from '../../series/themeColours.ts';

/** Fill and text of a frame in the present theme. */
export interface FrameColours {
  fill: string;
  text: string;
}

/** By kind of code; in a comparison by which side has more, stronger with the difference. Neither is the only sign. */
export function flamePalette(tree: FlameTree): (node: FlameNode) => FrameColours {
  const text = colour('--flame-text');
  const plain = {
    application: colour('--flame-application'),
    library: colour('--flame-library'),
    runtime: colour('--flame-runtime'),
    kernel: colour('--flame-kernel'),
    unknown: colour('--flame-unknown'),
  };
  if (!tree.compared) {
    const kindOf = rememberedKinds(tree);
    return (node) => ({ fill: plain[node.depth === 0 ? 'runtime' : kindOf(node.name)], text });
  }
  const more = [1, 2, 3].map((step) => colour(`--flame-more-${step}`));
  const less = [1, 2, 3].map((step) => colour(`--flame-less-${step}`));
  const same = colour('--flame-same');
  return (node) => {
    const change = node.total - node.otherTotal;
    if (!differs(node.total, node.otherTotal, tree)) return { fill: same, text };
    const step = Math.abs(change) >= 0.2 ? 2 : Math.abs(change) >= 0.05 ? 1 : 0;
    return { fill: (change > 0 ? more : less)[step] ?? same, text };
  };
}

/** To tell the kind of thousands of frames takes longer than to draw them, and they are drawn again and again. */
function rememberedKinds(tree: FlameTree): (name: string) => FrameKind {
  const known = kindsOf.get(tree) ?? new Map<string, FrameKind>();
  kindsOf.set(tree, known);
  return (name) => {
    const kind = known.get(name) ?? frameKind(name);
    known.set(name, kind);
    return kind;
  };
}

const kindsOf = new WeakMap<FlameTree, Map<string, FrameKind>>();
