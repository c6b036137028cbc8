import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import type { WindowLink } from '../../../shared/contract/rpc.ts';
import { incompleteTail } from './asciicast.ts';
import type { Recorder } from './recorder.ts';

/**
 * A pane's output: transport → recorder → coalesced frames → windows. A window acknowledges what xterm has parsed,
 * in bytes; above a high watermark the channel is paused, so that the remote process blocks, and nothing is ever
 * dropped. Without a window the output flows freely into the recording. Of several windows one that stops
 * acknowledging (a suspended tab) holds nobody back: it is given the rest from the recording when it goes on.
 */
export interface OutputFlow extends Disposable {
  /** The bytes are kept for some milliseconds, and must not be changed meanwhile. */
  output(bytes: Uint8Array): void;
  /** A dim line of ours, recorded like the rest. */
  note(text: string): void;
  /** Passes on what waits for its frame. */
  flush(): void;
  attach(window: WindowLink, replayBytes: number): Promise<{ replayedBytes: number; totalBytes: number }>;
  acknowledge(window: WindowLink, count: number): void;
  /** True while the channel is to be paused. */
  readonly paused: boolean;
}

/** xterm parses 5 to 35 MB/s: this much in flight keeps it busy, and is gone some 50 ms after Ctrl-C. */
const HIGH_BYTES = 768 * 1024;
/** Not lower: the host needs time to start again, and the terminal would stand idle. */
const LOW_BYTES = 576 * 1024;
/** A frame waits for this much or this long; the first one after a silence does not wait. */
const FRAME_BYTES = 128 * 1024;
const FRAME_MS = 8;
/** What may wait for a slow disk. */
const BACKLOG_HIGH = 8 * 1024 * 1024;
const BACKLOG_LOW = 2 * 1024 * 1024;
/** A window that has taken nothing for so long does not draw at the moment. */
const LAGGING_MS = 2_000;
/** From the recording at a time. */
const CATCH_UP_BYTES = 512 * 1024;

interface Attachment {
  queue: { type: 'output' | 'replay'; bytes: Uint8Array }[];
  queuedBytes: number;
  unacknowledged: number;
  /** The replay is being read: what follows it waits. */
  held: boolean;
  /** When it last took something. */
  tookAt: number;
  /** It lags: what it is to be given next, as a place in the recording. */
  behind?: number;
}

