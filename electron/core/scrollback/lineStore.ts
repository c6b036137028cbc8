import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';

/** Rows sealed together. A row by itself would cost twenty times its text: a terminal's strings are ropes of characters. */
const BLOCK = 512;

interface Block {
  /** Its rows, parted by line feeds, which no row holds. */
  text: string;
  at: Float64Array;
  wrapped: Uint8Array;
  runs: Map<number, number[]>;
}

/** Rows in their order, the oldest forgotten beyond a bound; kept in about as many bytes as they have characters. */
export interface LineStore {
  /** Number of the first row that is kept. */
  readonly first: number;
  readonly end: number;
  push(line: ScrollbackLine): void;
  slice(from: number, to: number): ScrollbackLine[];
}

export function createLineStore(most: number): LineStore {
  let blocks: Block[] = [];
  let sealedFrom = 0;
  let open: ScrollbackLine[] = [];

  return {
    get first() {
      return sealedFrom;
    },
    get end() {
      return sealedFrom + blocks.length * BLOCK + open.length;
    },
    push(line) {
      open.push(line);
      if (open.length < BLOCK) return;
      blocks.push(seal(open));
      open = [];
      const tooMany = blocks.length - Math.ceil(most / BLOCK);
      if (tooMany <= 0) return;
      blocks = blocks.slice(tooMany);
      sealedFrom += tooMany * BLOCK;
    },
    slice(from, to) {
      const lines: ScrollbackLine[] = [];
      let row = Math.max(from, sealedFrom);
      while (row < to) {
        const index = Math.floor((row - sealedFrom) / BLOCK);
        const begin = sealedFrom + index * BLOCK;
        const block = blocks[index];
        const part = (block ? unseal(block) : open).slice(row - begin, to - begin);
        if (part.length === 0) break;
        lines.push(...part);
        row += part.length;
      }
      return lines;
    },
  };
}

function seal(lines: readonly ScrollbackLine[]): Block {
  return {
    text: lines.map((line) => line.text).join('\n'),
    at: Float64Array.from(lines, (line) => line.at),
    wrapped: Uint8Array.from(lines, (line) => (line.wrapped ? 1 : 0)),
    runs: new Map(lines.flatMap(({ runs }, n) => (runs ? [[n, runs] as const] : []))),
  };
}

function unseal({ text, at, wrapped, runs }: Block): ScrollbackLine[] {
  return text.split('\n').map((one, n) => {
    const line: ScrollbackLine = { text: one, at: at[n] ?? 0 };
    if (wrapped[n]) line.wrapped = true;
    const own = runs.get(n);
    if (own) line.runs = own;
    return line;
  });
}
