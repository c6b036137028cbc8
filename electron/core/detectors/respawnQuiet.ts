import type { DetectorContext, DetectorOutput } from './detector.ts';
import { describeEnd } from './respawnEvent.ts';
import { stopFollowing } from './respawnFamily.ts';
import { slowQuietMs } from './respawnSlow.ts';
import { GAP_MS, type Loop, type RespawnState } from './respawnState.ts';
import { limit } from './words.ts';

/** Quiet is only what samples saw: a host that does not answer is not quiet. */
export function closeQuiet(state: RespawnState, context: DetectorContext, outputs: DetectorOutput[]): void {
  const { now } = context;
  const ticks = state.families.ticks;
  for (const loop of new Set(state.loops.values())) {
    if (!loop.open) continue;
    const { facts } = loop;
    const reaped = ticks.at(-1)?.reapers.find((r) => r.pid === facts?.supervisor?.pid)?.cores ?? 0;
    if (reaped >= 0.05 || state.unheardMs > GAP_MS) loop.quietSince = now;
    const since = Math.max(loop.lastAt, loop.quietSince ?? 0);
    const period = facts && facts.ratePerSecond > 0 ? 1000 / facts.ratePerSecond : 1000;
    const least = limit(context, 'quietSeconds') * 1000;
    const standing = state.sample?.table.find(
      (r) => r.pid === facts?.newest?.pid && r.startTicks === facts.newest.startTicks && r.state !== 'Z',
    );
    const parentGone =
      facts?.supervisor !== undefined &&
      !state.sample?.table.some(
        (r) => r.pid === facts.supervisor?.pid && r.startTicks === facts.supervisor.startTicks,
      );
    const pause = slowQuietMs(state.slow.slow.get(loop.key), least);
    if (now - since < Math.max(least, parentGone ? 0 : (pause ?? 3 * period))) continue;
    outputs.push({
      type: 'close',
      key: loop.key,
      endedAt: since,
      ...(facts ? { recovery: describeEnd(facts, loop.restarts, since, standing, parentGone) } : {}),
    });
    forgetLoop(state, loop);
  }
}

/** What comes after its end is another loop, and counts from nothing: one refusal more is not a loop again. */
function forgetLoop(state: RespawnState, loop: Loop): void {
  const family = loop.familyKey === undefined ? undefined : state.families.families.get(loop.familyKey);
  if (family) stopFollowing(state.families, family);
  if (loop.logPath !== undefined && state.loops.get(`log:${loop.logPath}`) === loop)
    state.logs.delete(loop.logPath);
  for (const [key, one] of state.loops) if (one === loop) state.loops.delete(key);
}
