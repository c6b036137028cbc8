import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_BOUND_MS = 30_000;

export interface WebHost {
  url: string;
  pid: number;
  /** FIRELINE_HOME: the record is in here. */
  home: string;
  diagnostics: () => string;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Ends it as a person would, and removes the data directory unless it was given. */
  stop(): Promise<void>;
}

/** The real web host in a process of its own, on a free port, with a data directory of its own. */
export async function startWebHost(options: {
  workspace?: string;
  home?: string;
  environment?: Readonly<Record<string, string>>;
}): Promise<WebHost> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'fireline-home-')));
  const flags = [
    '--port',
    '0',
    '--no-open',
    ...(options.workspace ? ['--workspace', options.workspace] : []),
  ];
  const child = spawn(process.execPath, ['electron/web/main.ts', ...flags], {
    cwd: ROOT,
    // A home of its own: the start-up files of whoever runs the tests may do anything, and take their time.
    env: { ...process.env, ...options.environment, FIRELINE_HOME: home, HOME: home, SHELL: '/bin/bash' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let diagnostics = '';
  child.stderr.on('data', (chunk) => {
    diagnostics += chunk;
  });
  const url = await firstAddress(child, () => diagnostics);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  }

  return {
    url,
    pid: child.pid ?? -1,
    home,
    diagnostics: () => diagnostics,
    kill,
    async stop() {
      await kill('SIGTERM');
      if (options.home === undefined) await rm(home, { recursive: true, force: true });
    },
  };
}

function firstAddress(child: ChildProcess, diagnostics: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const bound = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no address after ${START_BOUND_MS} ms:\n${diagnostics()}`));
    }, START_BOUND_MS);
    child.once('exit', (code) => {
      clearTimeout(bound);
      reject(new Error(`the web host ended with ${code}:\n${diagnostics()}`));
    });
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /https?:\/\/\S+/.exec(line)?.[0];
      if (!address) return;
      clearTimeout(bound);
      resolve(address);
    });
  });
}
