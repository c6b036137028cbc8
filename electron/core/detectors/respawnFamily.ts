import type { ProcessChange, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { RecentStarts, type Start } from './recentStarts.ts';
import { keepTold, type ToldChildren, type ToldTick, toldChildren } from './toldChildren.ts';
import { rowOf } from './words.ts';

/** One command under one parent that was started more than once, as it comes and goes. */
export interface Family {
  key: string;
  parent: { pid: number; startTicks: number; name: string; command: string };
  name: string;
  command: string;
  /** As first seen; the newest last, at most sixty. */
  instances: Start[];
  alive: Set<number>;
  /** When two were alive at once: then it is a pool, not a loop. */
  overlapAt: number;
  firstAt: number;
  lastAt: number;
  /** All that were seen, also those forgotten above. */
  seen: number;
  /** How those ended that were seen and of which the kernel told. */
  statuses: Set<number>;
  /** From the sample that showed one to the one that no longer did, ms, of the latest. */
  lives: number[];
  /** Children of its parent that called exec since it is followed, as the kernel told them. */
  executed: number;
  /** Since when it is followed tick by tick: its second start. */
  followedAt: number;
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
  starts: RecentStarts;
  /** By parent and command: of all, a few. In the order of their last start. */
  families: Map<string, Family>;
  /** Those that live. */
  byPid: Map<number, Family>;
  /** Of the last seconds, while anything is followed. */
  ticks: Tick[];
  /** What the kernel told, of the last half minute. */
  told: ToldTick[];
  /** No family is followed, and no tick kept. */
  idle: boolean;
  bootId: string;
  forgotAt: number;
}

export const initialFamilies = (): FamilyState => ({
  starts: new RecentStarts(),
  families: new Map(),
  byPid: new Map(),
  ticks: [],
  told: [],
  idle: true,
  bootId: '',
  forgotAt: 0,
});

const MOST_FAMILIES = 400;
const MOST_INSTANCES = 60;
const MOST_LIVES = 12;
const FORGET_MS = 60_000;
const FORGET_EVERY_MS = 5000;
const RECENT_MS = 30_000;
const WINDOW_MS = 10_000;

/**
 * Takes one sample. What is invisible between two ticks shows in the parents' reaped time and in the forks. `watched`: its
 * ticks are wanted although no family is followed.
 */
export function takeFamilies(state: FamilyState, sample: Sample, watched: boolean): void {
  if (state.bootId !== sample.bootId) {
    Object.assign(state, initialFamilies());
    state.bootId = sample.bootId;
  }
  const { at, changes } = sample;
  keepTold(state.told, sample);
  if (!state.idle)
    for (const change of changes)
      if (change.change === 'exited') end(state, change.pid, at, change.exitStatus);
  for (const change of changes) if (change.change === 'started') start(state, change, sample);
  if (state.idle && !watched) return;
  countTold(state, sample);
  if (state.families.size > 0 || watched) state.ticks.push(tickOf(state, sample));
  while (state.ticks.length > 0 && at - (state.ticks[0]?.at ?? at) > WINDOW_MS) state.ticks.shift();
  if (at - state.forgotAt >= FORGET_EVERY_MS || state.families.size > MOST_FAMILIES) forget(state, at);
  state.idle = state.families.size === 0 && state.ticks.length === 0;
}

function countTold(state: FamilyState, sample: Sample): void {
  if (!sample.kernelEvents) return;
  const executed = new Map(sample.kernelEvents.children.map((one) => [one.parentPid, one.executed]));
  for (const family of state.families.values()) family.executed += executed.get(family.parent.pid) ?? 0;
}

function end(state: FamilyState, pid: number, at: number, status?: number): void {
  const family = state.byPid.get(pid);
  state.byPid.delete(pid);
  if (!family) return;
  family.alive.delete(pid);
  if (status !== undefined) family.statuses.add(status);
  const instance = family.instances.findLast((one) => one.pid === pid);
  if (instance) family.lives.push(at - instance.at);
  if (family.lives.length > MOST_LIVES) family.lives.shift();
}

function start(state: FamilyState, child: ProcessChange, sample: Sample): void {
  const parent = rowOf(sample, child.parentPid);
  if (!parent || child.command === '' || isForkOnly(parent, child)) return;
  const { at } = sample;
  const { pid, startTicks, cpuTicks, command } = child;
  const before = state.starts.add(child, parent, at);
  if (!before) return;
  const lives = rowOf(sample, before.pid)?.startTicks === before.startTicks;
  const key = `${parent.pid}:${parent.startTicks}:${command}`;
  const known = state.families.get(key);
  if (!known && !lives && at - before.at >= FORGET_MS) return;
  const family = known ?? newFamily(key, parent, child, before, at);
  if (lives && !known) family.alive.add(before.pid);
  state.families.delete(key);
  state.families.set(key, family);
  state.idle = false;
  family.instances.push({ pid, startTicks, at, cpuTicks });
  if (family.instances.length > MOST_INSTANCES) family.instances.shift();
  family.seen++;
  family.lastAt = at;
  family.alive.add(pid);
  for (const one of family.alive) state.byPid.set(one, family);
}

/**
 * A forking server's child: the parent's own image, or its retitled copy (`sshd: …`, `postgres: …`; of `gunicorn: master`
 * a `gunicorn: worker`, of `unicorn master` a `unicorn worker[0]`). Also a child that was caught between fork and exec.
 */
function isForkOnly(parent: ProcessRow, child: { name: string; command: string }): boolean {
  const { command } = child;
  if (command === parent.command) return true;
  // Looked at for each process that is started anywhere: no expression is asked before the first word says so.
  const end = command.indexOf(' ');
  const title = end > 1 && command[end - 1] === ':';
  if (title && child.name === parent.name) return true;
  const first = end < 0 ? command : command.slice(0, end);
  if (first === '' || parent.command[first.length] !== ' ' || !parent.command.startsWith(first)) return false;
  return title || (end > 0 && /^worker\b/.test(command.slice(end + 1)));
}

function newFamily(key: string, parent: ProcessRow, child: ProcessChange, first: Start, at: number): Family {
  return {
    key,
    parent: { pid: parent.pid, startTicks: parent.startTicks, name: parent.name, command: parent.command },
    name: child.name,
    command: child.command,
    instances: [first],
    alive: new Set(),
    overlapAt: Number.NEGATIVE_INFINITY,
    firstAt: first.at,
    lastAt: first.at,
    seen: 1,
    statuses: new Set(),
    lives: [],
    executed: 0,
    followedAt: at,
  };
}

function tickOf(state: FamilyState, sample: Sample): Tick {
  const instances = new Map<string, number>();
  const occupied = new Set<string>();
  for (const family of state.families.values()) {
    let running = 0;
    for (const pid of family.alive) {
      const row = rowOf(sample, pid);
      // The sampler's own table is the truth, should an exit have been missed.
      if (!row || row.parentPid !== family.parent.pid) {
        end(state, pid, sample.at);
        continue;
      }
      if (row.state === 'Z') continue;
      running++;
      occupied.add(family.key);
      instances.set(family.key, (instances.get(family.key) ?? 0) + row.cpu);
    }
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

/** Its loop is over: what it was is not counted again. Whoever of it started last is its first. */
export function stopFollowing(state: FamilyState, family: Family): void {
  state.families.delete(family.key);
  for (const pid of family.alive) state.byPid.delete(pid);
}

function forget(state: FamilyState, at: number): void {
  state.forgotAt = at;
  for (const family of state.families.values()) {
    const crowded = state.families.size > MOST_FAMILIES;
    // They are in the order of their last start: the others are younger.
    if (!crowded && at - family.lastAt < FORGET_MS) break;
    if (crowded || family.alive.size === 0) stopFollowing(state, family);
  }
}

/** How a family looks over the last seconds. */
export interface FamilyFigures {
  /** Distinct instances in the last thirty seconds. */
  recent: number;
  /** Share of what its parent started lately, sleeps left out. */
  dominance: number;
  /** The parent sleeps between, or nothing of it runs in a quarter of the ticks. */
  paced: boolean;
  /** How its children end, as far as that is known: nearly all alike. */
  ends: 'well' | 'badly' | undefined;
  /** Median, as samples saw it: a tick too long. */
  seenLifeMs: number | undefined;
  /** Of its own children alone, as the kernel told it. */
  told: ToldChildren | undefined;
  /** All restarts since it is followed; where the kernel told of each. */
  restarts: number | undefined;
  /** Restarts a second: as the kernel told them, otherwise the estimate from what was seen; undefined with fewer than two instances. */
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
  const since = Math.max(family.followedAt, now - WINDOW_MS);
  const ticks = state.ticks.filter((t) => t.at >= since);
  const mean = (read: (t: Tick) => number) =>
    ticks.length === 0 ? 0 : ticks.reduce((sum, t) => sum + read(t), 0) / ticks.length;
  const recent = family.instances.filter((i) => now - i.at <= RECENT_MS);
  const started = state.starts.startedBy(family.parent, family.command, now - RECENT_MS);
  const first = recent[0];
  const last = recent.at(-1);
  const seenRate =
    first && last && last.at > first.at ? ((recent.length - 1) * 1000) / (last.at - first.at) : undefined;
  const occupancy = mean((t) => (t.occupied.has(family.key) ? 1 : 0));
  const steps = recent.slice(1).map((i, n) => i.pid - (recent[n]?.pid ?? i.pid));
  const forkRate = Math.min(
    mean((t) => t.forksPerSecond) - idleForks,
    pidsPerSecond(steps, first && last ? last.at - first.at : 0),
  );
  const parentReaped = mean((t) => t.reapers.find((r) => r.pid === family.parent.pid)?.cores ?? 0);
  const own = parentReaped + mean((t) => t.instances.get(family.key) ?? 0);
  // Seen at a random moment of its life, an instance has used half its time on average.
  const seconds =
    recent.length < 2 ? 0 : recent.reduce((sum, i) => sum + i.cpuTicks, 0) / recent.length / hertz;
  const costRate = seconds >= LEAST_SEEN_SECONDS ? own / (2 * seconds) : undefined;
  const told = toldOf(state, family, started, since);
  const exact = told && told.overMs > 0 ? (told.executed * 1000) / told.overMs : 0;
  const lives = family.lives.toSorted((a, b) => a - b);
  const seenLifeMs = lives[Math.floor(lives.length / 2)];
  const most = Math.min(
    (seenLifeMs ?? SEEN_ALL_MS) >= SEEN_ALL_MS ? 0 : mostByCost(own),
    mostTold(state, family, since),
  );
  const estimate = rateFrom(seenRate, costRate, forkRate);
  const ratePerSecond =
    exact > 0
      ? exact
      : estimate === undefined
        ? undefined
        : Math.max(seenRate ?? 0, Math.min(estimate, most));
  const idle = mean((t) =>
    t.occupied.has(family.key) || t.reapers.some((r) => r.pid === family.parent.pid && r.cores >= 0.02)
      ? 0
      : 1,
  );
  steps.sort((a, b) => a - b);
  return {
    recent: recent.length,
    dominance: started.others === 0 ? 1 : started.own / (started.own + started.others),
    paced: started.sleeps > 0 || idle >= 0.25,
    ends: endsOf(family, told),
    seenLifeMs,
    told,
    restarts: told && started.sleeps === 0 ? family.executed : undefined,
    ratePerSecond,
    lifetimeMs:
      seenLifeMs !== undefined && seenLifeMs >= SEEN_ALL_MS
        ? seenLifeMs
        : ratePerSecond === undefined || occupancy === 0
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

/**
 * No more can have been started between two instances than pids went by: a container's kernel counts the forks of the whole
 * machine, its pids are its own. No bound where they began anew, or all came at once.
 */
function pidsPerSecond(steps: readonly number[], overMs: number): number {
  if (overMs <= 0 || steps.some((step) => step <= 0)) return Number.POSITIVE_INFINITY;
  return (steps.reduce((sum, step) => sum + step, 0) * 1000) / overMs;
}

/** What two samples show has been seen each time: none came between two of them. So it is until one has been seen to end. */
const SEEN_ALL_MS = 1900;
/** CPU that fork, exec and exit take at least, seconds. */
const LEAST_COST_SECONDS = 0.0004;

/** Forks are the host's: no more of them are this family's than what its parent's children cost allows. A clock tick may be hidden. */
const mostByCost = (own: number) => (own + 0.001) / LEAST_COST_SECONDS;

/** Where the kernel tells of forks: all that its parent started. */
function mostTold(state: FamilyState, family: Family, since: number): number {
  if (state.told.length === 0) return Number.POSITIVE_INFINITY;
  const told = toldChildren(state.told, family.parent.pid, since);
  return told && told.overMs > 0 ? (told.executed * 1000) / told.overMs : Number.POSITIVE_INFINITY;
}

/**
 * The kernel tells of all children of a parent, not which command each ran. They are this family's where the parent starts
 * nothing else; where it only sleeps between, those that end as the family's do, unless a `sleep` ends so too.
 */
function toldOf(
  state: FamilyState,
  family: Family,
  started: { others: number; sleeps: number },
  since: number,
): ToldChildren | undefined {
  if (started.others > 0) return undefined;
  const told = toldChildren(state.told, family.parent.pid, since);
  if (!told || told.executed === 0 || started.sleeps === 0) return told?.executed === 0 ? undefined : told;
  const [status, ...more] = family.statuses;
  if (status === undefined || status === 0 || more.length > 0) return undefined;
  const own = told.endings.filter((one) => one.status === status);
  const count = own[0]?.count ?? 0;
  return count === 0 ? undefined : { ...told, started: count, executed: count, ended: count, endings: own };
}

function endsOf({ statuses }: Family, told: ToldChildren | undefined): 'well' | 'badly' | undefined {
  const endings = told?.endings ?? [...statuses].map((status) => ({ status, count: 1 }));
  const all = endings.reduce((sum, one) => sum + one.count, 0);
  const well = endings.find((one) => one.status === 0)?.count ?? 0;
  if (all === 0) return undefined;
  return well >= 0.9 * all ? 'well' : well <= 0.1 * all ? 'badly' : undefined;
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
