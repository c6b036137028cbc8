import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { rowOf } from './words.ts';

/** One command under one parent, as it comes and goes. */
export interface Family {
  key: string;
  parent: { pid: number; startTicks: number; name: string; command: string };
  name: string;
  command: string;
  /** As first seen; the newest last, at most sixty. */
  instances: { pid: number; startTicks: number; at: number; cpuTicks: number }[];
  alive: Set<number>;
  /** When two were alive at once: then it is a pool, not a loop. */
  overlapAt: number;
  firstAt: number;
  lastAt: number;
  /** All that were seen, also those forgotten above. */
  seen: number;
}

export interface Tick {
  at: number;
  busy: number;
  visible: number;
  reaped: number;
  unattributed: number;
  forksPerSecond: number;
  reapers: { pid: number; cores: number }[];
  /** Cores that the visible instances of a family used, by family. */
  instances: Map<string, number>;
  /** Families with an instance alive at this tick. */
  occupied: Set<string>;
}

export interface FamilyState {
  families: Map<string, Family>;
  byPid: Map<number, string>;
  /** What each parent started lately, to see whether it does one thing or many. */
  started: Map<number, { at: number; key: string; pacing: boolean }[]>;
  ticks: Tick[];
  bootId: string;
  forgotAt: number;
  /** Those that were started more than once: of all, a few. */
  repeated: Map<string, Family>;
}

export const initialFamilies = (): FamilyState => ({
  families: new Map(),
  byPid: new Map(),
  started: new Map(),
  ticks: [],
  bootId: '',
  forgotAt: 0,
  repeated: new Map(),
});

const MOST_FAMILIES = 400;
const MOST_INSTANCES = 60;
const FORGET_MS = 60_000;
const FORGET_EVERY_MS = 5000;
const RECENT_MS = 30_000;
const WINDOW_MS = 10_000;

/** Takes one sample. What is invisible between two ticks shows in the parents' reaped time and in the forks. */
export function takeFamilies(state: FamilyState, sample: Sample): void {
  if (state.bootId !== sample.bootId) {
    Object.assign(state, initialFamilies());
    state.bootId = sample.bootId;
  }
  const { at } = sample;
  for (const change of sample.changes) {
    if (change.change !== 'exited') continue;
    const key = state.byPid.get(change.pid);
    if (key === undefined) continue;
    state.byPid.delete(change.pid);
    state.families.get(key)?.alive.delete(change.pid);
  }
  const started = sample.changes.filter((c) => c.change === 'started');
  for (const change of started) {
    const parent = rowOf(sample, change.parentPid);
    if (!parent || change.command === '') continue;
    if (isForkOnly(parent, change)) continue;
    const key = `${parent.pid}:${parent.startTicks}:${change.command}`;
    const family = state.families.get(key) ?? newFamily(key, parent, change, at);
    state.families.delete(key);
    state.families.set(key, family);
    const { pid, startTicks, cpuTicks } = change;
    family.instances.push({ pid, startTicks, at, cpuTicks });
    if (family.instances.length > MOST_INSTANCES) family.instances.shift();
    family.seen++;
    if (family.seen === 2) state.repeated.set(key, family);
    family.lastAt = at;
    family.alive.add(change.pid);
    state.byPid.set(change.pid, key);
    const siblings = state.started.get(parent.pid) ?? [];
    siblings.push({ at, key, pacing: change.name === 'sleep' });
    if (siblings.length > MOST_INSTANCES) siblings.shift();
    state.started.set(parent.pid, siblings);
  }
  state.ticks.push(tickOf(state, sample));
  while (state.ticks.length > 0 && at - (state.ticks[0]?.at ?? at) > WINDOW_MS) state.ticks.shift();
  if (at - state.forgotAt >= FORGET_EVERY_MS || state.families.size > MOST_FAMILIES) forget(state, at);
}

/**
 * A forking server's child: the parent's own image, or its retitled copy (`sshd: …`, `postgres: …`). Also a child
 * that was caught between fork and exec.
 */
function isForkOnly(parent: ProcessRow, child: { name: string; command: string }): boolean {
  if (child.command === parent.command) return true;
  return child.name === parent.name && /^\S+: /.test(child.command);
}

function newFamily(
  key: string,
  parent: ProcessRow,
  child: { name: string; command: string },
  at: number,
): Family {
  return {
    key,
    parent: { pid: parent.pid, startTicks: parent.startTicks, name: parent.name, command: parent.command },
    name: child.name,
    command: child.command,
    instances: [],
    alive: new Set(),
    overlapAt: Number.NEGATIVE_INFINITY,
    firstAt: at,
    lastAt: at,
    seen: 0,
  };
}

function tickOf(state: FamilyState, sample: Sample): Tick {
  const instances = new Map<string, number>();
  const occupied = new Set<string>();
  // Only those that live: most families are remembered for their past.
  for (const key of new Set(state.byPid.values())) {
    const family = state.families.get(key);
    if (!family) continue;
    // The sampler's own table is the truth, should an exit have been missed.
    for (const pid of family.alive) {
      const row = rowOf(sample, pid);
      if (!row || row.parentPid !== family.parent.pid) {
        family.alive.delete(pid);
        state.byPid.delete(pid);
        continue;
      }
      if (row.state === 'Z') continue;
      occupied.add(family.key);
      instances.set(family.key, (instances.get(family.key) ?? 0) + row.cpu);
    }
    let running = 0;
    for (const pid of family.alive) if (rowOf(sample, pid)?.state !== 'Z') running++;
    if (running > 1) family.overlapAt = sample.at;
  }
  const { balance } = sample;
  return {
    at: sample.at,
    busy: balance.busy,
    visible: balance.visible,
    reaped: balance.reaped,
    unattributed: balance.unattributed,
    forksPerSecond: sample.processes.forksPerSecond,
    reapers: balance.reapers.map((r) => ({ pid: r.pid, cores: r.cores })),
    instances,
    occupied,
  };
}

