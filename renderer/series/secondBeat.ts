import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';
import { onChartFrame } from './chartFrame.ts';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let asked = false;

/** Once a second, for what ages on the screen whether data comes or not. One timer for all, and the frame of the charts. */
export function onSecond(listener: () => void): Disposable {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (asked) return;
    asked = true;
    onChartFrame(() => {
      asked = false;
      for (const one of [...listeners]) one();
    });
  }, 1000);
  return toDisposable(() => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  });
}
