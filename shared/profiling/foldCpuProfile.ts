import { type FoldedBounds, type FoldedStacks, StackFolder } from './foldedStacks.ts';
import { scriptFrame } from './frameName.ts';

export interface FoldedCpuProfile {
  /** Weighted by microseconds; what was idle is left out. */
  stacks: FoldedStacks;
  /** Samples that are in the stacks, and those that found it idle. */
  samples: number;
  idle: number;
  /** Weight that a bound has left out. */
  dropped: number;
}

const MOST_NODES = 200_000;
const MOST_SAMPLES = 1_000_000;

/**
 * V8's CPU profile, as `Profiler.stop` gives it (Chrome DevTools Protocol, Profiler.Profile: `nodes` with `id`,
 * `callFrame` and `children`, `samples` of node ids, `timeDeltas` in µs since the sample before). It is hostile: what
 * is not of that form is passed over, loops among the nodes included. Undefined where there are no nodes at all.
 */
export function foldCpuProfile(profile: unknown, bounds?: FoldedBounds): FoldedCpuProfile | undefined {
  if (!isRecord(profile) || !Array.isArray(profile['nodes'])) return undefined;
  const nodes = new Map<number, { name: string; own: Own }>();
  const parents = new Map<number, number>();
  for (const node of profile['nodes'].slice(0, MOST_NODES)) {
    if (!isRecord(node) || typeof node['id'] !== 'number' || !isRecord(node['callFrame'])) continue;
    const { functionName, url, lineNumber } = node['callFrame'];
    const name = textOf(functionName);
    const file = textOf(url);
    const line = typeof lineNumber === 'number' && lineNumber >= 0 ? lineNumber + 1 : 0;
    nodes.set(node['id'], { name: scriptFrame(name, file, line), own: ownOf(name, file) });
    if (!Array.isArray(node['children'])) continue;
    for (const child of node['children']) if (typeof child === 'number') parents.set(child, node['id']);
  }
  if (nodes.size === 0) return undefined;
  const samples = Array.isArray(profile['samples']) ? profile['samples'] : [];
  const deltas = Array.isArray(profile['timeDeltas']) ? profile['timeDeltas'] : [];
  const folder = new StackFolder(bounds);
  const paths = new Map<number, string[]>();
  const counts = { samples: 0, idle: 0 };
  for (let at = 0; at < Math.min(samples.length, MOST_SAMPLES); at++) {
    const leaf: unknown = samples[at];
    if (typeof leaf !== 'number' || !nodes.has(leaf)) continue;
    // A sample stands for the time until the next one.
    const until: unknown = deltas[at + 1] ?? deltas[at];
    const weight = typeof until === 'number' ? until : 1;
    const path = paths.get(leaf) ?? pathTo(leaf, nodes, parents);
    paths.set(leaf, path);
    if (path[0] === IDLE) counts.idle++;
    else if (path.length > 0 && weight > 0) {
      counts.samples++;
      folder.add(path, weight);
    }
  }
  return { stacks: folder.stacks, ...counts, dropped: folder.dropped };
}

type Own = 'root' | 'idle' | 'ours' | 'code';
const IDLE = '(idle)';

/** What we did to it ourselves, when the profile was begun and ended, is no work of the process. */
function ownOf(name: string, url: string): Own {
  if (url === '' && name === '(root)') return 'root';
  if (url === '' && name === IDLE) return 'idle';
  if (name === '_debugEnd' || (url === 'node:inspector' || url === 'inspector.js' ? name === 'post' : false))
    return 'ours';
  return 'code';
}

function pathTo(
  leaf: number,
  nodes: ReadonlyMap<number, { name: string; own: Own }>,
  parents: ReadonlyMap<number, number>,
): string[] {
  const path: string[] = [];
  const seen = new Set<number>();
  for (let id: number | undefined = leaf; id !== undefined && !seen.has(id); id = parents.get(id)) {
    seen.add(id);
    const node = nodes.get(id);
    if (!node) break;
    if (node.own === 'ours') return [];
    if (node.own === 'idle') return [IDLE];
    if (node.own === 'code') path.push(node.name);
  }
  return path.reverse();
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 1000) : '');

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
