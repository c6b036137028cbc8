import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { ChildSession } from '../../electron/core/sampling/childSession.ts';
import { startSampler } from '../../electron/core/sampling/sampler.ts';
import type { Interpreter } from '../../electron/core/sampling/samplerScript.ts';
import { systemClock } from '../../shared/base/clock.ts';
import type { HostId } from '../../shared/model/host.ts';

/** What one process tree costs the host a tick. `forksPerTick`: 0 when no child was reaped, otherwise at least one. */
export interface TickCost {
  cpuMsPerTick: number;
  rssMb: number;
  bytesPerTick: number;
  forksPerTick: number;
}

export interface SamplerBenchResult {
  bench: 'sampler';
  results: {
    case: string;
    ratio: number;
    ours: TickCost;
    peer: TickCost;
    processes: number;
    ticks: number;
  }[];
}

const WAKING = 20;
const WARM_UP_SECONDS = 4;

/**
 * The sampler and `top -b -d1` side by side, in the same seconds, on a machine with that many processes: sleepers, and
 * twenty that wake five times a second. CPU is the kernel's own count in nanoseconds, reaped children included.
 */
export async function run(
  seconds = 30,
  interpreters: readonly Interpreter[] = ['perl'],
): Promise<SamplerBenchResult> {
  const results: SamplerBenchResult['results'] = [];
  for (const count of [300, 2_000]) results.push(await measure(count, seconds, interpreters));
  return { bench: 'sampler', results };
}

async function measure(
  count: number,
  seconds: number,
  interpreters: readonly Interpreter[],
): Promise<SamplerBenchResult['results'][number]> {
  const load = await startLoad(count);
  const top = spawn('top', ['-b', '-d1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  const session = new ChildSession('bench' as HostId);
  const sampler = startSampler(session, { clock: systemClock, interpreters });
  try {
    let topBytes = 0;
    top.stdout.on('data', (bytes: Buffer) => {
      topBytes += bytes.length;
    });
    session.start();
    await ticks(sampler, WARM_UP_SECONDS);
    const [child] = session.children;
    if (child?.pid === undefined || top.pid === undefined)
      throw new Error('the sampler or top did not start');
    const before = { ours: usage(child.pid), peer: usage(top.pid), topBytes };
    let frameBytes = 0;
    let processes = 0;
    const counting = sampler.onSample((sample) => {
      frameBytes += sample.sampler.frameBytes;
      processes = sample.processes.total;
    });
    await ticks(sampler, seconds);
    counting.dispose();
    const after = { ours: usage(child.pid), peer: usage(top.pid), topBytes };
    const ours = cost(before.ours, after.ours, seconds, frameBytes);
    const peer = cost(before.peer, after.peer, seconds, after.topBytes - before.topBytes);
    const ratio = round(ours.cpuMsPerTick / peer.cpuMsPerTick);
    return { case: `${count} processes`, ratio, ours, peer, processes, ticks: seconds };
  } finally {
    sampler.dispose();
    session.dispose();
    await stop(top);
    await stop(load);
  }
}

/** Fills the machine up to `count` processes. They end with the one that is returned. */
async function startLoad(count: number): Promise<ChildProcess> {
  const sleepers = Math.max(0, count - pids().length - WAKING - 3);
  const script = `
    use strict;
    my @children;
    for my $n (1 .. ${sleepers + WAKING}) {
      my $pid = fork;
      die "fork: $!" unless defined $pid;
      if ($pid == 0) {
        exec 'sleep', '100000' if $n <= ${sleepers};
        select undef, undef, undef, 0.2 while getppid() != 1;
        exit;
      }
      push @children, $pid;
    }
    $| = 1;
    print "ready\\n";
    1 while sysread STDIN, my $ignored, 100;
    kill KILL => @children;`;
  const load = spawn('perl', ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(load.stdout, 'data');
  return load;
}

/** The load ends by end of file on its stdin, top by a signal. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  if (child.stdin) child.stdin.end();
  else child.kill();
  await ended;
}

function ticks(sampler: ReturnType<typeof startSampler>, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count;
    const sampling = sampler.onSample(() => {
      left -= 1;
      if (left > 0) return;
      sampling.dispose();
      failing.dispose();
      resolve();
    });
    const failing = sampler.onState((state) => {
      if (state.kind === 'failed') reject(new Error(state.reason));
    });
  });
}

interface Usage {
  cpuMs: number;
  residentMb: number;
  childFaults: number;
}

/** Of a process and its descendants, with all that they have reaped. */
function usage(root: number): Usage {
  const parents = new Map(pids().map((pid) => [pid, Number(stat(pid)?.[1] ?? 0)]));
  const family = [...parents.keys()].filter((pid) => {
    for (let up: number | undefined = pid; up !== undefined && up > 1; up = parents.get(up))
      if (up === root) return true;
    return false;
  });
  const total = { cpuMs: 0, residentMb: 0, childFaults: 0 };
  for (const pid of family) {
    const fields = stat(pid);
    if (!fields) continue;
    const nanoseconds = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
    total.cpuMs += nanoseconds / 1e6 + (Number(fields[13]) + Number(fields[14])) * 10;
    total.residentMb += (Number(fields[21]) * 4096) / 2 ** 20;
    total.childFaults += Number(fields[8]);
  }
  return total;
}

function cost(before: Usage, after: Usage, count: number, bytes: number): TickCost {
  return {
    cpuMsPerTick: round((after.cpuMs - before.cpuMs) / count),
    rssMb: round(after.residentMb),
    bytesPerTick: Math.round(bytes / count),
    // A child cannot run without a page fault of its own.
    forksPerTick: after.childFaults === before.childFaults ? 0 : 1,
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** /proc/PID/stat from field 3 (state) on. */
function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
