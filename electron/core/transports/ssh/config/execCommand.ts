import { spawn } from 'node:child_process';
import type { Clock } from '../../../../../shared/base/clock.ts';

/** A command that asks the network whether we are at home takes a second or two; longer holds the connection up. */
const LONGEST_MS = 10_000;

/**
 * Runs the command of a `Match exec` as ssh does: with the user's shell, nothing on its input, its output thrown
 * away. Resolves with whether it succeeded; `undefined` when it could not be run or did not end in time.
 */
export function execCommand(
  command: string,
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const child = spawn(environment['SHELL'] || '/bin/sh', ['-c', command], {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...environment },
      // A group of its own, so that what it starts ends with it.
      detached: true,
    });
    const settle = (result: boolean | undefined) => {
      timer.dispose();
      resolve(result);
    };
    const timer = clock.after(LONGEST_MS, () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
      settle(undefined);
    });
    child.on('error', () => settle(undefined));
    child.on('exit', (code) => settle(code === null ? undefined : code === 0));
  });
}
