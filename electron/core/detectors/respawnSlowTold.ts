import type { DetectorContext, DetectorOutput } from './detector.ts';
import { roleOf } from './respawnRole.ts';
import { isSlowLoop, type Slow, type SlowFigures, slowFiguresOf } from './respawnSlow.ts';
import { newLoop, type RespawnState } from './respawnState.ts';
import { countRestarts, tell } from './respawnTelling.ts';
import { isToldOf } from './respawnUnseen.ts';
import { limit } from './words.ts';

/** @param fast keys of the families that are told of by their rate */
export function judgeSlow(
  state: RespawnState,
  fast: ReadonlySet<string>,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { changed } = state.slow;
  for (const slow of changed) {
    const last = slow.runs.at(-1);
    const figures = slowFiguresOf(slow);
    const known = state.loops.get(slow.key);
    if (known && last) known.lastAt = Math.max(known.lastAt, last.at);
    if (!last || !figures || figures.restarts < limit(context, 'restarts') || fast.has(slow.key)) continue;
    const sure = isSlowLoop(slow, figures, context.facts?.ticksPerSecond ?? 100);
    if (!known?.open && (sure === undefined || isToldOf(state, slow.parent, slow.key))) continue;
    const loop = known ?? newLoop(slow.key, slow.firstAt);
    state.loops.set(slow.key, loop);
    countRestarts(loop, figures.restarts, undefined, last.at);
    loop.open = true;
    tellSlow(state, slow, figures, sure === false, context, outputs);
  }
  changed.clear();
}

function tellSlow(
  state: RespawnState,
  slow: Slow,
  figures: SlowFigures,
  mayBeWork: boolean,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const loop = state.loops.get(slow.key);
  const last = slow.runs.at(-1);
  if (!loop || !last) return;
  const spanMs = Math.max(1, last.at - loop.beganAt);
  const lives = figures.lives.toSorted((a, b) => a - b);
  tell(
    loop,
    {
      severity: mayBeWork ? 'info' : 'warning',
      mayBeWork,
      beganAt: loop.beganAt,
      role: roleOf(slow.command, slow.name),
      command: slow.command,
      supervisor: slow.parent,
      restarts: loop.restarts,
      ratePerSecond: (loop.restarts * 1000) / spanMs,
      slow: { spanMs, pausesMs: figures.pauses.slice(-4), statuses: figures.statuses },
      pids: slow.runs.map((run) => run.pid),
      pidStep: undefined,
      lifetimeMs: lives[Math.floor(lives.length / 2)],
      told: undefined,
      cpu: undefined,
      holder: loop.holder,
      bootId: state.families.bootId,
      lines: [...loop.evidence],
      newest: last,
    },
    context,
    outputs,
  );
}
