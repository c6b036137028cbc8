import type { Client, ClientChannel } from 'ssh2';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../../shared/base/emitter.ts';
import type { ChannelExit, ExecChannel, ShellChannel } from '../transport.ts';
import { ownReceiveWindow } from './ssh2Internals.ts';

/**
 * A shell's window is what may still arrive after Ctrl-C, twice over (sshd holds back as much again): 512 KiB is
 * 20 ms of a terminal's work, and 10 MB/s at 50 ms of round trip. Half as much starves the terminal on a busy machine,
 * where every hand on the way waits its turn (measured at a load of four a core: a third less in one pane than in four).
 */
const SHELL_WINDOW_BYTES = 512 * 1024;
const EXEC_WINDOW_BYTES = 1024 * 1024;

/** What waits on our side goes out in pieces of this size, so that an interrupt overtakes all but one. */
const WRITE_BYTES = 16 * 1024;

/** A stream of ssh2 as a channel. `onConnectionClose` ends it as lost. */
export function createShellChannel(
  client: Client,
  stream: ClientChannel,
  onConnectionClose: Event<unknown>,
): ShellChannel {
  const channel = createChannel(client, stream, onConnectionClose, SHELL_WINDOW_BYTES);
  return {
    onOutput: channel.onOutput,
    onExit: channel.onExit,
    write: channel.write,
    interrupt: channel.interrupt,
    pause: channel.pause,
    resume: channel.resume,
    resize({ columns, rows }) {
      if (channel.isOpen()) stream.setWindow(rows, columns, 0, 0);
    },
    dispose: () => channel.dispose(() => {}),
  };
}

export function createExecChannel(
  client: Client,
  stream: ClientChannel,
  onConnectionClose: Event<unknown>,
): ExecChannel {
  const channel = createChannel(client, stream, onConnectionClose, EXEC_WINDOW_BYTES);
  return {
    onOutput: channel.onOutput,
    onErrorOutput: channel.onErrorOutput,
    onExit: channel.onExit,
    write: channel.write,
    pause: channel.pause,
    resume: channel.resume,
    end: channel.end,
    // Closing alone leaves `tail -F` running on the host until it next writes: sshd ends only what has a terminal.
    // sshd passes signals on where it separates privileges, which is in every login but root's (session.c).
    dispose: () => channel.dispose(() => stream.signal('TERM')),
  };
}

function createChannel(
  client: Client,
  stream: ClientChannel,
  onConnectionClose: Event<unknown>,
  windowBytes: number,
) {
  const output = new Emitter<Uint8Array>();
  const errorOutput = new Emitter<Uint8Array>();
  const exit = new Emitter<ChannelExit>();
  const lifetime = new DisposableStore();
  const handedOn = ownReceiveWindow(client, stream, windowBytes);
  const waiting: Buffer[] = [];
  let writing = false;
  let ending = false;
  let started = false;
  let paused = false;
  let disposed = false;
  let exited = false;
  let openReaders = 2;
  let status: { code?: number; signal?: string } = {};

  stream.on('exit', (code: number | null, signal?: string) => {
    status = { ...(code === null ? {} : { code }), ...(signal === undefined ? {} : { signal }) };
  });
  // ssh2 reports what a closing connection did to a channel here; onExit says it.
  stream.on('error', () => {});
  stream.stderr.on('error', () => {});
  stream.on('close', () => readerEnded());
  stream.stderr.on('end', () => readerEnded());
  lifetime.add(onConnectionClose(() => finish(status.code === undefined && status.signal === undefined)));

  // Bytes may follow the reply to the open request in the same packet: they wait until someone listens.
  function start(): void {
    if (started) return;
    started = true;
    queueMicrotask(() => {
      if (exited) return;
      stream.on('data', (data: Buffer) => deliver(output, data));
      stream.stderr.on('data', (data: Buffer) => deliver(errorOutput, data));
      if (paused) pauseStreams();
    });
  }

  function deliver(to: Emitter<Uint8Array>, data: Buffer): void {
    if (!disposed && data.length > 0) to.fire(data);
    handedOn(data.length);
  }

  function pauseStreams(): void {
    stream.pause();
    stream.stderr.pause();
  }

  function readerEnded(): void {
    if (--openReaders === 0) finish(false);
  }

  function finish(lost: boolean): void {
    if (exited) return;
    exited = true;
    // What came before the end and was held back by a pause still counts.
    for (const [readable, emitter] of [
      [stream, output],
      [stream.stderr, errorOutput],
    ] as const) {
      for (;;) {
        const data: unknown = readable.read();
        if (!Buffer.isBuffer(data)) break;
        if (!disposed) emitter.fire(data);
      }
    }
    lifetime.dispose();
    exit.fire({ ...status, lost });
    for (const emitter of [output, errorOutput, exit]) emitter.dispose();
  }

  function pump(): void {
    if (writing || exited || disposed) return;
    const next = waiting.shift();
    if (!next) {
      if (ending) stream.end();
      return;
    }
    writing = true;
    stream.write(next, () => {
      writing = false;
      pump();
    });
  }

  const isOpen = () => !exited && !disposed;
  const listen =
    <T>(emitter: Emitter<T>): Event<T> =>
    (listener) => {
      const subscription = emitter.event(listener);
      start();
      return subscription;
    };

  return {
    isOpen,
    onOutput: listen(output),
    onErrorOutput: listen(errorOutput),
    onExit: listen(exit),
    write(data: Uint8Array | string) {
      if (!isOpen() || ending) return;
      const bytes = Buffer.from(data as Uint8Array);
      for (let at = 0; at < bytes.length; at += WRITE_BYTES)
        waiting.push(bytes.subarray(at, at + WRITE_BYTES));
      pump();
    },
    interrupt(data: Uint8Array) {
      if (!isOpen() || ending) return;
      waiting.length = 0;
      stream.write(Buffer.from(data));
    },
    end() {
      if (!isOpen() || ending) return;
      ending = true;
      pump();
    },
    pause() {
      paused = true;
      if (started) pauseStreams();
    },
    resume() {
      paused = false;
      if (!started || exited) return;
      stream.resume();
      stream.stderr.resume();
    },
    /** Afterwards nothing is delivered but the exit, which comes when the server has let go of its place. */
    dispose(beforeClose: () => void) {
      if (disposed || exited) {
        disposed = true;
        return;
      }
      beforeClose();
      disposed = true;
      waiting.length = 0;
      start();
      stream.close();
      stream.resume();
      stream.stderr.resume();
    },
  };
}
