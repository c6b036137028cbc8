import { Duplex } from 'node:stream';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';

/**
 * smux, protocol version 1 (github.com/xtaci/smux): several TCP connections over one session to a port. A frame is
 * version (1), command, length (u16, little-endian), stream id (u32, little-endian), then the payload. Version 1 has
 * no window of its own: a stream that is not read holds back the session, as it does at both official ends.
 */
export const SMUX = { synchronize: 0, finish: 1, push: 2, nothing: 3 } as const;

export interface SmuxFrame {
  command: number;
  streamId: number;
  payload: Uint8Array;
}

const HEADER = 8;
/** The largest that the official ends send; the length's 16 bits would allow twice that. */
const SMUX_PAYLOAD_BYTES = 32_768;

export function encodeSmux(
  command: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + payload.length);
  bytes[0] = 1;
  bytes[1] = command;
  bytes.writeUInt16LE(payload.length, 2);
  bytes.writeUInt32LE(streamId, 4);
  bytes.set(payload, HEADER);
  return bytes;
}

/** Cuts a byte stream into frames. Payloads are copies. */
export function createSmuxReader(): { push(bytes: Uint8Array): Result<SmuxFrame[], string> } {
  let parts: Uint8Array[] = [];
  let length = 0;
  return {
    push(bytes) {
      parts.push(bytes);
      length += bytes.length;
      const frames: SmuxFrame[] = [];
      // Joined only when a frame is whole: pieces of a thousand bytes would be copied over and over else.
      let wanted = HEADER;
      if (length < wanted) {
        parts = [Buffer.concat(parts)];
        return ok(frames);
      }
      let all = Buffer.concat(parts, length);
      for (;;) {
        if (all.length < HEADER) break;
        if (all[0] !== 1) return fail(`a multiplexer of version ${all[0]}, not 1`);
        const command = all[1] ?? 0;
        if (command > SMUX.nothing) return fail(`a multiplexer's command ${command}`);
        wanted = HEADER + all.readUInt16LE(2);
        if (all.length < wanted) break;
        frames.push({
          command,
          streamId: all.readUInt32LE(4),
          payload: Uint8Array.prototype.slice.call(all, HEADER, wanted),
        });
        all = all.subarray(wanted);
      }
      parts = all.length === 0 ? [] : [Buffer.from(all)];
      length = all.length;
      return ok(frames);
    },
  };
}

export interface SmuxSession {
  /** A new connection to the port, as the client's end: ids 3, 5, 7 … */
  open(): Duplex;
  /** Bytes of the session, in any pieces. Fails on what is no smux: the session is over then. */
  receive(bytes: Uint8Array): Result<null, string>;
  /** True while what is not read asks for the session to be held back. */
  readonly full: boolean;
  close(reason: string): void;
}

export interface SmuxOptions {
  send(bytes: Uint8Array): void;
  /** Resolves when more may be sent; absent: at once. */
  drained?(): Promise<void>;
  /** For the end that is connected to; without it a stream of the other end is refused. */
  accept?(stream: Duplex): void;
  /** `full` changed. */
  onFull?(full: boolean): void;
}

/** Both official ends hold 4 MiB that nobody has read yet, over all streams. */
const MOST_UNREAD = 4 * 1024 * 1024;

export function createSmuxSession(options: SmuxOptions): SmuxSession {
  const reader = createSmuxReader();
  const streams = new Map<number, SmuxStream>();
  let nextId = 3;
  let unread = 0;
  let full = false;

  function changeUnread(by: number): void {
    unread += by;
    const now = full ? unread > MOST_UNREAD / 2 : unread >= MOST_UNREAD;
    if (now === full) return;
    full = now;
    options.onFull?.(full);
  }

  class SmuxStream extends Duplex {
    readonly #id: number;
    #waiting: Uint8Array[] = [];
    #wanted = false;
    #ended = false;
    #finished = false;

    constructor(id: number) {
      super({ allowHalfOpen: true });
      this.#id = id;
    }

    deliver(payload: Uint8Array): void {
      if (this.destroyed) return;
      changeUnread(payload.length);
      this.#waiting.push(payload);
      this.#pump();
    }

    /** The other end finished: version 1 has no half-close, it will read nothing more either. */
    finish(): void {
      this.#ended = true;
      this.#pump();
    }

    #pump(): void {
      while (this.#wanted) {
        const next = this.#waiting.shift();
        if (!next) {
          if (this.#ended) this.push(null);
          return;
        }
        changeUnread(-next.length);
        this.#wanted = this.push(next);
      }
    }

    override _read(): void {
      this.#wanted = true;
      this.#pump();
    }

    override _write(data: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
      for (let at = 0; at < data.length; at += SMUX_PAYLOAD_BYTES)
        options.send(encodeSmux(SMUX.push, this.#id, data.subarray(at, at + SMUX_PAYLOAD_BYTES)));
      const drained = options.drained?.();
      if (drained) drained.then(() => done(), done);
      else done();
    }

    /** It will write no more. The other end may take that for a full close; what it sends until then is still taken. */
    override _final(done: (error?: Error | null) => void): void {
      this.#sayFinish();
      done();
    }

    #sayFinish(): void {
      if (this.#finished) return;
      this.#finished = true;
      options.send(encodeSmux(SMUX.finish, this.#id));
    }

    override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
      if (streams.delete(this.#id)) this.#sayFinish();
      changeUnread(-this.#waiting.reduce((sum, one) => sum + one.length, 0));
      this.#waiting = [];
      done(error);
    }
  }

  return {
    open() {
      const id = nextId;
      nextId += 2;
      const stream = new SmuxStream(id);
      streams.set(id, stream);
      options.send(encodeSmux(SMUX.synchronize, id));
      return stream;
    },
    receive(bytes) {
      const frames = reader.push(bytes);
      if (!frames.ok) return frames;
      for (const { command, streamId, payload } of frames.value) {
        if (command === SMUX.synchronize) {
          if (!options.accept) options.send(encodeSmux(SMUX.finish, streamId));
          else if (!streams.has(streamId)) {
            const stream = new SmuxStream(streamId);
            streams.set(streamId, stream);
            options.accept(stream);
          }
        } else if (command === SMUX.push) streams.get(streamId)?.deliver(payload);
        else if (command === SMUX.finish) streams.get(streamId)?.finish();
      }
      return ok(null);
    },
    get full() {
      return full;
    },
    close(reason) {
      for (const stream of [...streams.values()]) stream.destroy(new Error(reason));
    },
  };
}
