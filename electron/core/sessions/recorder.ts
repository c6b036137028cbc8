import { closeSync, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../shared/base/emitter.ts';
import type { TerminalSize } from '../transports/transport.ts';
import {
  type CastMark,
  castEventLine,
  castHeaderLine,
  castOutputLines,
  incompleteTail,
  outputReader,
  readTerminalBytes,
  type TerminalBytes,
} from './asciicast.ts';

/** Writes what a terminal receives to an asciicast, as it comes. Disposing writes what is left and closes. */
export interface Recorder extends Disposable {
  readonly file: string;
  /** Bytes of output so far, on disk or on their way. */
  readonly totalBytes: number;
  /** False while the disk refuses. The newest megabytes wait for it; what is beyond them is not kept. */
  readonly recording: boolean;
  /** Each time the disk begins to refuse, with what it said. */
  readonly onFailed: Event<string>;
  /** It takes everything again; so many bytes of output came that are not on record. */
  readonly onResumed: Event<{ missingBytes: number }>;
  /** Bytes that wait for the disk. */
  readonly backlogBytes: number;
  /** Each time a write has ended and `backlogBytes` is less. */
  readonly onWritten: Event<void>;
  output(bytes: Uint8Array): void;
  resize(size: TerminalSize): void;
  mark(label: string): void;
  /** Everything so far is in the file's pages. */
  flush(): Promise<void>;
  /** Exact bytes of the output, from a byte on. Includes what is not on disk yet. */
  read(fromByte: number, maxBytes: number): Promise<TerminalBytes>;
}

/** Written when this much waits; one write of this size costs what sixty small ones do. */
const BATCH_BYTES = 512 * 1024;
/** Otherwise this often: a kill -9 takes less than the last second. */
const FLUSH_MS = 250;
/** The beginning of a character waits this long for the rest, then it is kept as bytes. */
const TAIL_MS = 1_000;
/** One mark in this many bytes: 40 KB of marks for a gigabyte. */
const MARK_BYTES = 512 * 1024;
/** A disk that refuses is asked again so often. */
const RETRY_MS = 2_000;
/** What waits in memory meanwhile; a dozen panes may flood at once. */
const HELD_BYTES = 4 * 1024 * 1024;

/** What lines are gathered in, to begin with; it grows to what a flood needs between two writes. */
const PAGE_BYTES = 4 * 1024;
/** A larger page is given up when so little was in it. */
const LITTLE = 1 / 8;

/** Lines on their way to the disk, at their place in the file, and how many bytes of output come before them. */
interface Batch {
  bytes: Buffer;
  at: number;
  from: number;
}

/** `open` makes the file; it fails when the file is there already: recordings are never written over. */
export function createRecorder(options: {
  file: string;
  size: TerminalSize;
  clock: Clock;
  open?: (file: string) => number;
}): Recorder {
  const { file, clock, open: openFile = openNew } = options;
  const started = { at: clock.now(), monotonic: clock.monotonic() };
  const failed = new Emitter<string>();
  const resumed = new Emitter<{ missingBytes: number }>();
  const written = new Emitter<void>();
  const marks: CastMark[] = [];
  let descriptor: number | undefined;
  /** What the disk says while it refuses. */
  let refusal: string | undefined;
  let told = false;
  /** What it refused, to be written again, whole. */
  let refused: Batch | undefined;
  /** The file cannot be ours. */
  let givenUp = false;
  /** More came than is held: all that follows is left out, until the disk takes what is held. */
  let leavingOut = false;
  let missingBytes = 0;
  let sentBytes = 0;
  let { size } = options;
  let retry: Disposable | undefined;
  /**
   * Two pages in turn, one that is filled and one that is written: a buffer a line, and one for all of them, is memory
   * that outlives V8's young generation, and has it mark its whole heap again and again.
   */
  let page: Buffer = Buffer.allocUnsafeSlow(PAGE_BYTES);
  let spare: Buffer | undefined;
  let waitingBytes = 0;
  let offset = 0;
  let writing: Batch | undefined;
  let timer: Disposable | undefined;
  let tail: Buffer = Buffer.alloc(0);
  let tailSince = 0;
  let eventBytes = 0;
  let lastMark = Number.NEGATIVE_INFINITY;
  let markNext = false;
  /** A write was due while another was under way. */
  let overdue = false;
  let disposed = false;
  let slept = 0;
  let idle: (() => void)[] = [];

  try {
    descriptor = openFile(file);
  } catch (error) {
    refusal = 'the file could not be made';
    // Told after the caller has had time to listen.
    queueMicrotask(() => refuse(error));
  }
  add(castHeaderLine({ ...size, startedAt: started.at }));

  /**
   * Never steps back; and goes on with the calendar while this machine sleeps, which the monotonic clock does not: a row is
   * looked for by when it was printed.
   */
  function elapsed(): number {
    const elapsedMs = clock.monotonic() - started.monotonic;
    slept = Math.max(slept, clock.now() - started.at - elapsedMs);
    return elapsedMs + slept;
  }

  function add(text: string | Buffer): void {
    if (givenUp) return;
    const line = typeof text === 'string' ? Buffer.from(text) : text;
    if (waitingBytes + line.length > page.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * page.length, waitingBytes + line.length));
      page.copy(larger, 0, 0, waitingBytes);
      page = larger;
    }
    page.set(line, waitingBytes);
    waitingBytes += line.length;
    if (refusal !== undefined) return;
    if (waitingBytes >= BATCH_BYTES) send();
    else timer ??= clock.after(FLUSH_MS, onTimer);
  }

  function onTimer(): void {
    timer = undefined;
    if (tail.length > 0) {
      if (clock.monotonic() - tailSince >= TAIL_MS) releaseTail();
      else timer = clock.after(FLUSH_MS, onTimer);
    }
    send();
  }

  function releaseTail(): void {
    const bytes = tail;
    tail = Buffer.alloc(0);
    event(bytes);
  }

  function event(bytes: Buffer): void {
    if (refusal !== undefined && waitingBytes >= HELD_BYTES) leavingOut = true;
    if (leavingOut || givenUp) {
      missingBytes += bytes.length;
      return;
    }
    if (eventBytes - lastMark >= MARK_BYTES) {
      // A mark needs the line's place in the file, which is known when it begins a write.
      lastMark = eventBytes;
      markNext = true;
      send();
    }
    if (markNext && waitingBytes === 0) {
      markNext = false;
      marks.push({ byte: eventBytes, offset });
    }
    eventBytes += bytes.length;
    add(castOutputLines(elapsed(), bytes));
  }

  function send(): void {
    timer?.dispose();
    timer = tail.length > 0 && !disposed ? clock.after(FLUSH_MS, onTimer) : undefined;
    overdue = writing !== undefined;
    if (writing || waitingBytes === 0 || descriptor === undefined || refusal !== undefined) return;
    const bytes = page.subarray(0, waitingBytes);
    const small = waitingBytes < page.length * LITTLE;
    page = spare && !small ? spare : Buffer.allocUnsafeSlow(PAGE_BYTES);
    spare = undefined;
    waitingBytes = 0;
    writing = { bytes, at: offset, from: sentBytes };
    sentBytes = eventBytes;
    offset += bytes.length;
    put(descriptor, writing, 0);
  }

  /** At its own place in the file, so that a last write at the end need not wait for the one under way. */
  function put(to: number, batch: Batch, done: number): void {
    write(to, batch.bytes, done, batch.bytes.length - done, batch.at + done, (error, count) => {
      if (!error && done + count < batch.bytes.length) {
        put(to, batch, done + count);
        return;
      }
      writing = undefined;
      if (disposed) {
        close();
        return;
      }
      if (error) {
        refused = batch;
        refuse(error);
        return;
      }
      if (batch.bytes.buffer.byteLength * LITTLE <= batch.bytes.length)
        spare = Buffer.from(batch.bytes.buffer);
      if (refusal !== undefined) resume();
      if (overdue || idle.length > 0) send();
      if (!writing) {
        for (const resolve of idle.splice(0)) resolve();
      }
      written.fire();
    });
  }

  function refuse(error: unknown): void {
    if (disposed) return;
    refusal = error instanceof Error ? error.message : String(error);
    givenUp = (error as NodeJS.ErrnoException).code === 'EEXIST';
    timer?.dispose();
    timer = undefined;
    if (givenUp) waitingBytes = 0;
    else retry = clock.after(RETRY_MS, tryAgain);
    if (!told) failed.fire(refusal);
    told = true;
    for (const resolve of idle.splice(0)) resolve();
    written.fire();
  }

  function tryAgain(): void {
    if (disposed) return;
    try {
      descriptor ??= openFile(file);
    } catch (error) {
      refuse(error);
      return;
    }
    if (!refused) {
      // The file could not be made; now it is there.
      resume();
      return;
    }
    writing = refused;
    put(descriptor, refused, 0);
  }

  function resume(): void {
    refusal = undefined;
    refused = undefined;
    told = false;
    const missing = missingBytes;
    missingBytes = 0;
    if (leavingOut) {
      leavingOut = false;
      add(
        castEventLine(
          elapsed(),
          'm',
          `${missing} bytes of output are not on record before this: the disk was full`,
        ),
      );
      add(castEventLine(elapsed(), 'r', `${size.columns}x${size.rows}`));
    }
    send();
    resumed.fire({ missingBytes: missing });
  }

  /** The newest output that is not in the file yet, while the disk refuses. */
  function heldOutput(): Buffer {
    const outputOf = outputReader();
    const held = Buffer.concat([...(refused ? [refused.bytes] : []), page.subarray(0, waitingBytes)])
      .toString('utf8')
      .split('\n');
    return Buffer.concat(held.flatMap((line) => outputOf(line) ?? []));
  }

  function close(): void {
    if (descriptor === undefined) return;
    closeSync(descriptor);
    descriptor = undefined;
  }

  function flush(): Promise<void> {
    if (disposed || refusal !== undefined) return Promise.resolve();
    send();
    if (!writing) return Promise.resolve();
    return new Promise((resolve) => idle.push(resolve));
  }

  return {
    file,
    get totalBytes() {
      return eventBytes + tail.length;
    },
    get recording() {
      return refusal === undefined;
    },
    get backlogBytes() {
      // Nobody waits for a disk that is full: the terminal goes on.
      return refusal === undefined ? waitingBytes + (writing?.bytes.length ?? 0) : 0;
    },
    onFailed: failed.event,
    onResumed: resumed.event,
    onWritten: written.event,
    output(bytes) {
      if (disposed || bytes.length === 0) return;
      const whole =
        tail.length > 0
          ? Buffer.concat([tail, bytes])
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const left = incompleteTail(whole);
      if (left > 0) {
        if (tail.length === 0) tailSince = clock.monotonic();
        timer ??= clock.after(FLUSH_MS, onTimer);
      }
      tail = Buffer.from(whole.subarray(whole.length - left));
      if (whole.length > left) event(whole.subarray(0, whole.length - left));
    },
    resize(next) {
      size = next;
      if (!leavingOut) add(castEventLine(elapsed(), 'r', `${size.columns}x${size.rows}`));
    },
    mark: (label) => add(castEventLine(elapsed(), 'm', label)),
    flush,
    async read(fromByte, maxBytes) {
      const end = Math.min(fromByte + maxBytes, eventBytes + tail.length);
      const open = { bytes: tail, at: eventBytes };
      const totalBytes = eventBytes + tail.length;
      await flush();
      if (refusal !== undefined) {
        const from = refused?.from ?? sentBytes;
        const inFile = Math.max(0, Math.min(end, from) - fromByte);
        const before =
          inFile > 0
            ? (await readTerminalBytes(file, fromByte, inFile, { stopEarly: true })).bytes
            : Buffer.alloc(0);
        const after = Buffer.concat([heldOutput(), open.bytes]);
        const bytes = after.subarray(Math.max(0, fromByte - from), Math.max(0, end - from));
        return { bytes: Buffer.concat([before, bytes]), totalBytes };
      }
      const mark = marks.findLast((candidate) => candidate.byte <= fromByte);
      const onDisk = await readTerminalBytes(file, fromByte, Math.max(0, Math.min(end, open.at) - fromByte), {
        stopEarly: true,
        ...(mark ? { mark } : {}),
      });
      const rest = open.bytes.subarray(Math.max(0, fromByte - open.at), Math.max(0, end - open.at));
      return { bytes: Buffer.concat([onDisk.bytes, rest]), totalBytes };
    },
    dispose() {
      if (disposed) return;
      if (tail.length > 0) releaseTail();
      disposed = true;
      timer?.dispose();
      timer = undefined;
      retry?.dispose();
      if (descriptor !== undefined) {
        try {
          // The process may end right after this, so what is under way is written again, to the same place.
          const last = writing ?? refused;
          if (last) putNow(descriptor, last.bytes, last.at);
          putNow(descriptor, page.subarray(0, waitingBytes), offset);
        } catch {
          // It was told that the disk is full.
        }
      }
      for (const resolve of idle.splice(0)) resolve();
      idle = [];
      if (!writing) close();
      failed.dispose();
      resumed.dispose();
      written.dispose();
    },
  };
}

function openNew(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return openSync(file, 'wx', 0o600);
}

function putNow(to: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(to, bytes, done, bytes.length - done, at + done);
}
