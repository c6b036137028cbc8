import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { Clock } from '../../../../shared/base/clock.ts';
import { plain } from './sshFailure.ts';

export interface ProxyWire {
  socket: Duplex;
  /** How the command fared, when the wire has ended: one that fails says why there, and only there. Waits a moment. */
  end(): Promise<ProxyEnd>;
}

export interface ProxyEnd {
  /** The last words to people. */
  words: string;
  /** `status 1`, `SIGSEGV`, where it ended by itself. */
  with?: string;
}

const MOST_WORDS = 400;
const WAIT_FOR_END_MS = 500;
/** For a command that does not end when it is told to. */
const WAIT_TO_KILL_MS = 2_000;

/**
 * The user's own ProxyCommand, run as ssh runs it: by their shell, with `exec`, its standard input and output as
 * the wire. It ends, with its children, when the wire does.
 */
export function openProxyCommand(
  command: string,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): ProxyWire {
  const child = spawn(environment['SHELL'] || '/bin/sh', ['-c', `exec ${command}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...environment },
    detached: true,
  });
  let words = '';
  let gone = false;
  let told = false;
  let ended: string | undefined;
  child.stderr.on('data', (data: Buffer) => {
    words = (words + data.toString()).slice(-MOST_WORDS);
  });
  const silent = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const socket = Duplex.from({ writable: child.stdin, readable: child.stdout });
  const tellAll = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // All of them have just ended by themselves.
    }
  };
  child.on('error', (error) => socket.destroy(error));
  child.on('exit', (code, signal) => {
    gone = true;
    if (!told) ended = signal ?? `status ${code}`;
    // Told by the end of its input, it went first: those that it leaves are still its group.
    if (socket.writableEnded || socket.destroyed) tellAll('SIGTERM');
  });
  socket.on('close', () => {
    // Without its leader the group's number may soon be another's.
    if (gone) return;
    // A wire that broke or ended from the other side is the command's own doing.
    told = socket.errored === null && !socket.readableEnded;
    tellAll('SIGTERM');
    const kill = clock.after(WAIT_TO_KILL_MS, () => tellAll('SIGKILL'));
    child.once('exit', () => kill.dispose());
  });
  return {
    socket,
    async end() {
      await new Promise<void>((resolve) => {
        const bound = clock.after(WAIT_FOR_END_MS, resolve);
        void silent.then(() => {
          bound.dispose();
          resolve();
        });
      });
      return {
        words: plain(words.replaceAll(/\s+/g, ' ')).trim(),
        ...(ended === undefined ? {} : { with: ended }),
      };
    },
  };
}