/** Its loop is over: what it was is not counted again. Whoever of it lives is its first. */
export function startAfresh(state: FamilyState, family: Family, at: number): void {
  family.instances = family.instances.filter((one) => family.alive.has(one.pid));
  family.seen = family.instances.length;
  family.firstAt = at;
  if (family.seen < 2) state.repeated.delete(family.key);
}

function forget(state: FamilyState, at: number): void {
  state.forgotAt = at;
  for (const [key, family] of state.families) {
    const crowded = state.families.size > MOST_FAMILIES;
    // They are in the order of their last start: the others are younger.
    if (!crowded && at - family.lastAt < FORGET_MS) break;
    if (!crowded && family.alive.size > 0) continue;
    state.families.delete(key);
    state.repeated.delete(key);
    for (const pid of family.alive) state.byPid.delete(pid);
  }
  for (const [parent, list] of state.started) {
    const old = list.findIndex((s) => at - s.at <= RECENT_MS);
    if (old < 0) state.started.delete(parent);
    else if (old > 0) list.splice(0, old);
  }
}

/** How a family looks over the last seconds. */
export interface FamilyFigures {
  /** Distinct instances in the last thirty seconds. */
  recent: number;
  /** Share of what its parent started lately, sleeps left out. */
  dominance: number;
  /** The parent sleeps between. */
  paced: boolean;
  /** Restarts a second, best estimate from what was seen; undefined with fewer than two instances. */
  ratePerSecond: number | undefined;
  lifetimeMs: number | undefined;
  /** Median distance of the pids seen. */
  pidStep: number | undefined;
  /** Means over the window, in cores. `own`: this family's, visible and reaped by its parent. */
  cpu: {
    busy: number;
    visible: number;
    reaped: number;
    unattributed: number;
    parentReaped: number;
    own: number;
  };
}

export function figuresOf(
  state: FamilyState,
  family: Family,
  now: number,
  { idleForks, hertz }: { idleForks: number; hertz: number },
): FamilyFigures {
  const since = Math.max(family.firstAt, now - WINDOW_MS);
  const ticks = state.ticks.filter((t) => t.at >= since);
  const mean = (read: (t: Tick) => number) =>
    ticks.length === 0 ? 0 : ticks.reduce((sum, t) => sum + read(t), 0) / ticks.length;
  const recent = family.instances.filter((i) => now - i.at <= RECENT_MS);
  const siblings = (state.started.get(family.parent.pid) ?? []).filter((s) => now - s.at <= RECENT_MS);
  const others = siblings.filter((s) => !s.pacing);
  const first = recent[0];
  const last = recent.at(-1);
  const seenRate =
    first && last && last.at > first.at ? ((recent.length - 1) * 1000) / (last.at - first.at) : undefined;
  const occupancy = mean((t) => (t.occupied.has(family.key) ? 1 : 0));
  const forkRate = mean((t) => t.forksPerSecond) - idleForks;
  const parentReaped = mean((t) => t.reapers.find((r) => r.pid === family.parent.pid)?.cores ?? 0);
  const own = parentReaped + mean((t) => t.instances.get(family.key) ?? 0);
  // Seen at a random moment of its life, an instance has used half its time on average.
  const seconds =
    recent.length < 2 ? 0 : recent.reduce((sum, i) => sum + i.cpuTicks, 0) / recent.length / hertz;
  const costRate = seconds >= LEAST_SEEN_SECONDS ? own / (2 * seconds) : undefined;
  const ratePerSecond = rateFrom(seenRate, costRate, forkRate);
  const steps = recent.slice(1).map((i, n) => i.pid - (recent[n]?.pid ?? i.pid));
  steps.sort((a, b) => a - b);
  return {
    recent: recent.length,
    dominance: others.length === 0 ? 1 : others.filter((s) => s.key === family.key).length / others.length,
    paced: others.length < siblings.length,
    ratePerSecond,
    lifetimeMs:
      ratePerSecond === undefined || occupancy === 0
        ? undefined
        : Math.round((occupancy * 1000) / ratePerSecond),
    pidStep: steps[Math.floor(steps.length / 2)],
    cpu: {
      busy: mean((t) => t.busy),
      visible: mean((t) => t.visible),
      reaped: mean((t) => t.reaped),
      unattributed: mean((t) => t.unattributed),
      parentReaped,
      own,
    },
  };
}

/** Clock ticks of 10 ms say nothing of an instance that used fewer than two. */
const LEAST_SEEN_SECONDS = 0.02;

/**
 * One look a second sees at most one instance a second. What an instance costs against what all cost tells the true
 * rate within a third or so. Forks tell it exactly up to a whole factor, the forks of one restart, which the cost
 * settles; without cost, one fork a restart is assumed.
 */
function rateFrom(
  seenRate: number | undefined,
  costRate: number | undefined,
  forkRate: number,
): number | undefined {
  if (seenRate === undefined) return undefined;
  if (costRate === undefined) return Math.max(seenRate, forkRate);
  if (costRate <= seenRate * 1.2) return seenRate;
  if (forkRate < costRate / 2) return costRate;
  return Math.max(seenRate, forkRate / Math.max(1, Math.round(forkRate / costRate)));
}
