import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { Clock } from '../../../../shared/base/clock.ts';

export interface ProxyWire {
  socket: Duplex;
  /**
   * The last words of the command to people, when the wire has ended: a command that fails says why there, and only
   * there. Waits a moment for the command to end.
   */
  lastWords(): Promise<string>;
}

const MOST_WORDS = 400;
const WAIT_FOR_WORDS_MS = 500;

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
  child.stderr.on('data', (data: Buffer) => {
    words = (words + data.toString()).slice(-MOST_WORDS);
  });
  const silent = new Promise<void>((resolve) => child.stderr.once('close', resolve));
  const socket = Duplex.from({ writable: child.stdin, readable: child.stdout });
  child.on('error', (error) => socket.destroy(error));
  socket.on('close', () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It has just ended by itself.
    }
  });
  return {
    socket,
    async lastWords() {
      await new Promise<void>((resolve) => {
        const bound = clock.after(WAIT_FOR_WORDS_MS, resolve);
        void silent.then(() => {
          bound.dispose();
          resolve();
        });
      });
      return words.replaceAll(/\s+/g, ' ').trim();
    },
  };
}