export function createOutputFlow(options: {
  wire: number;
  clock: Clock;
  recorder: Recorder;
  /** What its place showed before this recording, at most so many of the newest bytes. */
  earlier?: (most: number) => Promise<Buffer>;
  pause: () => void;
  resume: () => void;
}): OutputFlow {
  const { wire, clock, recorder } = options;
  const windows = new Map<WindowLink, Attachment>();
  /** Windows whose going away is watched already. */
  const watched = new Set<WindowLink>();
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let timer: Disposable | undefined;
  let flushedAt = Number.NEGATIVE_INFINITY;
  let paused = false;
  let disposed = false;
  let lagTimer: Disposable | undefined;
  const onWritten = recorder.onWritten(() => regulate());

  function output(bytes: Uint8Array): void {
    if (disposed) return;
    // What is in flight is bounded by frames, and so is a frame, but for a piece that is larger by itself.
    if (pendingBytes > 0 && pendingBytes + bytes.length > FRAME_BYTES) flush();
    pending.push(bytes);
    pendingBytes += bytes.length;
    if (pendingBytes >= FRAME_BYTES || (!timer && clock.monotonic() - flushedAt >= FRAME_MS)) flush();
    else timer ??= clock.after(FRAME_MS, flush);
  }

  function flush(): void {
    timer?.dispose();
    timer = undefined;
    if (pendingBytes === 0 || disposed) return;
    const [pieces, length] = [pending, pendingBytes];
    pending = [];
    pendingBytes = 0;
    flushedAt = clock.monotonic();
    withJoined(pieces, length, pass);
    regulate();
  }

  function pass(batch: Buffer): void {
    recorder.output(batch);
    for (const [window, attachment] of windows) {
      if (attachment.behind !== undefined) continue;
      if (attachment.queuedBytes + attachment.unacknowledged === 0) attachment.tookAt = clock.monotonic();
      if (attachment.queue.length === 0 && mayTake(attachment)) {
        give(window, attachment, 'output', batch);
        continue;
      }
      attachment.queue.push({ type: 'output', bytes: Buffer.from(batch) });
      attachment.queuedBytes += batch.length;
    }
  }

  const mayTake = (one: Attachment) => !one.held && one.unacknowledged < HIGH_BYTES;

  function give(
    window: WindowLink,
    attachment: Attachment,
    type: 'output' | 'replay',
    bytes: Uint8Array,
  ): void {
    attachment.unacknowledged += bytes.length;
    window.sendTerminal({ type, wire, bytes });
  }

  function send(window: WindowLink, attachment: Attachment): void {
    while (mayTake(attachment)) {
      const next = attachment.queue.shift();
      if (!next) return;
      attachment.queuedBytes -= next.bytes.length;
      give(window, attachment, next.type, next.bytes);
    }
  }

  function regulate(): void {
    leaveLaggingBehind();
    const outstanding = Math.max(
      0,
      ...[...windows.values()].map((one) =>
        one.behind === undefined ? one.unacknowledged + one.queuedBytes : 0,
      ),
    );
    const backlog = recorder.backlogBytes;
    if (!paused && (outstanding > HIGH_BYTES || backlog > BACKLOG_HIGH)) {
      paused = true;
      options.pause();
      lagTimer ??= clock.after(LAGGING_MS, () => {
        lagTimer = undefined;
        regulate();
      });
    } else if (paused && outstanding < LOW_BYTES && backlog < BACKLOG_LOW) {
      paused = false;
      options.resume();
    }
  }

  /** Windows that hold up others which do take their output are given theirs later, from the recording. */
  function leaveLaggingBehind(): void {
    const lags = (one: Attachment) =>
      one.behind !== undefined ||
      (!one.held &&
        one.unacknowledged + one.queuedBytes > LOW_BYTES &&
        clock.monotonic() - one.tookAt >= LAGGING_MS);
    const all = [...windows.values()];
    if (!all.some((one) => !lags(one))) return;
    for (const one of all) {
      if (one.behind !== undefined || !lags(one)) continue;
      // What is queued is the newest of what is recorded.
      one.behind = recorder.totalBytes - one.queuedBytes;
      one.queue = [];
      one.queuedBytes = 0;
    }
    if (paused && !lagTimer) {
      lagTimer = clock.after(LAGGING_MS, () => {
        lagTimer = undefined;
        regulate();
      });
    }
  }

  async function catchUp(window: WindowLink, attachment: Attachment): Promise<void> {
    if (attachment.held || attachment.behind === undefined || attachment.unacknowledged >= LOW_BYTES) return;
    attachment.held = true;
    const from = attachment.behind;
    const bytes = await recorder.read(from, CATCH_UP_BYTES).then(
      (read) => read.bytes,
      () => Buffer.alloc(0),
    );
    attachment.held = false;
    if (disposed || windows.get(window) !== attachment) return;
    attachment.behind = from + bytes.length;
    // Nothing more can be read, or nothing more is there: from here on it takes what comes.
    if (bytes.length === 0 || attachment.behind >= recorder.totalBytes) delete attachment.behind;
    for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
      const frame = bytes.subarray(at, at + FRAME_BYTES);
      // What it asks its terminal was answered by another one, long ago.
      attachment.queue.push({ type: 'replay', bytes: frame });
      attachment.queuedBytes += frame.length;
    }
    attachment.tookAt = clock.monotonic();
    send(window, attachment);
    regulate();
  }

  return {
    output,
    flush,
    get paused() {
      return paused;
    },
    note(text) {
      output(noteBytes(text));
      flush();
    },
    async attach(window, replayBytes) {
      flush();
      const attachment: Attachment = {
        queue: [],
        queuedBytes: 0,
        unacknowledged: 0,
        held: true,
        tookAt: clock.monotonic(),
      };
      // Attaching again starts over: what was on its way to a terminal that is gone is not waited for.
      windows.set(window, attachment);
      if (!watched.has(window)) {
        watched.add(window);
        window.lifetime.addStop(() => {
          watched.delete(window);
          windows.delete(window);
          regulate();
        });
      }
      regulate();
      const totalBytes = recorder.totalBytes;
      const own = await readNewest(recorder, totalBytes, replayBytes);
      const most = own.length === totalBytes ? replayBytes - own.length : 0;
      const earlier = most > 0 ? await options.earlier?.(most).catch(() => undefined) : undefined;
      const replay = earlier && earlier.length > 0 ? Buffer.concat([earlier, own]) : own;
      attachment.held = false;
      if (windows.get(window) !== attachment) return { replayedBytes: 0, totalBytes };
      const frames: Attachment['queue'] = [];
      for (let at = 0; at < replay.length; at += FRAME_BYTES) {
        frames.push({ type: 'replay', bytes: replay.subarray(at, at + FRAME_BYTES) });
      }
      attachment.queue.unshift(...frames);
      attachment.queuedBytes += replay.length;
      send(window, attachment);
      regulate();
      return { replayedBytes: own.length, totalBytes };
    },
    acknowledge(window, count) {
      const attachment = windows.get(window);
      if (!attachment) return;
      attachment.unacknowledged = Math.max(0, attachment.unacknowledged - count);
      attachment.tookAt = clock.monotonic();
      send(window, attachment);
      regulate();
      void catchUp(window, attachment);
    },
    dispose() {
      flush();
      disposed = true;
      timer?.dispose();
      lagTimer?.dispose();
      onWritten.dispose();
      windows.clear();
    },
  };
}

