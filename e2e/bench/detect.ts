import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startSampler } from '../../electron/core/sampling/sampler.ts';
import type { Sampler } from '../../electron/core/sampling/sampler.types.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { startLab } from '../lab/lab.ts';
import type { LabHost } from '../lab/labHost.ts';
import { openSession } from '../lab/openSession.ts';
import { startErlangService } from '../lab/scenarios/erlangService.ts';
import { waitUntil } from '../lab/waitUntil.ts';
import { type BenchResult, type Comparison, latency, round } from './bench.types.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OOM_ROUNDS = 10;
const LOOP_ROUNDS = 8;
const ERLANG_ROUNDS = 6;
const ATTRIBUTED_SECONDS = 20;

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
 * the third failed start (seen in the server's own log), and an Erlang node that says it is connected. Also what is
 * attributed of the CPU of children that die at once, against the kernel's count for the host's control group.
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
      // From outside, without a process in the host: to the hundredth of a second.
      const log = `/proc/${second.initPid()}/root${respawn.logFile}`;
      const third = await waitUntil('the third failure', 30_000, () =>
        refusalsIn(log) >= 3 ? Date.now() : undefined,
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
    const node = await erlangJoins(second, seen);
    const attributed = await attribution(first);
    return {
      bench: 'detect',
      results: [
        latency('kernel OOM kill to timeline event', oom),
        latency('third restart to respawn loop event', loop),
        latency('Erlang node connected to its event', node),
        attributed,
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

function refusalsIn(file: string): number {
  try {
    return readFileSync(file, 'utf8').match(/Already running on PID:|EADDRINUSE/g)?.length ?? 0;
  } catch {
    return 0;
  }
}

/** A debug node connects to a service, again and again; each time under a new name. */
async function erlangJoins(host: LabHost, seen: readonly Seen[]): Promise<number[]> {
  const inside = host.enter(['erl']);
  const service = await startErlangService(`bench${process.pid}`, inside);
  const joined: number[] = [];
  try {
    // Its first look finds the service; what joins afterwards is news.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    for (let round = 0; round < ERLANG_ROUNDS; round++) {
      const before = seen.length;
      const name = `debug${process.pid}x${round}@localhost`;
      const debug = spawn(inside.file, [
        ...inside.args,
        '-noinput',
        '-sname',
        name,
        '-setcookie',
        service.cookie,
        '-eval',
        `true = net_kernel:connect_node('${service.node}'), io:format("up~n")`,
      ]);
      const ended = new Promise((resolve) => debug.once('exit', resolve));
      try {
        const upAt = await new Promise<number>((resolve, reject) => {
          debug.stdout.on('data', (data: Buffer) => {
            if (String(data).includes('up')) resolve(Date.now());
          });
          debug.once('exit', () => reject(new Error('the debug node ended')));
        });
        const event = await waitUntil('the event of the node', 30_000, () =>
          seen.slice(before).find((e) => e.kind === 'erlang.node_up' && e.host === host.id),
        );
        joined.push(Math.max(0, event.readAt - upAt));
      } finally {
        // The command that entered the host is not the node.
        for (const one of host.processes())
          if (one.argv.some((argument) => argument === name)) process.kill(one.pid, 'SIGKILL');
        debug.kill('SIGKILL');
        await ended;
      }
      await waitUntil('the event of its leaving', 30_000, () =>
        seen.slice(before).find((e) => e.kind === 'erlang.node_down' && e.host === host.id),
      );
    }
    return joined;
  } finally {
    await service.stop();
  }
}

/** Children that burn and die, ten of them a second: what the samples say they used, and what the kernel says. */
async function attribution(host: LabHost): Promise<Comparison> {
  const opened = openSession(host);
  const sampler = startSampler(opened.session, { clock: systemClock });
  const burn = "while :; do perl -e 'my $n = 0; $n++ while (times)[0] < 0.08'; done";
  try {
    await opened.reaches('good');
    await host.start(['sh', '-c', burn]);
    await samples(sampler, 3);
    const before = host.cpuUsedMs();
    let visibleMs = 0;
    let reapedMs = 0;
    const summing = sampler.onSample(({ balance, intervalMs }) => {
      visibleMs += balance.visible * intervalMs;
      reapedMs += balance.reaped * intervalMs;
    });
    await samples(sampler, ATTRIBUTED_SECONDS);
    const after = host.cpuUsedMs();
    summing.dispose();
    if (before === undefined || after === undefined)
      throw new Error('the kernel keeps no count of the group');
    const ours = visibleMs + reapedMs;
    return {
      case: 'CPU attributed (visible and reaped) against the control group',
      ratio: round(ours / (after - before)),
      ours: { visibleMs: round(visibleMs), reapedMs: round(reapedMs) },
      peer: { cgroupMs: round(after - before) },
    };
  } finally {
    sampler.dispose();
    opened.close();
    for (const one of host.processes())
      if (one.argv.join(' ').includes('times)[0]')) process.kill(one.pid, 'SIGKILL');
  }
}

function samples(sampler: Sampler, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const counting = sampler.onSample(() => {
      if (--left > 0) return;
      counting.dispose();
      resolve();
    });
  });
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
