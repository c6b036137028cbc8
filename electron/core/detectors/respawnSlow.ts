import type { ProcessChange, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import {
  isBuildTool,
  isDispatcher,
  isInit,
  isProbe,
  isSupervisor,
  keepsContainer,
  roleOf,
  takesLogins,
} from './respawnRole.ts';
import { rowOf } from './words.ts';

/**
 * What a supervisor starts again with a pause between: `RestartSec=30`, back-off of Kubernetes, Docker, pm2 and supervisord. A
 * few starts a minute look like a timer's, a probe's or a worker's that is replaced, so what counts is who starts it and how:
 * - a supervisor, whose only reason to start its child again is that it ended: unless its children end well, as workers do
 * - the host's init, where the kernel tells that each fails, or where it is the same container each time; not by the clock
 * - a container's shim, which starts probes too: where each pause is longer than the one before
 */
export interface Slow {
  key: string;
  kept: Kept;
  parent: { pid: number; startTicks: number; name: string; command: string };
  name: string;
  command: string;
  /** The newest last. */
  runs: Run[];
  /** Of those, how many are over for good: kept for the count. */
  earlier: number;
  /** When the first of them ended, or began as long as it has not. */
  firstAt: number;
}

type Kept = 'supervised' | 'init' | 'container' | 'pod';

interface Run {
  pid: number;
  startTicks: number;
  at: number;
  endedAt?: number;
  status?: number;
}

export interface SlowState {
  bootId: string;
  /** By parent and command, as families. */
  slow: Map<string, Slow>;
  byPid: Map<number, Slow>;
  /** What its children are to a parent, by pid, until it ends: asked for each start of a host, and mostly nothing. */
  keepers: Map<number, Kept | 'nothing'>;
  /** Something began since it was last judged. */
  changed: Set<Slow>;
}

export const initialSlow = (): SlowState => ({
  bootId: '',
  slow: new Map(),
  byPid: new Map(),
  keepers: new Map(),
  changed: new Set(),
});

const MOST = 300;
const MOST_RUNS = 12;
/** Kubernetes waits five minutes at most. */
const FORGET_MS = 12 * 60_000;
/** What lives longer did its work for a while. */
const SHORT_LIFE_MS = 120_000;
/** What a supervisor takes for a failed start, and a little more; longer, and it may be a worker that has done enough. */
const SURELY_SHORT_MS = 20_000;

export function takeSlow(state: SlowState, sample: Sample, hertz: number): void {
  if (state.bootId !== sample.bootId) Object.assign(state, initialSlow(), { bootId: sample.bootId });
  for (const change of sample.changes) if (change.change === 'exited') end(state, change, sample, hertz);
  for (const change of sample.changes) if (change.change === 'started') begin(state, change, sample);
}

function begin(state: SlowState, child: ProcessChange, sample: Sample): void {
  const slow = slowOf(state, child, sample);
  if (!slow) return;
  const { pid, startTicks } = child;
  // Two at once are a pool.
  if (
    slow.runs.some(
      (run) => run.endedAt === undefined && rowOf(sample, run.pid)?.startTicks === run.startTicks,
    )
  ) {
    slow.runs = [];
    slow.earlier = 0;
    slow.firstAt = sample.at;
  }
  slow.runs.push({ pid, startTicks, at: sample.at });
  if (slow.runs.length > MOST_RUNS) {
    slow.runs.shift();
    slow.earlier++;
  }
  state.byPid.set(pid, slow);
  state.changed.add(slow);
}

function end(state: SlowState, child: ProcessChange, sample: Sample, hertz: number): void {
  const { pid, startTicks, exitStatus } = child;
  const begun = state.byPid.get(pid);
  state.byPid.delete(pid);
  state.keepers.delete(pid);
  const known = begun?.runs.findLast((one) => one.pid === pid && one.startTicks === startTicks);
  const livedMs = sample.uptimeMs - (startTicks * 1000) / hertz;
  if (!known && !(livedMs >= 0 && livedMs <= SHORT_LIFE_MS)) return;
  // It may have been there before we came; and one that was seen before it called exec is what it became.
  const slow =
    begun && (begun.command === child.command || child.name === 'conmon')
      ? begun
      : slowOf(state, child, sample);
  if (!slow) return;
  const run: Run = { ...(known ?? { pid, startTicks, at: sample.at - livedMs }), endedAt: sample.at };
  if (exitStatus !== undefined) run.status = exitStatus;
  if (begun) begun.runs = begun.runs.filter((one) => one !== known);
  slow.runs = [...slow.runs, run].sort((a, b) => a.at - b.at);
  // It begins with what was the first to end.
  if (slow.runs[0] === run && slow.earlier === 0) slow.firstAt = sample.at;
  if (slow !== begun) state.changed.add(slow);
}

function slowOf(state: SlowState, child: ProcessChange, sample: Sample): Slow | undefined {
  const { command, name } = child;
  const keeps = keeperOf(state, child.parentPid, sample);
  if (keeps === 'nothing') return undefined;
  const parent = rowOf(sample, child.parentPid);
  if (!parent || command === '' || command === parent.command || name === 'sleep') return undefined;
  const container = keepsContainer(name, command);
  const role = roleOf(command, name);
  if (
    keeps === 'init' &&
    !container &&
    (takesLogins(role) || isDispatcher(name, command) || isBuildTool(role))
  )
    return undefined;
  if (keeps === 'pod' && isProbe(command)) return undefined;
  const key = `${parent.pid}:${parent.startTicks}:${withoutAttempt(name, command)}`;
  const known = state.slow.get(key);
  const last = known?.runs.at(-1);
  if (known && last && sample.at - (last.endedAt ?? last.at) <= FORGET_MS) {
    // In the order of their last start.
    state.slow.delete(key);
    state.slow.set(key, known);
    return known;
  }
  const { pid, startTicks } = parent;
  const slow: Slow = {
    key,
    kept: keeps === 'init' && container ? 'container' : keeps,
    parent: { pid, startTicks, name: parent.name, command: parent.command },
    name,
    command,
    runs: [],
    earlier: 0,
    firstAt: sample.at,
  };
  if (state.slow.size >= MOST) forget(state, state.slow.values().next().value);
  state.slow.set(key, slow);
  return slow;
}

/** CRI-O has a container of its own for each attempt, whose name tells it: `-n k8s_web_web-0_default_UID_3`. */
function withoutAttempt(name: string, command: string): string {
  return name === 'conmon'
    ? (/ -n (k8s_\S{1,300}_[0-9a-f-]{36})_\d{1,6}\b/.exec(command)?.[1] ?? command)
    : command;
}

function forget(state: SlowState, slow: Slow | undefined): void {
  if (!slow) return;
  state.slow.delete(slow.key);
  state.changed.delete(slow);
  for (const { pid } of slow.runs) if (state.byPid.get(pid) === slow) state.byPid.delete(pid);
}

function keeperOf(state: SlowState, parentPid: number, sample: Sample): Kept | 'nothing' {
  const known = state.keepers.get(parentPid);
  if (known !== undefined) return known;
  const parent = rowOf(sample, parentPid);
  if (!parent) return 'nothing';
  const keeps = whatItKeeps(parent);
  if (state.keepers.size >= MOST) state.keepers.clear();
  state.keepers.set(parentPid, keeps);
  return keeps;
}

function whatItKeeps(parent: ProcessRow): Kept | 'nothing' {
  if (isSupervisor(parent.name, parent.command)) return 'supervised';
  if (keepsContainer(parent.name, parent.command)) return 'pod';
  return isInit(parent) ? 'init' : 'nothing';
}

/** What it looks like over its last runs; undefined where it is no loop. */
export interface SlowFigures {
  restarts: number;
  lives: number[];
  /** From an end to the next start, ms; the newest last. */
  pauses: number[];
  statuses: (number | undefined)[];
}

export function slowFiguresOf({ runs, earlier }: Slow): SlowFigures | undefined {
  const over = runs.slice(0, -1);
  if (over.some((run) => run.endedAt === undefined)) return undefined;
  return {
    restarts: earlier + runs.length - 1,
    lives: over.map((run) => (run.endedAt ?? run.at) - run.at),
    pauses: runs.slice(1).map((run, n) => Math.max(0, run.at - (runs[n]?.endedAt ?? run.at))),
    statuses: over.map((run) => run.status),
  };
}

/** Undefined: no loop. `false`: perhaps, it may be work. */
export function isSlowLoop(slow: Slow, figures: SlowFigures, hertz: number): boolean | undefined {
  const { lives, pauses, statuses } = figures;
  if (Math.max(...lives.slice(-3)) > SHORT_LIFE_MS) return undefined;
  const known = statuses.filter((one) => one !== undefined);
  const well = known.filter((one) => one === 0).length;
  const failsEach = known.length >= 3 && well === 0;
  switch (slow.kept) {
    case 'supervised':
      if (known.length > 0 && well > 0.1 * known.length) return undefined;
      return failsEach || Math.max(...lives.slice(-3)) <= SURELY_SHORT_MS;
    case 'init':
      return failsEach && !byTheClock(slow, hertz) ? true : undefined;
    case 'container':
      // How it ended nobody tells: its shim ends well.
      return byTheClock(slow, hertz) ? undefined : Math.max(...lives.slice(-3)) <= SURELY_SHORT_MS;
    case 'pod':
      return backsOff(pauses) && well === 0 ? true : undefined;
  }
}

/** Cron and timers start at the same second of the minute. */
function byTheClock({ runs }: Slow, hertz: number): boolean {
  const first = runs[0];
  if (!first) return false;
  const offsets = runs.map(({ startTicks }) => {
    const seconds = (startTicks - first.startTicks) / hertz;
    return seconds - Math.round(seconds / 60) * 60;
  });
  const whole = runs.some(({ startTicks }) => (startTicks - first.startTicks) / hertz >= 30);
  return whole && Math.max(...offsets) - Math.min(...offsets) <= 1.5;
}

/** Kubernetes waits 10, 20, 40 … 300 seconds, each some seconds more as it looks now and then. */
function backsOff(pauses: number[]): boolean {
  let grown = 0;
  for (const [n, pause] of pauses.entries()) {
    const ratio = pause / Math.max(1, pauses[n - 1] ?? pause);
    grown = pause >= 8000 && ratio >= 1.25 && ratio <= 3.5 ? grown + 1 : 0;
    if (grown >= 2) return true;
  }
  const longest = pauses.slice(-3);
  return longest.length === 3 && longest.every((pause) => pause >= 280_000 && pause <= 340_000);
}

/** How long it must be quiet after its last start, to be over; undefined where it does not pause. */
export function slowQuietMs(slow: Slow | undefined, leastMs: number): number | undefined {
  const last = slow?.runs.at(-1);
  const figures = slow && slowFiguresOf(slow);
  if (!last || !figures || figures.restarts === 0) return undefined;
  if (last.endedAt === undefined) return Math.max(leastMs, 2 * Math.max(...figures.lives));
  const pause = Math.max(0, ...figures.pauses.slice(-2));
  return last.endedAt - last.at + Math.max(leastMs, Math.min(LONGEST_PAUSE_MS, 3.5 * pause));
}

const LONGEST_PAUSE_MS = 400_000;
