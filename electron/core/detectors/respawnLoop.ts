import type { Sample } from '../../../shared/model/sample.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { forgetOldRefusals, takeRefusal } from './refusalLog.ts';
import { type Family, type FamilyFigures, takeFamilies } from './respawnFamily.ts';
import { takeAnswer } from './respawnHolder.ts';
import { judgeLog } from './respawnLogged.ts';
import { closeQuiet } from './respawnQuiet.ts';
import { assignLogs, judgeFamily, LEAST_RECENT, plausibleFamilies } from './respawnSeen.ts';
import { takeSlow } from './respawnSlow.ts';
import { judgeSlow } from './respawnSlowTold.ts';
import { initialRespawns, type RespawnState } from './respawnState.ts';
import { judgeUnseen, unseenLoops } from './respawnUnseen.ts';

/**
 * Tells of a command that is started again and again by the same parent, dies, and is started again.
 *
 * Seen from outside, a loop and honest work look alike: a shell that runs `grep` a thousand times, a CGI server, a
 * build. What sets a loop apart, all of it required:
 * - the same command line under the same parent (its pid and start time), three restarts within half a minute;
 * - one at a time: a pool of workers overlaps;
 * - it is most of what the parent starts: a build or a script starts many different things;
 * and at least one sign of trouble:
 * - it costs: the parent's reaped time (children too short to be seen count) and the visible instance together burn
 *   a share of a core. Paced loops (`sleep` between) must burn more. Programs whose trade is to start children (web
 *   servers, cron, builds, test runners) and compilers are not judged by cost;
 * - it says so: `Already running on PID:10078`, `Address already in use`;
 * - another process holds what it wants: a live pid-file owner or listener that is not the parent's child;
 * - its children crash, each of them, as the kernel tells (SIGSEGV, SIGABRT and their like);
 * - the parent is a known supervisor, whose only reason to start its child again is that it died; or the host's init,
 *   and the kernel tells that the child fails each time.
 * So a cron job, `while sleep 1; do ps; done`, `make -j`, a forking server and `watch` are not loops, and a loop
 * without cost, words, holder or supervisor is not told of.
 *
 * Where the host's kernel tells of every fork and exit, rates and restarts are what it counted, and how the children ended
 * is said; and a supervisor of one child, all of whose children fail before a sample sees them, is a loop by that alone.
 *
 * Where it pauses for longer between its restarts, see respawnSlow.ts.
 *
 * Log lines alone are enough where the child is too short-lived to be seen at all and burns nothing: three that
 * name the same holder, or ten that complain of an address (nginx tries five times by itself).
 */
export const respawnLoop: Detector<RespawnState> = {
  name: 'respawnLoop',
  takes: ['sample', 'logLine', 'investigated', 'tick'],
  thresholds: {
    restarts: 3,
    /** Cores that the family must use to be told of without any other sign. */
    minimumCores: 0.25,
    /** The same, where the parent sleeps between restarts. */
    minimumPacedCores: 0.5,
    /** Cores from which cost alone is critical. */
    criticalCores: 0.5,
    minimumDominance: 0.6,
    quietSeconds: 10,
    /** Address complaints that are a loop without any process seen. */
    addressLinesAlone: 10,
    waitForAnswerMs: 1500,
  },
  initial: initialRespawns,
  reduce(state, input, context) {
    switch (input.type) {
      case 'sample':
        takeFamilies(state.families, input.sample, !state.quiet && state.loops.size > 0);
        if (input.sample.changes.length > 0)
          takeSlow(state.slow, input.sample, context.facts?.ticksPerSecond ?? 100);
        state.unheardMs = input.sample.at - (state.sample?.at ?? 0) - input.sample.intervalMs;
        state.sample = input.sample;
        learnIdleForks(state, input.sample);
        return judge(state, context, true);
      case 'logLine':
        if (!takeRefusal(state.logs, input.line, context.now)) return NOTHING;
        state.quiet = false;
        return judge(state, context, false);
      case 'investigated':
        takeAnswer(state, input.question.id, input.answer.kind === 'processes' ? input.answer.processes : []);
        return judge(state, context, false);
      case 'tick':
        // What changes by time alone is an answer that is waited for, and a log that falls silent.
        return state.quiet ? NOTHING : judge(state, context, false);
      default:
        return NOTHING;
    }
  },
};

/** Families that are told of by the rate at which they come. */
const fastOnes = (plausible: [Family, FamilyFigures][]): ReadonlySet<string> =>
  new Set(plausible.filter(([, { recent }]) => recent >= LEAST_RECENT).map(([{ key }]) => key));

const FORGET_LOOP_MS = 60_000;

function learnIdleForks(state: RespawnState, sample: Sample): void {
  let busy = false;
  if (!state.quiet)
    for (const loop of state.loops.values()) busy ||= loop.open || sample.at - loop.lastAt < 5000;
  const { forksPerSecond } = sample.processes;
  if (!busy) state.idleForks += (forksPerSecond - state.idleForks) * 0.2;
}

function judge(state: RespawnState, context: DetectorContext, sampled: boolean): readonly DetectorOutput[] {
  const unseen = sampled && state.sample ? unseenLoops(state.sample, state.families.told) : [];
  const paused = sampled && state.slow.changed.size > 0;
  if (state.quiet && state.families.idle && unseen.length === 0 && !paused) return NOTHING;
  const { now } = context;
  const outputs: DetectorOutput[] = [];
  forgetOldRefusals(state.logs, now);
  const plausible = plausibleFamilies(state, context);
  const logOf = assignLogs(state, plausible, now);
  for (const [family, figures] of plausible) {
    judgeFamily(state, family, figures, logOf.get(family.key), context, outputs);
  }
  for (const one of unseen) {
    const { pid, startTicks } = one.parent;
    if (!plausible.some(([{ parent }]) => parent.pid === pid && parent.startTicks === startTicks))
      judgeUnseen(state, one, context, outputs);
  }
  if (paused) judgeSlow(state, fastOnes(plausible), context, outputs);
  const taken = new Set([...logOf.values()].map((l) => l.path));
  for (const log of state.logs.values()) {
    if (!taken.has(log.path)) judgeLog(state, log, context, outputs);
  }
  if (sampled) closeQuiet(state, context, outputs);
  for (const [key, loop] of state.loops) {
    if (!loop.open && now - loop.lastAt > FORGET_LOOP_MS) state.loops.delete(key);
  }
  state.quiet = state.logs.size === 0 && state.loops.size === 0;
  return outputs;
}
