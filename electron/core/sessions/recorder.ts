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
  readTerminalBytes,
  type TerminalBytes,
} from './asciicast.ts';

/** Writes what a terminal receives to an asciicast, as it comes. Disposing writes what is left and closes. */
export interface Recorder extends Disposable {
  readonly file: string;
  /** Bytes of output so far, on disk or on their way. */
  readonly totalBytes: number;
  /** False once the disk has refused; what comes later is not kept. */
  readonly recording: boolean;
  /** Once, with what the disk said. */
  readonly onFailed: Event<string>;
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
const BATCH_CHARACTERS = 512 * 1024;
/** Otherwise this often: a kill -9 takes less than the last second. */
const FLUSH_MS = 250;
/** The beginning of a character waits this long for the rest, then it is kept as bytes. */
const TAIL_MS = 1_000;
/** One mark in this many bytes: 40 KB of marks for a gigabyte. */
const MARK_BYTES = 512 * 1024;

/** `open` makes the file; it fails when the file is there already: recordings are never written over. */
export function createRecorder(options: {
  file: string;
  size: TerminalSize;
  clock: Clock;
  open?: (file: string) => number;
}): Recorder {
  const { file, clock, open: openFile = openNew } = options;
  const started = clock.monotonic();
  const failed = new Emitter<string>();
  const written = new Emitter<void>();
  const marks: CastMark[] = [];
  let descriptor: number | undefined;
  let failure: string | undefined;
  let lines: string[] = [];
  let characters = 0;
  let offset = 0;
  let writing: { bytes: Buffer; at: number } | undefined;
  let timer: Disposable | undefined;
  let tail: Buffer = Buffer.alloc(0);
  let tailSince = 0;
  let eventBytes = 0;
  let lastMark = Number.NEGATIVE_INFINITY;
  let markNext = false;
  /** A write was due while another was under way. */
  let overdue = false;
  let disposed = false;
  let idle: (() => void)[] = [];

  try {
    descriptor = openFile(file);
    add(castHeaderLine({ ...options.size, startedAt: clock.now() }));
  } catch (error) {
    // Told after the caller has had time to listen.
    queueMicrotask(() => fail(error));
    failure = 'the file could not be made';
  }

  const elapsed = () => clock.monotonic() - started;

  function add(line: string): void {
    if (failure !== undefined || descriptor === undefined) return;
    lines.push(line);
    characters += line.length;
    if (characters >= BATCH_CHARACTERS) send();
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
    if (failure !== undefined) return;
    if (eventBytes - lastMark >= MARK_BYTES) {
      // A mark needs the line's place in the file, which is known when it begins a write.
      lastMark = eventBytes;
      markNext = true;
      send();
    }
    if (markNext && lines.length === 0) {
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
    if (writing || lines.length === 0 || descriptor === undefined || failure !== undefined) return;
    const bytes = Buffer.from(lines.join(''), 'utf8');
    lines = [];
    characters = 0;
    writing = { bytes, at: offset };
    offset += bytes.length;
    put(descriptor, bytes, writing.at);
  }

  /** At its own place in the file, so that a last write at the end need not wait for the one under way. */
  function put(to: number, bytes: Buffer, at: number): void {
    write(to, bytes, 0, bytes.length, at, (error, count) => {
      if (!error && count < bytes.length && failure === undefined) {
        put(to, bytes.subarray(count), at + count);
        return;
      }
      writing = undefined;
      if (disposed) {
        close();
        return;
      }
      if (error) fail(error);
      if (overdue || idle.length > 0) send();
      if (!writing) {
        for (const resolve of idle.splice(0)) resolve();
      }
      written.fire();
    });
  }

  function fail(error: unknown): void {
    failure = error instanceof Error ? error.message : String(error);
    lines = [];
    characters = 0;
    timer?.dispose();
    failed.fire(failure);
    for (const resolve of idle.splice(0)) resolve();
    written.fire();
  }

  function close(): void {
    if (descriptor === undefined) return;
    closeSync(descriptor);
    descriptor = undefined;
  }

  function flush(): Promise<void> {
    if (disposed || failure !== undefined) return Promise.resolve();
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
      return failure === undefined;
    },
    get backlogBytes() {
      return characters + (writing?.bytes.length ?? 0);
    },
    onFailed: failed.event,
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
    resize: ({ columns, rows }) => add(castEventLine(elapsed(), 'r', `${columns}x${rows}`)),
    mark: (label) => add(castEventLine(elapsed(), 'm', label)),
    flush,
    async read(fromByte, maxBytes) {
      const end = Math.min(fromByte + maxBytes, eventBytes + tail.length);
      const open = { bytes: tail, at: eventBytes };
      const totalBytes = eventBytes + tail.length;
      await flush();
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
      if (descriptor !== undefined && failure === undefined) {
        try {
          // The process may end right after this, so what is under way is written again, to the same place.
          if (writing) putNow(descriptor, writing.bytes, writing.at);
          putNow(descriptor, Buffer.from(lines.join(''), 'utf8'), offset);
        } catch (error) {
          fail(error);
        }
      }
      for (const resolve of idle.splice(0)) resolve();
      idle = [];
      if (!writing) close();
      failed.dispose();
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
