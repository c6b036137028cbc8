import type { Sample } from '../../../shared/model/sample.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type KernelLine,
  type LogLine,
  NOTHING,
} from './detector.ts';
import { type GoneProcess, GoneProcesses, type Tables } from './goneProcess.ts';
import { describeOomKill, type Victim } from './oomKillEvent.ts';
import {
  completeOomGroup,
  isOomGroupDue,
  joinOomLine,
  type LoggedKill,
  type OomGroup,
} from './oomKillGroup.ts';
import { splitSyslog } from './syslogLine.ts';

/**
 * Tells of OOM kills: counted by the kernel's counter, described by the log (its `oom-kill:` line is rate-limited).
 *
 * Whose kill is it? The kernel log and /proc/vmstat are the machine's. On a host that sees the kernel's threads every
 * kill is its own. In a container (or a lab host) a kill is this host's when
 * 1. a process of that name went from this host's table as it happened: with the same pid, or with another pid (the
 *    log's is the machine's) and about the same memory; or
 * 2. the host's own cgroup counter went up as it happened; or
 * 3. the victim's cgroup is one whose kills were this host's before;
 * and never where the host sees the name of the group that holds it, and the victim's is another beside it: several
 * may meet their limit at the same moment.
 * All of these come with the next sample, within a second, or later where the host is out of breath, as it may be
 * while it is killed for memory: it is waited for. Otherwise the kill is a neighbour's: told as `warning` if
 * the machine itself ran out, as `info` where this host has no counter of its own that could tell, and not at all
 * where it has: another cgroup that met its own limit is no news of this host.
 *
 * A counter that rose without a line is an inferred kill: the largest process that went in that tick, one either
 * side. It is revised if the log tells later.
 */
export const oomKill: Detector<OomKillState> = {
  name: 'oomKill',
  takes: ['sample', 'kernelLine', 'logLine', 'tick'],
  thresholds: {
    /** Kills that were in the log before we came are told when they are no older. */
    backlogMinutes: 10,
    /** How long a counter that rose waits for its line, once the log is known to be readable. */
    waitForLogMs: 1000,
    /** How long a line waits, at the least, for a sample that shows whose kill it is. */
    waitForSampleMs: 1200,
    /** How long it waits for that sample at the most: after a stall, or for a sampler that is being started anew. */
    waitForLateSampleMs: 15_000,
    /** The least that an inferred victim must have held. */
    minimumVictimMiB: 4,
    /** True: kills in other cgroups of a shared machine are told too, even where they are known not to be ours. */
    tellNeighbours: false,
  },
  initial: () => ({
    boot: '',
    kills: [],
    rises: [],
    gone: [],
    tables: [],
    forgotAt: 0,
    ownCgroups: new Set(),
    holder: undefined,
    logReadable: false,
    count: 0,
  }),
  reduce(state, input, context) {
    switch (input.type) {
      case 'sample':
        takeSample(state, input.sample, context);
        break;
      case 'kernelLine':
        if (!input.line.backlog) state.logReadable = true;
        takeLine(state, { ...input.line, text: splitSyslog(input.line.text).text }, context);
        break;
      case 'logLine': {
        const line = fromLog(input.line);
        // Nearly all lines of followed logs are of something else; what waits is decided each second anyway.
        if (!line) return NOTHING;
        takeLine(state, line, context);
        break;
      }
      case 'tick':
        break;
      default:
        return NOTHING;
    }
    if (state.group && isOomGroupDue(state.group, context.now)) {
      const waited = completeOomGroup(state.group);
      state.group = undefined;
      for (const kill of waited) addKill(state, kill, context);
    }
    return state.kills.length === 0 && state.rises.length === 0 ? NOTHING : settle(state, context);
  },
};

export interface OomKillState {
  boot: string;
  lastSample?: { at: number; machine: number | undefined; own: number | undefined };
  watchingSince?: number;
  group?: OomGroup | undefined;
  kills: Kill[];
  rises: Rise[];
  /** The processes that went in the last five seconds, or ten, the newest last. */
  gone: GoneProcesses[];
  /** A dying process shows no memory: its last figures are here. */
  tables: Tables;
  /** When those were last forgotten that went too long ago. */
  forgotAt: number;
  ownCgroups: Set<string>;
  /** The control group whose limit holds for this host, as it sees it; mostly `/`, which says nothing. */
  holder: string | undefined;
  logReadable: boolean;
  count: number;
}

