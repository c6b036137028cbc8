import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';

const waiting = new Set<() => void>();
let frame = 0;

/**
 * Runs what costs milliseconds, one in a frame, in the order asked for. Eight charts that are drawn anew for one sample
 * take 30 ms together, and a key that is typed meanwhile waits for all of them. Whoever waits already keeps its place.
 */
export function inTurn(run: () => void): Disposable {
  waiting.add(run);
  ask();
  return toDisposable(() => waiting.delete(run));
}

function ask(): void {
  if (frame === 0) frame = requestAnimationFrame(next);
}

function next(): void {
  frame = 0;
  const [first] = waiting;
  if (!first) return;
  waiting.delete(first);
  if (waiting.size > 0) ask();
  first();
}
