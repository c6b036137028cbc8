import { expect, it } from 'vitest';
import { ManualClock } from '../../../../shared/base/clock.ts';
import { watchExpiry } from './sessionExpiry.ts';

const MINUTE_MS = 60_000;

it('tells once that the end is near, and that it is not any more once someone types', () => {
  const clock = new ManualClock(1_000);
  const expiry = watchExpiry({ idleMs: 20 * MINUTE_MS, known: true }, clock);
  let told = 0;
  expiry.onNear(() => told++);
  clock.advance(16 * MINUTE_MS);
  expect(expiry.near).toBeUndefined();
  clock.advance(2 * MINUTE_MS);
  expect([told, expiry.near]).toEqual([1, { at: 1_000 + 20 * MINUTE_MS, why: 'idle' }]);
  expiry.noteInput();
  expect([told, expiry.near]).toEqual([2, undefined]);
  expiry.dispose();
});

it('never waits for a time that has passed, should it pass just now', () => {
  const clock = new ManualClock(0);
  const waits: number[] = [];
  const readings = [0, 17 * MINUTE_MS - 1, 17 * MINUTE_MS + 1];
  const expiry = watchExpiry(
    { idleMs: 20 * MINUTE_MS, known: true },
    {
      now: () => readings.shift() ?? 0,
      monotonic: () => 0,
      every: (milliseconds, run) => clock.every(milliseconds, run),
      after(milliseconds, run) {
        waits.push(milliseconds);
        return clock.after(milliseconds, run);
      },
    },
  );
  expect(waits).toEqual([1]);
  expiry.dispose();
});
