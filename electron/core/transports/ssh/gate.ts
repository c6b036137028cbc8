import type { Disposable } from '../../../../shared/base/disposable.ts';

/** Lets so many in at a time, in the order in which they came. */
export interface Gate {
  /** Resolves with a place, to be disposed of; with `undefined` when the signal was faster. */
  enter(signal: AbortSignal): Promise<Disposable | undefined>;
}

export function createGate(places: number): Gate {
  let free = places;
  const waiting: (() => void)[] = [];

  function take(): Disposable {
    free--;
    let given = false;
    return {
      dispose() {
        if (given) return;
        given = true;
        free++;
        waiting.shift()?.();
      },
    };
  }

  return {
    enter(signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      if (free > 0) return Promise.resolve(take());
      return new Promise((resolve) => {
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(take());
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(enter), 1);
          resolve(undefined);
        };
        waiting.push(enter);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
  };
}