interface Kill {
  key: string;
  logged: LoggedKill;
  at: number;
  /** What has been told of it, or why not. */
  told: 'no' | 'own' | 'neighbour' | 'never';
  decideBy: number;
  /** A sample may still show that it is ours after it was told as a neighbour's. */
  reviseBy: number;
  counted: boolean;
  victim?: Victim;
  kills: number;
  undescribed: number;
  changed: boolean;
}

/** The counter went up by `count` between two samples. */
interface Rise {
  key: string;
  count: number;
  from: number;
  to: number;
  decideBy: number;
  ownCgroup: boolean;
  /** Ours for certain: the host's own counter, or a host that shares with nobody. */
  certain: boolean;
  described: number;
  told: boolean;
  victim?: Victim;
  samplesAfter: number;
}

const REMEMBER_MS = 15 * 60_000;
const MOST_KILLS = 500;
/** A line and the sample that shows its effect differ by a tick, a round trip and the clocks' error. */
const NEAR_MS = 2500;
const REMEMBER_GONE_MS = 2 * NEAR_MS;
const REVISE_MS = 10_000;
const SAME_KILL_MS = 10_000;
/** earlyoom asks a process that does not go again after ten seconds, and again. */
const ASKED_AGAIN_MS = 60_000;
/** A follower that catches up after a stall is minutes late; a clock that is further off is wrong. */
const MOST_LAG_MS = 5 * 60_000;

function isWorthTelling(state: OomKillState, neighbours: Kill, context: DetectorContext): boolean {
  const certainlyTheirs = neighbours.logged.scope === 'cgroup' && state.lastSample?.own !== undefined;
  return !certainlyTheirs || context.thresholds['tellNeighbours'] === true;
}

function takeSample(state: OomKillState, sample: Sample, context: DetectorContext): void {
  const machine = sample.oomKills;
  const own = sample.cgroup?.oomKills;
  const last = state.lastSample;
  state.watchingSince ??= context.now;
  if (state.boot !== sample.bootId) {
    state.boot = sample.bootId;
    state.rises = [];
    state.gone = [];
    state.tables = [];
  } else {
    const gone = GoneProcesses.of(sample, last?.at, state.tables);
    if (gone) state.gone.push(gone);
    for (const rise of state.rises) rise.samplesAfter++;
    const ownRise = own === undefined ? 0 : own - (last?.own ?? own);
    const machineRise = machine === undefined ? 0 : machine - (last?.machine ?? machine);
    if (last && (ownRise > 0 || machineRise > 0)) {
      const shared = isShared(state, context);
      const useOwn = shared && own !== undefined && last.own !== undefined;
      const count = useOwn ? ownRise : machineRise;
      if (count > 0) {
        const away = sample.at - last.at > 3 * NEAR_MS;
        state.rises.push({
          key: `counter:${++state.count}`,
          count,
          from: last.at,
          to: sample.at,
          // Without a log there is nothing to wait for: the line revises it if it comes all the same.
          decideBy: context.now + (away ? 5000 : state.logReadable ? numberOf(context, 'waitForLogMs') : 0),
          ownCgroup: useOwn,
          certain: useOwn || !shared,
          described: 0,
          told: false,
          samplesAfter: 0,
        });
      }
    }
  }
  const limitBytes = sample.cgroup?.memoryLimitBytes;
  const holder =
    limitBytes === undefined ? undefined : sample.cgroups?.find((one) => one.memoryLimitBytes === limitBytes);
  if (holder) state.holder = holder.path;
  state.lastSample = { at: sample.at, machine, own };
  const [, second, third] = state.tables;
  state.tables = second && third ? [second, third, sample.table] : [...state.tables, sample.table];
  // They hold tables; one by one would cost more than all of them now and then.
  if (sample.at - state.forgotAt >= REMEMBER_GONE_MS) {
    state.forgotAt = sample.at;
    state.gone = state.gone.filter((one) => sample.at - one.at <= REMEMBER_GONE_MS);
  }
}

