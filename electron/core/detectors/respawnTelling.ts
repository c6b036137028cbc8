import type { DetectorContext, DetectorOutput } from './detector.ts';
import type { RefusalLog } from './refusalLog.ts';
import { describeLoop, type LoopFacts } from './respawnEvent.ts';
import type { Loop } from './respawnState.ts';

const RETELL_MS = 10_000;

/** Tells when it is new, when it changed in what matters, and otherwise now and then. */
export function tell(
  loop: Loop,
  facts: LoopFacts,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  // Nothing happened since: the figures of a window that drains would belittle what was.
  if (loop.told && loop.lastAt <= loop.factsAt) return;
  loop.factsAt = loop.lastAt;
  const share = facts.cpu && facts.cpu.busy > 0 ? facts.cpu.own / facts.cpu.busy : 0;
  const { told } = loop;
  loop.facts = facts;
  const rateMoved = told && Math.abs(facts.ratePerSecond - told.rate) > 0.3 * Math.max(told.rate, 0.2);
  const news =
    !told ||
    told.holder !== (facts.holder !== undefined) ||
    told.supervisor !== (facts.supervisor !== undefined) ||
    told.severity !== facts.severity ||
    (context.now - told.at > 2000 && (rateMoved || Math.abs(share - told.share) > 0.2)) ||
    context.now - told.at > RETELL_MS;
  if (!news) return;
  loop.told = {
    at: context.now,
    rate: facts.ratePerSecond,
    share,
    holder: facts.holder !== undefined,
    supervisor: facts.supervisor !== undefined,
    severity: facts.severity,
  };
  outputs.push({ type: 'event', key: loop.key, draft: describeLoop(facts, context) });
}

/** Restarts never count down; between looks they are counted by the rate. */
export function countRestarts(loop: Loop, atLeast: number, rate: number | undefined, lastAt: number): void {
  const estimated =
    rate === undefined || lastAt <= loop.lastAt ? 0 : Math.floor(((lastAt - loop.countedAt) / 1000) * rate);
  // What was counted covers the time until now: it is not estimated again.
  if (atLeast > loop.restarts || estimated > 0) loop.countedAt = lastAt;
  loop.restarts = Math.max(loop.restarts + estimated, atLeast);
  loop.lastAt = Math.max(loop.lastAt, lastAt);
}

const FIRST_LINES = 2;
const LAST_LINES = 2;

export function keepEvidence(loop: Loop, log: RefusalLog | undefined): Loop['evidence'] {
  for (const line of log?.lines ?? []) {
    if (line.at <= (loop.evidence.at(-1)?.at ?? 0)) continue;
    loop.evidence.push({ path: log?.path ?? '', text: line.text, at: line.at });
    if (loop.evidence.length > FIRST_LINES + LAST_LINES) loop.evidence.splice(FIRST_LINES, 1);
  }
  return [...loop.evidence];
}
