import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startLab } from '../lab/lab.ts';
import { startNoise } from '../lab/scenarios/noise.ts';
import type { BenchResult } from './bench.types.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MINUTES = Number(process.env['BENCH_MINUTES'] ?? 120);
/** Of four hosts the last two are busy and well. */
const QUIET = 2;

/** How many events above info are told of hosts that are well: two that do nothing, two that are busy. */
export async function run(): Promise<BenchResult> {
  const lab = await startLab({ hosts: 4, memoryLimitBytes: 512 * 1024 * 1024 });
  const home = await mkdtemp(join(tmpdir(), 'fireline-alarms-'));
  try {
    for (const host of lab.hosts.slice(QUIET)) await startNoise(host);
    const watch = spawn(
      process.execPath,
      ['electron/cli/main.ts', 'watch', lab.workspaceFile, '--for', `${Math.round(MINUTES * 60)}s`],
      { cwd: ROOT, env: { ...process.env, FIRELINE_HOME: home }, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const alarms = new Map<string, { host: string; line: string }>();
    let events = 0;
    createInterface({ input: watch.stdout }).on('line', (line) => {
      const { id, host, kind, severity, title } = JSON.parse(line) as Record<string, string>;
      events++;
      if (severity !== 'warning' && severity !== 'critical') return;
      // A kill of another lab on this kernel is no event of these hosts.
      alarms.set(id ?? '', { host: host ?? '', line: `${host} ${severity} ${kind}: ${title}` });
      console.log(`${new Date().toISOString()} ${host} ${severity} ${kind}: ${title}`);
    });
    await new Promise((resolve) => watch.once('exit', resolve));
    const quiet = new Set<string>(lab.hosts.slice(0, QUIET).map(({ id }) => id));
    const count = (of: boolean) => [...alarms.values()].filter(({ host }) => quiet.has(host) === of).length;
    return {
      bench: 'alarms',
      results: [
        { case: `two quiet hosts, ${MINUTES} minutes`, alarms: count(true), n: events },
        { case: `two busy and healthy hosts, ${MINUTES} minutes`, alarms: count(false), n: events },
      ],
    };
  } finally {
    await lab.stop();
    await rm(home, { recursive: true, force: true });
  }
}