/** Each once: what went was here before only as a zombie. */
function goneOf(state: OomKillState): GoneProcess[] {
  const found = new Map<string, GoneProcess>();
  for (const { all } of state.gone)
    for (const one of all) {
      const key = `${one.identity.pid}:${one.identity.startTicks}`;
      if (!found.has(key)) found.set(key, one);
    }
  return [...found.values()];
}

/** Watched logs can be syslog: only what the kernel or a known killer wrote there is believed. */
function fromLog(line: LogLine): KernelLine | undefined {
  if (!/kill|oom/i.test(line.text.slice(0, 8192))) return undefined;
  const { tag, text } = splitSyslog(line.text);
  if (tag !== 'kernel' && tag !== 'systemd-oomd' && tag !== 'earlyoom' && tag !== 'systemd') return undefined;
  return { text, seenAt: line.seenAt, source: line.path, backlog: false };
}

function takeLine(state: OomKillState, line: KernelLine, context: DetectorContext): void {
  const joined = joinOomLine(state.group, line);
  state.group = joined.group;
  for (const kill of joined.kills) addKill(state, kill, context);
}

function addKill(state: OomKillState, logged: LoggedKill, context: DetectorContext): void {
  const at = workbenchTime(logged, context);
  const again = state.kills.find((k) => isSameKill(k, logged, at));
  if (again) {
    // The same kill by another way (syslog beside the kernel log, the backlog after a reconnect): what is new is kept.
    const { lines: _, backlog: __, seenAt: ___, hostAt: ____, killer: _____, ...more } = logged;
    const before = again.logged;
    again.logged = { ...more, ...before };
    again.changed ||= Object.keys(again.logged).length > Object.keys(before).length && again.told !== 'never';
    return;
  }
  const old = logged.backlog && context.now - at > numberOf(context, 'backlogMinutes') * 60_000;
  // A line of the backlog without a time may be of last year.
  const never = old || (logged.backlog && logged.hostAt === undefined);
  state.kills.push({
    key: `kill:${++state.count}`,
    logged,
    at,
    told: never ? 'never' : 'no',
    decideBy: context.now + numberOf(context, 'waitForSampleMs'),
    reviseBy: 0,
    counted: logged.killer !== 'kernel',
    kills: 1,
    undescribed: 0,
    changed: false,
  });
  state.kills = state.kills.filter((k) => context.now - k.logged.seenAt <= REMEMBER_MS).slice(-MOST_KILLS);
}

function isSameKill(kill: Kill, logged: LoggedKill, at: number): boolean {
  const a = kill.logged;
  if (a.killer !== logged.killer) return false;
  if (a.pid === undefined || logged.pid === undefined) {
    // systemd-oomd and the manager name the unit, one by its path and one by its name.
    return a.process === logged.process && Math.abs(kill.at - at) < SAME_KILL_MS;
  }
  const within = a.killer === 'kernel' ? SAME_KILL_MS : ASKED_AGAIN_MS;
  return a.pid === logged.pid && a.process === logged.process && Math.abs(kill.at - at) < within;
}

function workbenchTime(logged: LoggedKill, context: DetectorContext): number {
  if (logged.hostAt === undefined) return logged.seenAt;
  const at = Math.min(logged.hostAt - (context.facts?.clockOffsetMs ?? 0), logged.seenAt);
  // Monotonic stamps leave out time asleep, so their wall time can be hours off: a live line was written just now.
  return !logged.backlog && logged.seenAt - at > MOST_LAG_MS ? logged.seenAt : at;
}

function settle(state: OomKillState, context: DetectorContext): readonly DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  const shared = isShared(state, context);
  for (const kill of state.kills) {
    if (kill.told === 'never') continue;
    decide(state, kill, shared, context, outputs);
  }
  state.rises = state.rises.filter((rise) => settleRise(state, rise, context, outputs));
  return outputs;
}

