import { spawn } from 'node:child_process';

/** Process groups that run now, by the pid of their leader. */
const groups = new Set();
let ending = false;

/**
 * Runs a program to its end and returns how it ended. Each one leads a process group of its own, so that when this
 * script is told to end, everything below it is told too.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, stdio?: import('node:child_process').StdioOptions, signal?: AbortSignal,
 *   capture?: boolean, foreground?: boolean }} [options] `capture`: collect stdout and stderr, together and in order, as
 *   `output`; `foreground`: stay in our process group, as a program must that may ask on the terminal
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, output: string }>}
 *   rejects when it cannot be started
 */
export function run(file, args, options = {}) {
  endWithUs();
  if (options.foreground) endWithNpm();
  const ownGroup = !options.foreground && process.platform !== 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: options.capture ? ['ignore', 'pipe', 'pipe'] : (options.stdio ?? 'inherit'),
      detached: ownGroup,
    });
    const entry = { pid: child.pid, ownGroup };
    if (child.pid !== undefined) groups.add(entry);
    let output = '';
    options.signal?.addEventListener('abort', () => end(entry, 'SIGKILL'), { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => {
      groups.delete(entry);
      reject(error);
    });
    child.on('close', (code, signal) => {
      groups.delete(entry);
      resolve({ code, signal, output });
    });
  });
}

/** The status that a shell would give: 128 + n for a signal. */
export function exitStatus({ code, signal }) {
  return code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1);
}

function end(entry, signal) {
  if (entry.pid === undefined) return;
  try {
    process.kill(entry.ownGroup ? -entry.pid : entry.pid, signal);
  } catch {
    // Gone already.
  }
}

/** On an interrupt every child is told; who has not gone in ten seconds is killed, and we end. */
function endWithUs() {
  if (process.listeners('SIGTERM').includes(onSignal)) return;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal);
  process.on('exit', () => {
    for (const entry of groups) end(entry, 'SIGKILL');
  });
}

function onSignal(signal) {
  if (ending) return;
  ending = true;
  // A child in our own group is the program itself: how it ends is how we end.
  const foreground = groups.size > 0 && [...groups].every((entry) => !entry.ownGroup);
  const status = signal === 'SIGINT' ? 130 : 143;
  for (const entry of groups) end(entry, signal === 'SIGHUP' ? 'SIGTERM' : signal);
  setTimeout(() => process.exit(status), 10_000).unref();
  if (foreground) return;
  setInterval(() => {
    if (groups.size === 0) process.exit(status);
  }, 20);
}

/**
 * npm hands on a terminal's signals, but dies of a SIGTERM sent to it alone without a word to what it runs: then we are
 * orphaned, and would keep the record's lock and the port for ever.
 */
function endWithNpm() {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onSignal('SIGTERM');
  }, 250).unref();
}
