import { expect, it } from 'vitest';
import { createAcknowledger } from './acknowledger.ts';

it('sums the callbacks of one run into one acknowledgement', async () => {
  const sent: number[] = [];
  const parsed = createAcknowledger((count) => sent.push(count));
  parsed(100);
  parsed(200);
  expect(sent).toEqual([]);
  await Promise.resolve();
  expect(sent).toEqual([300]);
  parsed(1);
  await Promise.resolve();
  expect(sent).toEqual([300, 1]);
});

it('does not wait beyond 64 KiB, and loses no byte', async () => {
  const sent: number[] = [];
  const parsed = createAcknowledger((count) => sent.push(count));
  for (let i = 0; i < 10; i++) parsed(40_000);
  expect(sent.length).toBeGreaterThanOrEqual(4);
  await Promise.resolve();
  expect(sent.reduce((a, b) => a + b, 0)).toBe(400_000);
  expect(sent.every((count) => count > 0)).toBe(true);
});
