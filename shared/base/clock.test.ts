import { expect, test } from 'vitest';
import { countingClock, ManualClock } from './clock.ts';

test('a manual clock runs what falls due, in order, and nothing that was cancelled', () => {
  const clock = new ManualClock(100);
  const ran: string[] = [];
  clock.after(20, () => ran.push(`later ${clock.now()}`));
  clock.after(10, () => ran.push(`sooner ${clock.now()}`));
  clock.after(15, () => ran.push('cancelled')).dispose();
  const every = clock.every(8, () => ran.push(`every ${clock.now()}`));
  clock.advance(20);
  every.dispose();
  clock.advance(100);
  expect(ran).toEqual(['every 108', 'sooner 110', 'every 116', 'later 120']);
});

test('a counting clock counts timers until they have run or were cancelled', () => {
  const manual = new ManualClock();
  const { clock, pending } = countingClock(manual);
  clock.after(5, () => {});
  const cancelled = clock.after(50, () => {});
  const every = clock.every(10, () => {});
  expect(pending()).toBe(3);
  manual.advance(10);
  expect(pending()).toBe(2);
  cancelled.dispose();
  cancelled.dispose();
  every.dispose();
  expect(pending()).toBe(0);
  expect(manual.pending).toBe(0);
});
