import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/waitUntil.ts';
import { type BenchResult, latency } from './bench.types.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OOM_ROUNDS = 10;
const LOOP_ROUNDS = 5;

interface Seen {
  kind: string;
  host: string;
  id: string;
  /** When the line was read here, epoch ms. */
  readAt: number;
  detail: Record<string, unknown>;
}

/**
 * From the fact on the host to the line of `fireline watch`: the kernel's kill (seen in the cgroup's own counter),
 * and the third failed start (seen in the server's own log).
 */
export async function run(): Promise<BenchResult> {
  const lab = await startLab({ hosts: 2 });
  const home = await mkdtemp(join(tmpdir(), 'fireline-detect-'));
  const watch = spawn(
    process.execPath,
    ['electron/cli/main.ts', 'watch', lab.workspaceFile, '--for', '600s'],
    {
      cwd: ROOT,
      env: { ...process.env, FIRELINE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const seen: Seen[] = [];
  createInterface({ input: watch.stdout }).on('line', (line) => {
    seen.push({ ...(JSON.parse(line) as Omit<Seen, 'readAt'>), readAt: Date.now() });
  });
  try {
    const [first, second] = lab.hosts;
    if (!first || !second) throw new Error('the lab has no hosts');
    await ready(watch, lab.hosts.length);
    const oom: number[] = [];
    for (let round = 0; round < OOM_ROUNDS; round++) {
      const before = seen.length;
      const kill = await first.oom({ seconds: 2 });
      await kill.killed();
      const killedAt = Date.now();
      const event = await waitUntil('the OOM event', 20_000, () =>
        seen.slice(before).find((e) => e.kind === 'process.oom_killed' && e.host === first.id),
      );
      // The event may be read before this process has noticed the end itself.
      oom.push(Math.max(0, event.readAt - killedAt));
    }
    const loop: number[] = [];
    for (let round = 0; round < LOOP_ROUNDS; round++) {
      const before = seen.length;
      const respawn = await second.respawn({ ratePerSecond: 3 });
      const third = await waitUntil('the third failure', 30_000, async () =>
        (await respawn.failures()) >= 3 ? Date.now() : undefined,
      );
      const event = await waitUntil('the loop event', 30_000, () =>
        seen.slice(before).find((e) => e.kind === 'process.respawn_loop' && e.host === second.id),
      );
      loop.push(Math.max(0, event.readAt - third));
      await respawn.stop();
      await second.exec(['rm', '-rf', '/srv/www/legacy-video']);
      await waitUntil('the end of the loop', 60_000, () =>
        seen.slice(before).find((e) => e.kind === 'process.respawn_loop_ended' && e.host === second.id),
      );
    }
    return {
      bench: 'detect',
      results: [
        latency('kernel OOM kill to timeline event', oom),
        latency('third restart to respawn loop event', loop),
      ],
    };
  } finally {
    watch.kill('SIGTERM');
    await new Promise((resolve) =>
      watch.exitCode === null ? watch.once('exit', resolve) : resolve(undefined),
    );
    await rm(home, { recursive: true, force: true });
    await lab.stop();
  }
}

/** `watch` says on stderr when a host is up and sampled. */
function ready(watch: ChildProcess, hosts: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let all = '';
    watch.once('exit', (code) => reject(new Error(`watch ended with ${code}: ${all}`)));
    if (!watch.stderr) return;
    createInterface({ input: watch.stderr }).on('line', (line) => {
      all += `${line}\n`;
      if (line.includes('is up and sampled')) count++;
      if (count >= hosts) resolve();
    });
  });
}
