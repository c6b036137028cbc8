import { ECHO_MS, LONGEST_HOLD_MS } from '../../series/echo.ts';

/**
 * One piece of output is parsed at a time, of all terminals of the window, and in between the window has its turn: a key,
 * an answer from the core, a frame. The terminal that has the focus goes first, the others take turns. Otherwise three
 * floods, each with its own 12 ms at a stretch, would stand between a key and its echo. While an echo is on its way, floods
 * elsewhere wait, and while a person types they have a share of the time only: what they do not take waits at its host,
 * and leaves the whole way to the echo.
 */
export interface ParseQueue<Source extends ParseSource> {
  /** `parsed` is told as it goes, in bytes; `last`: nothing more waits of this source. */
  add(source: Source, bytes: Uint8Array, parsed: (count: number, last: boolean) => void): void;
  /** A person typed: an echo is on its way. */
  typed(): void;
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
/** A terminal without the focus for which more waits is a flood. */
const FLOOD_BYTES = 16 * 1024;
/** So long after a key, floods have one piece in so many milliseconds: 1.3 MB/s, more than anyone reads or builds print. */
const AFTER_KEY_MS = 300;
const FLOOD_EVERY_MS = 50;

interface Waiting {
  bytes: Uint8Array;
  parsed: (count: number, last: boolean) => void;
}

/** `later` runs something in a task of its own, without delay; `after` when so many milliseconds have passed. */
export function createParseQueue<Source extends ParseSource>({
  later,
  after,
  now,
}: {
  later: (run: () => void) => void;
  after: (milliseconds: number, run: () => void) => void;
  /** Milliseconds, from anywhere. */
  now: () => number;
}): ParseQueue<Source> {
  /** In the order in which they are next. */
  const waiting = new Map<Source, Waiting[]>();
  let current: { source: Source } | undefined;
  let scheduled = false;
  let typedAt = Number.NEGATIVE_INFINITY;
  let floodedAt = Number.NEGATIVE_INFINITY;
  /** It is looked again when floods have their turn. */
  let looksAgain = false;

  const isFlood = (list: readonly Waiting[]) =>
    list.reduce((sum, { bytes }) => sum + bytes.length, 0) > FLOOD_BYTES;

  /** Whose turn it is; none while all that waits are floods that have had their share. */
  function choose(): Source | undefined {
    const at = now();
    const holdsFloods = at < floodsFrom();
    let first: Source | undefined;
    for (const [source, list] of waiting) {
      if (source.urgent) return source;
      if (!first && !(holdsFloods && isFlood(list))) first = source;
    }
    return first;
  }

  /** When a flood may have its next piece. */
  function floodsFrom(): number {
    if (now() - typedAt >= AFTER_KEY_MS) return Number.NEGATIVE_INFINITY;
    return Math.max(floodedAt + FLOOD_EVERY_MS, Math.min(typedAt + ECHO_MS, floodedAt + LONGEST_HOLD_MS));
  }

  function lookAgain(): void {
    if (looksAgain) return;
    looksAgain = true;
    after(Math.max(1, floodsFrom() - now()), () => {
      looksAgain = false;
      schedule();
    });
  }

  function schedule(): void {
    if (scheduled || current || waiting.size === 0) return;
    scheduled = true;
    later(() => {
      scheduled = false;
      next();
    });
  }

  function next(): void {
    if (waiting.size === 0) return;
    const source = choose();
    const list = source && waiting.get(source);
    const first = list?.[0];
    if (!source || !list || !first) {
      lookAgain();
      return;
    }
    if (!source.urgent && isFlood(list)) floodedAt = now();
    const piece = first.bytes.subarray(0, PIECE_BYTES);
    if (piece.length === first.bytes.length) list.shift();
    else first.bytes = first.bytes.subarray(piece.length);
    waiting.delete(source);
    if (list.length > 0) waiting.set(source, list);
    const own = { source };
    current = own;
    source.write(piece, () => {
      if (current === own) current = undefined;
      first.parsed(piece.length, !waiting.has(source));
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
    typed() {
      typedAt = now();
    },
    forget(source) {
      waiting.delete(source);
      // Its terminal may be gone, and would never call back.
      if (current?.source === source) current = undefined;
      schedule();
    },
  };
}