/** Tells a kill once it is known whose it is, and again if that changes. */
function decide(
  state: OomKillState,
  kill: Kill,
  shared: boolean,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const open = kill.told === 'no' || (kill.told === 'neighbour' && context.now <= kill.reviseBy);
  // At the start the log may speak before the host has: whose kernel it is is not known yet.
  if (
    open &&
    !isKnown(state, context) &&
    context.now < kill.logged.seenAt + numberOf(context, 'waitForLateSampleMs')
  )
    return;
  if (open) {
    const theirs = shared && isBeside(state.holder, kill.logged.taskCgroup);
    const rise = theirs ? undefined : riseFor(state, kill);
    const guessed =
      rise?.victim && isSameName(rise.victim.name, kill.logged.process) ? rise.victim : undefined;
    const victim = guessed ?? (kill.logged.backlog || theirs ? undefined : findVictim(state, kill, shared));
    if (victim) kill.victim = victim;
    const { taskCgroup } = kill.logged;
    const ours =
      !shared ||
      victim !== undefined ||
      rise?.certain === true ||
      (!theirs && taskCgroup !== undefined && state.ownCgroups.has(taskCgroup));
    // On a host of its own the process is awaited too, a moment: the event is better with its command line.
    const waiting = context.now < kill.decideBy || (shared && isSampleDue(state, kill, context));
    if (ours && (victim || !waiting || shared)) {
      if (rise) {
        rise.described++;
        kill.counted = true;
        // The inferred event becomes this one.
        if (rise.told && rise.described === 1) kill.key = rise.key;
      }
      // The root cgroup says nothing of whose it is.
      if (shared && taskCgroup !== undefined && taskCgroup !== '/' && (victim || rise?.certain)) {
        state.ownCgroups.add(taskCgroup);
      }
      kill.told = 'own';
      kill.changed = true;
    } else if (!ours && !waiting && kill.told === 'no') {
      kill.told = 'neighbour';
      kill.reviseBy = context.now + NEAR_MS;
      kill.changed = isWorthTelling(state, kill, context);
    }
  } else if (kill.told === 'own' && !kill.counted) {
    const rise = riseFor(state, kill);
    if (rise) {
      rise.described++;
      kill.counted = true;
    }
  }
  if (!kill.changed || kill.told === 'no') return;
  kill.changed = false;
  outputs.push({
    type: 'event',
    key: kill.key,
    draft: describeOomKill({
      whose: kill.told === 'own' ? 'own' : 'neighbour',
      at: kill.at,
      ...(kill.logged.hostAt === undefined ? {} : { hostAt: kill.logged.hostAt }),
      logged: kill.logged,
      ...(kill.victim ? { victim: kill.victim } : {}),
      kills: kill.kills,
      undescribed: kill.undescribed,
      // What happened while the link was down is news; what was there before we came is context.
      past: kill.logged.backlog && kill.at < (state.watchingSince ?? Number.POSITIVE_INFINITY),
      samePids: !shared,
    }),
  });
}

/** No sample of after the kill has come yet. */
function isSampleDue(state: OomKillState, kill: Kill, context: DetectorContext): boolean {
  const { seenAt } = kill.logged;
  return (
    (state.lastSample?.at ?? 0) <= seenAt && context.now < seenAt + numberOf(context, 'waitForLateSampleMs')
  );
}

/**
 * Another group than the one that holds this host, in the same tree: `/docker/b` beside `/docker/a`. In a cgroup
 * namespace the names have nothing in common, and nothing follows.
 */
function isBeside(holder: string | undefined, cgroup: string | undefined): boolean {
  if (holder === undefined || cgroup === undefined || holder === '/' || cgroup === '/') return false;
  const within = cgroup === holder || cgroup.startsWith(`${holder}/`);
  return !within && cgroup.split('/')[1] === holder.split('/')[1];
}

function riseFor(state: OomKillState, kill: Kill): Rise | undefined {
  if (kill.counted) return undefined;
  const when = kill.logged.backlog ? kill.at : kill.logged.seenAt;
  return state.rises.find(
    (rise) => rise.described < rise.count && when >= rise.from - NEAR_MS && when <= rise.to + REVISE_MS,
  );
}

