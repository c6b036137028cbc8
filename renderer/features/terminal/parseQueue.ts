/**
 * One piece of output is parsed at a time, of all terminals of the window, and in between the window has its turn: a key,
 * an answer from the core, a frame. The terminal that has the focus goes first, the others take turns. Otherwise three
 * floods, each with its own 12 ms at a stretch, would stand between a key and its echo.
 */
export interface ParseQueue<Source extends ParseSource> {
  /** `parsed` is told as it goes, in bytes. */
  add(source: Source, bytes: Uint8Array, parsed: (count: number) => void): void;
  /** What waits for this terminal is for a screen that is gone. */
  forget(source: Source): void;
  /** Whose piece is being parsed. */
  readonly current: Source | undefined;
}

export interface ParseSource {
  /** A person types into it. */
  readonly urgent: boolean;
  /** Hands bytes to the parser, which calls back when it is through. */
  write(bytes: Uint8Array, done: () => void): void;
}

/** Some 3 ms of xterm's parser. */
const PIECE_BYTES = 64 * 1024;

interface Waiting {
  bytes: Uint8Array;
  parsed: (count: number) => void;
}

/** `later` runs something in a task of its own, without delay. */
export function createParseQueue<Source extends ParseSource>(
  later: (run: () => void) => void,
): ParseQueue<Source> {
  /** In the order in which they are next. */
  const waiting = new Map<Source, Waiting[]>();
  let current: { source: Source } | undefined;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || current || waiting.size === 0) return;
    scheduled = true;
    later(() => {
      scheduled = false;
      next();
    });
  }

  function next(): void {
    const source = [...waiting.keys()].find((one) => one.urgent) ?? waiting.keys().next().value;
    const list = source && waiting.get(source);
    const first = list?.[0];
    if (!source || !list || !first) return;
    const piece = first.bytes.subarray(0, PIECE_BYTES);
    if (piece.length === first.bytes.length) list.shift();
    else first.bytes = first.bytes.subarray(piece.length);
    waiting.delete(source);
    if (list.length > 0) waiting.set(source, list);
    const own = { source };
    current = own;
    source.write(piece, () => {
      if (current === own) current = undefined;
      first.parsed(piece.length);
      schedule();
    });
  }

  return {
    get current() {
      return current?.source;
    },
    add(source, bytes, parsed) {
      const list = waiting.get(source);
      if (list) list.push({ bytes, parsed });
      else waiting.set(source, [{ bytes, parsed }]);
      // An echo need not wait for a task of its own.
      if (!current && !scheduled && source.urgent) next();
      else schedule();
    },
    forget(source) {
      waiting.delete(source);
      // Its terminal may be gone, and would never call back.
      if (current?.source === source) current = undefined;
      schedule();
    },
  };
}
