import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** Puts itself into each group, then becomes the command: so its memory and time are the host's from its first page on. */
const JOIN_GROUPS =
  'count=$1; shift; while [ "$count" -gt 0 ]; do echo $$ >"$1/cgroup.procs" || exit 125; shift; count=$((count - 1)); done; exec "$@"';

export interface ExecResult {
  /** 128 + the signal's number when a signal ended it; 124 at the time limit. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  stdin?: string;
  /** Default 30,000. */
  timeoutMs?: number;
  /** Default root. */
  user?: 'root' | 'deploy';
}

/** Starts a command in the control groups. `detached`: it has its own session and outlives this process. */
export function spawnInGroups(
  groups: readonly string[],
  command: readonly string[],
  stdin: 'pipe' | 'ignore' = 'ignore',
): ChildProcess {
  const argv = ['-c', JOIN_GROUPS, 'join', String(groups.length), ...groups, ...command];
  return spawn('/bin/sh', argv, { detached: true, stdio: [stdin, 'pipe', 'pipe'] });
}

/** The prefix that enters a host's namespaces and has its environment and nothing of ours. */
function enterArgv(initPid: number, user: 'root' | 'deploy'): string[] {
  const home = user === 'root' ? '/root' : '/home/deploy';
  const identity =
    user === 'root' ? [] : ['setpriv', '--reuid', '1500', '--regid', '1500', '--clear-groups', '--'];
  return [
    'nsenter',
    ...['--target', String(initPid), '--mount', '--uts', '--ipc', '--pid', '--'],
    ...['env', '-i', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
    ...[`HOME=${home}`, `USER=${user}`, `LOGNAME=${user}`, 'SHELL=/bin/bash', ...identity],
  ];
}

/** What another program starts to be inside the host, in its groups and namespaces: a shell, unless told otherwise. */
export function enterCommand(
  groups: readonly string[],
  initPid: number,
  argv: readonly string[] = ['/bin/bash'],
): { file: string; args: string[] } {
  const prefix = ['-c', JOIN_GROUPS, 'join', String(groups.length), ...groups];
  return { file: '/bin/sh', args: [...prefix, ...enterArgv(initPid, 'root'), ...argv] };
}

/** Runs to the end inside the host, not through ssh. An argument vector, or a script for `sh`. */
export function execInHost(
  groups: readonly string[],
  initPid: number,
  command: string | readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const argv = typeof command === 'string' ? ['sh', '-c', command] : command;
  const child = spawnInGroups(groups, [...enterArgv(initPid, options.user ?? 'root'), ...argv], 'pipe');
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    // The whole process group: nsenter's child is in another pid namespace, but in the same group.
    const timer = setTimeout(() => {
      timedOut = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, options.timeoutMs ?? 30_000);
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    // It may end before it has read its input.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({
        code: timedOut ? 124 : (code ?? 137),
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}

/** The init of a group: the process that is pid 1 in its namespace. */
export function setupArgv(seed: string, hostname: string, lxcfsMount: string): string[] {
  return [
    'unshare',
    ...['--pid', '--fork', '--uts', '--mount', '--ipc', '--mount-proc', '--'],
    ...['/bin/sh', join(seed, 'lab/setup.sh'), seed, hostname, lxcfsMount, process.execPath],
  ];
}
