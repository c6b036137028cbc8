import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Once a second, for what ages on the screen whether data comes or not. One timer for all. */
export function onSecond(listener: () => void): Disposable {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const one of [...listeners]) one();
  }, 1000);
  return toDisposable(() => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  });
}