function findVictim(state: OomKillState, kill: Kill, shared: boolean): Victim | undefined {
  const { process, pid, residentBytes } = kill.logged;
  if (pid === undefined) return undefined;
  const near = goneOf(state).filter(
    (g) =>
      !g.claimed &&
      isSameName(g.name, process) &&
      kill.logged.seenAt >= Math.min(g.after, g.at - NEAR_MS) &&
      kill.logged.seenAt <= g.at + NEAR_MS,
  );
  let found = near.find((g) => g.identity.pid === pid);
  if (!found && !shared) {
    // Still in the table: its pid is enough where pids are the machine's.
    const row = state.tables.at(-1)?.find((r) => r.pid === pid && isSameName(r.name, process));
    if (row) {
      return {
        identity: { bootId: state.boot, pid, startTicks: row.startTicks },
        name: row.name,
        command: row.command,
        residentBytes: row.residentBytes,
      };
    }
  }
  if (!found && shared) {
    // Its memory may have grown since it was last read, the faster the nearer the limit; the own counter settles it.
    const least = (residentBytes ?? 0) * (riseFor(state, kill)?.certain ? 0 : 0.3);
    found = near.filter((g) => g.residentBytes >= least).sort((a, b) => b.residentBytes - a.residentBytes)[0];
  }
  if (found) found.claimed = true;
  return found;
}

/** `comm` holds 15 bytes; the log of some kernels holds a thread's name of the same length. */
function isSameName(a: string, b: string): boolean {
  return a === b || a.slice(0, 15) === b.slice(0, 15);
}

/** False when nothing more can come of it. */
function settleRise(
  state: OomKillState,
  rise: Rise,
  context: DetectorContext,
  outputs: DetectorOutput[],
): boolean {
  if (rise.described >= rise.count) return false;
  if (context.now < rise.decideBy) return true;
  const left = rise.count - rise.described;
  const described = state.kills.findLast(
    (k) => k.told === 'own' && k.counted && k.at >= rise.from - NEAR_MS && k.at <= rise.to + NEAR_MS,
  );
  if (described) {
    if (described.undescribed !== left) {
      described.kills = 1 + left;
      described.undescribed = left;
      described.changed = true;
    }
    const keep = context.now - rise.decideBy < REVISE_MS;
    if (described.changed) decide(state, described, isShared(state, context), context, outputs);
    return keep;
  }
  if (!rise.told) {
    const victim = largestGone(state, rise, context);
    // The process may go a tick after the counter.
    if (!victim && rise.samplesAfter < 1 && context.now - rise.decideBy < NEAR_MS) return true;
    if (victim) {
      victim.claimed = true;
      rise.victim = victim;
    }
    rise.told = true;
    const whose = rise.certain || victim ? 'own' : 'neighbour';
    outputs.push({
      type: 'event',
      key: rise.key,
      draft: describeOomKill({
        whose,
        at: Math.min(rise.to, victim?.at ?? rise.to),
        ...(victim ? { victim } : {}),
        kills: rise.count,
        undescribed: victim ? rise.count - 1 : rise.count,
        counter: {
          ofOwnCgroup: rise.ownCgroup,
          overMs: rise.to - rise.from,
          words: `${rise.ownCgroup ? "the host's own cgroup" : 'the kernel'} counted ${rise.count} OOM kill${rise.count === 1 ? '' : 's'}; its log was not readable or did not tell`,
        },
        past: false,
        samePids: true,
      }),
    });
  }
  return context.now - rise.decideBy < REVISE_MS;
}

function largestGone(state: OomKillState, rise: Rise, context: DetectorContext) {
  const least = numberOf(context, 'minimumVictimMiB') * 1024 * 1024;
  return goneOf(state)
    .filter(
      (g) => !g.claimed && g.residentBytes >= least && g.at >= rise.from - 100 && g.at <= rise.to + NEAR_MS,
    )
    .sort((a, b) => b.residentBytes - a.residentBytes)[0];
}

/**
 * Whether the kernel's log and counters may tell of others' processes. A memory limit alone (a slice of the login) is
 * no other machine: where the kernel's threads are seen, so is every victim.
 */
function isShared(state: OomKillState, context: DetectorContext): boolean {
  if (context.facts ? !context.facts.container : state.tables.length === 0) return false;
  return state.tables.at(-1)?.find((row) => row.pid === 2)?.name !== 'kthreadd';
}

function isKnown(state: OomKillState, context: DetectorContext): boolean {
  return context.facts !== undefined && state.tables.length > 0;
}

function numberOf(context: DetectorContext, name: string): number {
  const value = context.thresholds[name] ?? oomKill.thresholds[name];
  return typeof value === 'number' ? value : 0;
}
