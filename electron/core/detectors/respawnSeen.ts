import type { DetectorContext, DetectorOutput } from './detector.ts';
import { LOG_WINDOW_MS, type RefusalLog, rateOfLog } from './refusalLog.ts';
import { type Family, type FamilyFigures, figuresOf } from './respawnFamily.ts';
import { askForHolder, awaiting } from './respawnHolder.ts';
import {
  isBuildTool,
  isDispatcher,
  isInit,
  isProbe,
  isSupervisor,
  keepsContainer,
  roleOf,
  servesRequests,
  takesLogins,
} from './respawnRole.ts';
import { GAP_MS, newLoop, type RespawnState } from './respawnState.ts';
import { countRestarts, keepEvidence, tell } from './respawnTelling.ts';
import { isToldOf, unseenKey } from './respawnUnseen.ts';
import { mostlyCrash } from './toldChildren.ts';
import { limit } from './words.ts';

/** Families that look like a loop, signs apart; the one seen most first. */
export function plausibleFamilies(state: RespawnState, context: DetectorContext): [Family, FamilyFigures][] {
  const { now } = context;
  const found: [Family, FamilyFigures][] = [];
  for (const family of state.families.families.values()) {
    if (family.seen < 2 || now - family.overlapAt < LOG_WINDOW_MS || now - family.lastAt > LOG_WINDOW_MS)
      continue;
    if (family.name === 'sleep') continue;
    const figures = figuresOf(state.families, family, now, {
      idleForks: state.idleForks,
      hertz: context.facts?.ticksPerSecond ?? 100,
    });
    if (figures.recent < 2 || figures.dominance < limit(context, 'minimumDominance')) continue;
    found.push([family, figures]);
  }
  return found.sort((a, b) => b[1].recent - a[1].recent);
}

/**
 * Which family a log's refusals belong to: the one whose command the log's path or the refusal names, else the
 * busiest. A log that no family explains stays alone.
 */
export function assignLogs(
  state: RespawnState,
  plausible: [Family, FamilyFigures][],
  now: number,
): Map<string, RefusalLog> {
  const assigned = new Map<string, RefusalLog>();
  for (const log of state.logs.values()) {
    const free = plausible.filter(([f]) => !assigned.has(f.key) && now - f.lastAt < GAP_MS * 2);
    const text = `${log.path} ${log.lines.at(-1)?.text ?? ''}`;
    const named = free.find(([f]) => {
      const role = roleOf(f.command, f.name);
      return role.length > 2 && (text.includes(role) || f.command.includes(log.path));
    });
    const chosen = named ?? free[0];
    if (chosen) assigned.set(chosen[0].key, log);
  }
  return assigned;
}

/** Starts in half a minute. */
export const LEAST_RECENT = 3;

/** What two samples show has lived for longer than a tick: it did something. */
const LONG_LIFE_MS = 1900;

