import { flushSync } from 'react-dom';
import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';
import { onChartFrame } from './chartFrame.ts';

const waiting = new Set<() => void>();
let asked = false;

/**
 * Changes the state of what costs milliseconds to render, one in a frame, in the order asked for. Eight charts that are drawn
 * anew for one sample take 60 ms together, and a key that is typed meanwhile waits for all of them. Whoever waits already keeps
 * its place.
 *
 * It is rendered within the frame, with all that follows: what Recharts has to say to itself, in its effects, would be three
 * more tasks and two more frames.
 */
export function inTurn(run: () => void): Disposable {
  waiting.add(run);
  ask();
  return toDisposable(() => waiting.delete(run));
}

function ask(): void {
  if (asked) return;
  asked = true;
  onChartFrame(next);
}

function next(): void {
  asked = false;
  const [first] = waiting;
  if (!first) return;
  waiting.delete(first);
  if (waiting.size > 0) ask();
  flushSync(first);
}
