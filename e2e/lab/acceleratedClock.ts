import { type Clock, systemClock } from '../../shared/base/clock.ts';

/** Real time, `factor` times as fast: what takes an hour by this clock takes 36 s at a hundred. */
export function acceleratedClock(factor: number): Clock {
  const startedAt = systemClock.now();
  const origin = systemClock.monotonic();
  const passed = () => (systemClock.monotonic() - origin) * factor;
  return {
    now: () => startedAt + passed(),
    monotonic: passed,
    after: (milliseconds, run) => systemClock.after(milliseconds / factor, run),
    every: (milliseconds, run) => systemClock.every(milliseconds / factor, run),
  };
}