/** A loop whose instances samples show. */
export function judgeFamily(
  state: RespawnState,
  family: Family,
  figures: FamilyFigures,
  log: RefusalLog | undefined,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { now } = context;
  const role = roleOf(family.command, family.name);
  // A loop that its log told of first keeps its key when the family is seen.
  const byLog = log ? state.loops.get(`log:${log.path}`) : undefined;
  const free = byLog && !state.families.families.has(byLog.familyKey ?? '') ? byLog : undefined;
  const unseen = state.loops.get(unseenKey(family.parent));
  const loop = state.loops.get(family.key) ?? free ?? unseen ?? newLoop(family.key, family.firstAt);
  loop.familyKey = family.key;
  state.loops.set(family.key, loop);
  if (log) {
    loop.logPath = log.path;
    // While no sample shows the family, its log must not tell of another loop.
    state.loops.set(`log:${log.path}`, loop);
  }

  const logRate = log ? rateOfLog(log) : undefined;
  // The log counts starts; forks count whatever a start forks besides.
  const rate = (figures.told && figures.ratePerSecond) ?? logRate ?? figures.ratePerSecond;
  const seen = family.seen - 1;
  // As where the log is alone: each start that says another one runs has failed, the first too.
  const failed = log?.lines.at(-1)?.refusal.kind === 'running' ? log.total : 0;
  countRestarts(
    loop,
    Math.max(seen, log ? log.total - 1 : 0, figures.restarts ?? 0),
    // A log that says each refusal counts by itself, as the kernel does; only what nobody counts is estimated.
    failed === 0 && figures.restarts === undefined ? rate : undefined,
    Math.max(family.lastAt, log?.lastAt ?? 0),
  );

  const refused = log !== undefined && log.lines.length >= 2;
  const least = limit(context, figures.paced ? 'minimumPacedCores' : 'minimumCores');
  const judgedByCost =
    !isDispatcher(family.parent.name, family.parent.command) &&
    !isBuildTool(role) &&
    !isBuildTool(family.name) &&
    !takesLogins(role);
  // A parent that ignores SIGCHLD reaps nothing: its children's time is what nobody owns.
  const unowned =
    figures.cpu.parentReaped < 0.01 && (figures.ratePerSecond ?? 0) > 2 ? figures.cpu.unattributed : 0;
  const cost = figures.cpu.own + unowned;
  // Work that is done again and again, or for each who asks, ends well. What fails each time is done for nobody.
  const { ends } = figures;
  const honest =
    ends === 'well' || (ends !== 'badly' && servesRequests(family.parent.name, family.parent.command));
  const costs = judgedByCost && !honest && cost >= least;
  const supervised =
    isSupervisor(family.parent.name, family.parent.command) ||
    keepsContainer(family.name, family.command) ||
    (isInit(family.parent) && ends === 'badly' && judgedByCost);
  // What fails each time may find another copy of itself, however little it costs and whether or not it says so.
  const mayHold =
    refused ||
    supervised ||
    (judgedByCost && (cost >= least / 2 || (ends === 'badly' && !isProbe(family.command))));

  if (loop.restarts >= 2 && mayHold) askForHolder(state, loop, family, log, now, outputs);
  const restarts = limit(context, 'restarts');
  const enough =
    failed >= restarts ||
    (loop.restarts >= restarts && (figures.recent >= LEAST_RECENT || (refused && log.total >= 3)));
  const crashes = figures.told !== undefined && mostlyCrash(figures.told);
  const signs = refused || costs || supervised || crashes || loop.holder !== undefined;
  if (!loop.open) {
    if (!enough || !signs || now - loop.lastAt > GAP_MS * 2) return;
    if (awaiting(loop, now, limit(context, 'waitForAnswerMs'))) return;
    if (isToldOf(state, family.parent, family.key)) return;
    loop.open = true;
  }
  // What was told by its pauses is told so until it comes faster.
  if (loop.facts?.slow && figures.recent < LEAST_RECENT && !refused) return;
  const critical = refused || loop.holder !== undefined || (costs && cost >= limit(context, 'criticalCores'));
  // A script that works through a list looks the same from outside, where nobody tells how its commands end.
  const mayBeWork =
    ends === undefined &&
    (figures.seenLifeMs ?? 0) >= LONG_LIFE_MS &&
    !refused &&
    !supervised &&
    !crashes &&
    loop.holder === undefined;
  tell(
    loop,
    {
      severity: mayBeWork ? 'info' : critical ? 'critical' : 'warning',
      mayBeWork,
      beganAt: loop.beganAt,
      role,
      command: family.command,
      supervisor: family.parent,
      restarts: loop.restarts,
      ratePerSecond: rate ?? 0,
      pids: family.instances.slice(-12).map((i) => i.pid),
      pidStep: figures.pidStep,
      lifetimeMs: figures.lifetimeMs,
      told: figures.told,
      cpu: { ...figures.cpu, own: cost },
      holder: loop.holder,
      bootId: state.families.bootId,
      lines: keepEvidence(loop, log),
      newest: family.instances.at(-1),
    },
    context,
    outputs,
  );
}
