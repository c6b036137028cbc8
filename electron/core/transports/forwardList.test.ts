import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import { createForwardList } from './forwardList.ts';

const HTTP = { kind: 'local', listen: 'localhost:8080', target: 'web:80' } as const;

it('tells states at once and traffic once a second, and leaves no timer behind when it rests', async () => {
  const clock = new ManualClock();
  const list = createForwardList(clock);
  let told = 0;
  list.onChange(() => told++);
  const entry = list.entry(HTTP);
  entry.set({ kind: 'listening' });
  expect(told).toBe(1);
  const [near, far] = [new PassThrough(), new PassThrough()];
  // Each end gives back what is written to it, so both count the same bytes going round.
  entry.carry(near, far);
  expect([told, clock.pending]).toEqual([1, 1]);
  clock.advance(1_000);
  expect([told, clock.pending, list.forwards[0]?.open]).toEqual([2, 0, 1]);
  list.rest();
  const closed = Promise.all([near, far].map((end) => new Promise((resolve) => end.once('close', resolve))));
  near.destroy();
  await closed;
  expect([clock.pending, list.forwards[0]?.open, list.forwards[0]?.total]).toEqual([0, 0, 1]);
});

it('keeps an entry and its counts through reconnects, and drops what is not asked for any more', () => {
  const list = createForwardList(new ManualClock());
  const first = list.entry(HTTP);
  first.missed('refused');
  const other = list.entry({ kind: 'dynamic', listen: 'localhost:1080' });
  list.retain([first, other]);
  expect(list.entry(HTTP)).toBe(first);
  list.retain([first]);
  expect(list.forwards).toMatchObject([
    { id: 'local localhost:8080 web:80', lastFailure: { reason: 'refused' } },
  ]);
});
