import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesWithArgument } from './processIdentity.ts';
import { waitUntil } from './waitUntil.ts';

/**
 * Starts a lxcfs of this lab's own: it shows each reader the figures of the control groups its init is in.
 * `--enable-cfs` and `-l` make /proc/stat and /proc/loadavg the host's, not the machine's.
 */
export async function startLxcfs(mount: string, logFile: string): Promise<void> {
  mkdirSync(mount, { recursive: true });
  const log = openSync(logFile, 'a');
  const daemon = spawn('lxcfs', ['-f', '--enable-cfs', '-l', '-p', `${mount}.pid`, mount], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  daemon.on('error', (error) => {
    ended = error.message;
  });
  daemon.on('exit', (code, signal) => {
    ended = `exit ${code ?? signal}`;
  });
  daemon.unref();
  await waitUntil('the lxcfs mount', 10_000, () => {
    if (ended !== undefined)
      throw new Error(
        `lab: lxcfs did not start (${ended}): ${readFileSync(logFile, 'utf8').trim().split('\n').at(-1)}`,
      );
    return existsSync(join(mount, 'proc/stat')) ? true : undefined;
  });
}

/**
 * Found by its mount in its arguments, so that another lab's is never touched. Told to end, it would wait for up to
 * five seconds for its own load thread; unmounted, nothing of it is left to lose.
 */
export async function stopLxcfs(mount: string): Promise<void> {
  if (isMounted(mount)) execFileSync('umount', ['--lazy', mount]);
  await waitUntil('the end of lxcfs', 10_000, () => {
    const left = processesWithArgument(mount);
    for (const pid of left) kill(pid, 'SIGKILL');
    return left.length === 0 ? true : undefined;
  });
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}
