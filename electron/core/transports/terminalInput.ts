import { writeSync } from 'node:fs';
import type { IPty } from '@lydell/node-pty';
import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';

export interface TerminalInput extends Disposable {
  /** Takes all of it. What the terminal has no room for yet waits, and is written as it makes room. */
  write(data: Uint8Array): void;
  /** Drops what waits, and goes first. */
  interrupt(data: Uint8Array): void;
}

/** Node has no way to wait until a descriptor can be written to without a handle of libuv's: we ask. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;

/**
 * Input to a pseudo-terminal that never waits for the program behind it.
 *
 * node-pty writes through libuv's tty handle, which for a master is one with blocking writes (`uv_tty_init`): with a
 * program that does not read, it tries again and again on this thread, and nothing else runs. With echo on it never
 * ends, as nobody reads the echo that fills the terminal. The descriptor itself does not block, so we write to it.
 */
export function createTerminalInput(clock: Clock, terminal: IPty): TerminalInput {
  const { fd, _socket: socket } = terminal as unknown as { fd?: number; _socket?: { destroyed: boolean } };
  const waiting: Uint8Array[] = [];
  let retry: Disposable | undefined;
  let waitMs = FIRST_WAIT_MS;
  let disposed = false;

  function pump(): void {
    retry = undefined;
    for (let next = waiting[0]; next && !disposed; next = waiting[0]) {
      const written = writeSome(next);
      if (written > 0) waitMs = FIRST_WAIT_MS;
      if (written === next.length) {
        waiting.shift();
        continue;
      }
      waiting[0] = next.subarray(written);
      retry = clock.after(waitMs, pump);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      return;
    }
  }

  /** @returns how many bytes the terminal took; all of them when it is closed: nobody will read them */
  function writeSome(data: Uint8Array): number {
    // On Windows there is a pipe, whose handle waits by itself.
    if (fd === undefined) {
      terminal.write(Buffer.from(data) as unknown as string);
      return data.length;
    }
    // Its number may be another file's by now.
    if (socket?.destroyed !== false) return data.length;
    try {
      return writeSync(fd, data);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : data.length;
    }
  }

  return {
    write(data) {
      if (disposed || data.length === 0) return;
      waiting.push(data);
      if (!retry) pump();
    },
    interrupt(data) {
      waiting.length = 0;
      retry?.dispose();
      retry = undefined;
      this.write(data);
    },
    dispose() {
      disposed = true;
      waiting.length = 0;
      retry?.dispose();
    },
  };
}
