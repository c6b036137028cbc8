/**
 * Stacks in the common form that other tools read and grep finds its way in: one line a stack, `root;caller;leaf WEIGHT`
 * (the input of flamegraph.pl, and of speedscope's importer).
 */
export type FoldedStacks = ReadonlyMap<string, number>;

export interface FoldedBounds {
  /** Different stacks; more are counted in `dropped`. */
  stacks: number;
  /** Frames of one stack; deeper ones keep their leaf, under a frame that says so. */
  depth: number;
  /** Characters of one frame. */
  frame: number;
}

export const FOLDED_BOUNDS: FoldedBounds = { stacks: 50_000, depth: 300, frame: 240 };

/** A frame that stands for those that a bound has left out. */
export const LEFT_OUT = '[…]';

/** Adds up stacks within bounds. Text is hostile: what would break the form (`;`, line breaks) is replaced. */
export class StackFolder {
  readonly #stacks = new Map<string, number>();
  readonly #bounds: FoldedBounds;
  dropped = 0;

  constructor(bounds: FoldedBounds = FOLDED_BOUNDS) {
    this.#bounds = bounds;
  }

  get stacks(): FoldedStacks {
    return this.#stacks;
  }

  /** Root first. Without a frame, or with a weight that is none, nothing is added. */
  add(frames: readonly string[], weight: number): void {
    if (frames.length === 0 || !Number.isFinite(weight) || weight <= 0) return;
    const { depth, stacks, frame } = this.#bounds;
    const kept =
      frames.length > depth ? [...frames.slice(0, 1), LEFT_OUT, ...frames.slice(2 - depth)] : frames;
    const key = kept.map((one) => frameText(one, frame)).join(';');
    const known = this.#stacks.get(key);
    if (known === undefined && this.#stacks.size >= stacks) this.dropped += weight;
    else this.#stacks.set(key, (known ?? 0) + weight);
  }
}

/** A frame's name as it may stand in a folded stack. */
export function frameText(name: string, maximumLength = FOLDED_BOUNDS.frame): string {
  const text = name
    .slice(0, maximumLength)
    .replaceAll(';', ':')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .trim();
  return text === '' ? '[nameless]' : text;
}

export function writeFolded(stacks: FoldedStacks): string {
  return [...stacks]
    .map(([stack, weight]) => `${stack} ${Math.round(weight)}\n`)
    .filter((line) => !line.endsWith(' 0\n'))
    .join('');
}

/** Lines that are none are passed over. */
export function readFolded(text: string, bounds: FoldedBounds = FOLDED_BOUNDS): FoldedStacks {
  const folder = new StackFolder(bounds);
  for (const line of text.split('\n')) {
    const end = line.lastIndexOf(' ');
    const count = line.slice(end + 1);
    if (end > 0 && /^\d{1,15}$/.test(count)) folder.add(line.slice(0, end).split(';'), Number(count));
  }
  return folder.stacks;
}

/** The stacks of several processes as one. */
export function mergeFolded(all: readonly FoldedStacks[]): FoldedStacks {
  const merged = new Map<string, number>();
  for (const stacks of all)
    for (const [stack, weight] of stacks) merged.set(stack, (merged.get(stack) ?? 0) + weight);
  return merged;
}
