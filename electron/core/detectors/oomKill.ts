import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type KernelLine,
  NOTHING,
} from './detector.ts';
import { describeOomKill } from './oomKillEvent.ts';
import { fromLog, takeDueGroup, takeLine } from './oomKillLogged.ts';
import { findVictim, isSameName, largestGone, takeSample } from './oomKillSeen.ts';
import {
  initialOomKills,
  isKnown,
  isShared,
  type Kill,
  NEAR_MS,
  numberOf,
  OOM_KILL_THRESHOLDS,
  type OomKillState,
  REVISE_MS,
  type Rise,
  riseFor,
} from './oomKillState.ts';
import { splitSyslog } from './syslogLine.ts';
import { isOfInit } from './toldLine.ts';

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
  thresholds: OOM_KILL_THRESHOLDS,
  initial: initialOomKills,
  reduce(state, input, context) {
    switch (input.type) {
      case 'sample':
        takeSample(state, input.sample, context);
        break;
      case 'kernelLine':
        if (!input.line.backlog && !isOfInit(input.line)) state.logReadable = true;
        takeLine(state, { ...input.line, text: messageOf(input.line) }, context);
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
    takeDueGroup(state, context);
    return state.kills.length === 0 && state.rises.length === 0 ? NOTHING : settle(state, context);
  },
};

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

function isWorthTelling(state: OomKillState, neighbours: Kill, context: DetectorContext): boolean {
  const certainlyTheirs =
    neighbours.logged.scope === 'cgroup' && state.seen.at(-1)?.sample.cgroup?.oomKills !== undefined;
  return !certainlyTheirs || context.thresholds['tellNeighbours'] === true;
}

/** No sample of after the kill has come yet. */
function isSampleDue(state: OomKillState, kill: Kill, context: DetectorContext): boolean {
  const { seenAt } = kill.logged;
  return (
    (state.seen.at(-1)?.sample.at ?? 0) <= seenAt &&
    context.now < seenAt + numberOf(context, 'waitForLateSampleMs')
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

/** The manager tells of its units what systemd-oomd did to them. */
const messageOf = (line: KernelLine) =>
  isOfInit(line) ? line.text.replace(/^systemd\[1\]: /, '') : splitSyslog(line.text).text;
