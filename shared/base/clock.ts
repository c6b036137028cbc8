import { type Disposable, toDisposable } from './disposable.ts';

/** Time as the code under test sees it. `now` is epoch milliseconds; `monotonic` never steps back. */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Runs once after `milliseconds`; disposing cancels it. */
  after(milliseconds: number, run: () => void): Disposable;
  /** Runs every `milliseconds` until disposed. */
  every(milliseconds: number, run: () => void): Disposable;
}

declare const setTimeout: (run: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (handle: unknown) => void;
declare const setInterval: (run: () => void, milliseconds: number) => unknown;
declare const clearInterval: (handle: unknown) => void;
declare const performance: { now(): number };

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, run) {
    const handle = setTimeout(run, milliseconds);
    return toDisposable(() => clearTimeout(handle));
  },
  every(milliseconds, run) {
    const handle = setInterval(run, milliseconds);
    return toDisposable(() => clearInterval(handle));
  },
};

/** The same clock, and how many of its timers still wait: a timer that outlives its owner is a leak. */
export function countingClock(clock: Clock): { clock: Clock; pending: () => number } {
  let pending = 0;
  function counted(start: (ended: () => void) => Disposable): Disposable {
    pending++;
    const ending = toDisposable(() => pending--);
    const timer = start(() => ending.dispose());
    return toDisposable(() => {
      ending.dispose();
      timer.dispose();
    });
  }
  return {
    pending: () => pending,
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (milliseconds, run) =>
        counted((ended) =>
          clock.after(milliseconds, () => {
            ended();
            run();
          }),
        ),
      every: (milliseconds, run) => counted(() => clock.every(milliseconds, run)),
    },
  };
}

/** A clock that moves only when told to, for tests. */
export class ManualClock implements Clock {
  #now: number;
  #timers = new Set<{ at: number; every: number | undefined; run: () => void }>();

  constructor(start = 0) {
    this.#now = start;
  }

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): Disposable {
    return this.#schedule(milliseconds, undefined, run);
  }

  every(milliseconds: number, run: () => void): Disposable {
    return this.#schedule(milliseconds, milliseconds, run);
  }

  /** Moves time on, running what falls due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#now = Math.max(this.#now, due.at);
      if (due.every === undefined) this.#timers.delete(due);
      else due.at += due.every;
      due.run();
    }
    this.#now = end;
  }

  #schedule(milliseconds: number, every: number | undefined, run: () => void): Disposable {
    const timer = { at: this.#now + milliseconds, every, run };
    this.#timers.add(timer);
    return toDisposable(() => this.#timers.delete(timer));
  }
}
