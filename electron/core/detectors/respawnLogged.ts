import type { DetectorContext, DetectorOutput } from './detector.ts';
import { type RefusalLog, rateOfLog } from './refusalLog.ts';
import { askForHolder, awaiting } from './respawnHolder.ts';
import { roleOf } from './respawnRole.ts';
import { GAP_MS, newLoop, type RespawnState } from './respawnState.ts';
import { countRestarts, keepEvidence, tell } from './respawnTelling.ts';
import { limit } from './words.ts';

/** A loop of which only its log tells. */
export function judgeLog(
  state: RespawnState,
  log: RefusalLog,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { now } = context;
  const key = `log:${log.path}`;
  const loop = state.loops.get(key) ?? newLoop(key, log.firstAt);
  if (loop.familyKey !== undefined && state.families.families.has(loop.familyKey)) {
    if (loop.open) {
      countRestarts(loop, log.total, rateOfLog(log), log.lastAt);
      return;
    }
    // No sample shows that family now: another supervisor may have taken its place, and its log is not to wait.
    state.loops.delete(loop.familyKey);
    delete loop.familyKey;
  }
  state.loops.set(key, loop);
  loop.logPath = log.path;
  const last = log.lines.at(-1);
  if (!last) return;
  const { kind } = last.refusal;
  const least = kind === 'running' ? limit(context, 'restarts') : limit(context, 'addressLinesAlone');
  countRestarts(loop, log.total, rateOfLog(log), log.lastAt);
  if (log.total >= 2) askForHolder(state, loop, undefined, log, now, outputs);
  if (!loop.open) {
    // A moment more for the family to be seen: it makes a better event.
    const moment = loop.holder ? 500 : 1500;
    if (log.total < least || now - log.lastAt > GAP_MS || now - log.firstAt < moment) return;
    if (awaiting(loop, now, limit(context, 'waitForAnswerMs'))) return;
    loop.open = true;
  }
  const { balance } = state.sample ?? {};
  tell(
    loop,
    {
      severity: loop.holder ? 'critical' : 'warning',
      beganAt: log.firstAt,
      role: loop.holder ? roleOf(loop.holder.command, loop.holder.name) : undefined,
      command: loop.holder?.command,
      supervisor: undefined,
      restarts: loop.restarts,
      ratePerSecond: rateOfLog(log) ?? 0,
      pids: [],
      pidStep: undefined,
      lifetimeMs: undefined,
      told: undefined,
      cpu: balance ? { ...balance, parentReaped: 0, own: 0 } : undefined,
      holder: loop.holder,
      bootId: state.families.bootId,
      lines: keepEvidence(loop, log),
      newest: undefined,
    },
    context,
    outputs,
  );
}