/**
 * Every pane's batches are made in one place, which is used again at once: a buffer each is memory that outlives the young
 * generation, and a flood then has V8 mark its whole heap after every two megabytes (half of the core's CPU, measured).
 */
let room: Buffer | undefined;

/** `use` has the bytes until it returns. */
function withJoined(pieces: readonly Uint8Array[], length: number, use: (bytes: Buffer) => void): void {
  const own =
    room && room.length >= length ? room : Buffer.allocUnsafeSlow(Math.max(length, 2 * FRAME_BYTES));
  // Whoever comes here meanwhile takes another.
  room = undefined;
  let at = 0;
  for (const piece of pieces) {
    own.set(piece, at);
    at += piece.length;
  }
  use(own.subarray(0, length));
  room = own;
}

async function readNewest(recorder: Recorder, totalBytes: number, replayBytes: number): Promise<Buffer> {
  if (replayBytes === 0 || totalBytes === 0) return Buffer.alloc(0);
  const from = Math.max(0, totalBytes - replayBytes);
  try {
    const { bytes } = await recorder.read(from, totalBytes - from);
    return from === 0 ? bytes : bytes.subarray(characterStart(bytes));
  } catch {
    // The file is gone or unreadable: the pane goes on without its past.
    return Buffer.alloc(0);
  }
}

/** Where the first whole character starts: a cut may fall inside one. */
function characterStart(bytes: Buffer): number {
  let at = 0;
  while (at < 3 && at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++;
  // Three continuation bytes and no lead: not UTF-8 at all, and then any place is as good.
  return at === 3 && incompleteTail(bytes.subarray(0, 3)) === 0 && ((bytes[3] ?? 0) & 0xc0) === 0x80 ? 0 : at;
}

/** A dim line of ours, in the pane and on record. */
export function noteBytes(text: string): Uint8Array {
  return Buffer.from(`${RESET_MODES}\r\n\x1b[2m── ${plain(text)} ──\x1b[0m\r\n`);
}

/**
 * What the shell that is gone may have left behind: an unfinished sequence (CAN), the alternate screen, mouse
 * reports, bracketed paste, application keys, a hidden cursor (xterm control sequences, DECSTR and DECRST). Leaving
 * the alternate screen restores the saved cursor, on the normal one too: so the cursor is saved before.
 */
const RESET_MODES =
  '\x18\x1b7\x1b[?1049l\x1b[!p\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?25h';

const plain = (text: string) =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').slice(0, 400);
