import { expect, test } from 'vitest';
import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';
import { createLineStore } from './lineStore.ts';

const line = (n: number): ScrollbackLine => ({
  text: n % 7 === 0 ? '' : `row ${n} 漢`,
  at: n * 1000.5,
  ...(n % 3 === 0 ? { wrapped: true } : {}),
  ...(n % 5 === 0 ? { runs: [3, 1, -1, 0] } : {}),
});

test('rows come back as they were given, over the borders of blocks', () => {
  const store = createLineStore(10_000);
  for (let n = 0; n < 2_000; n++) store.push(line(n));
  expect([store.first, store.end]).toEqual([0, 2_000]);
  for (const [from, to] of [
    [0, 3],
    [500, 1_030],
    [1_530, 1_999],
    [1_999, 5_000],
  ] as const)
    expect(store.slice(from, to)).toEqual(
      Array.from({ length: Math.min(to, 2_000) - from }, (_, n) => line(from + n)),
    );
  expect(store.slice(2_000, 2_010)).toEqual([]);
});

test('the oldest are forgotten, and the others keep their numbers', () => {
  const store = createLineStore(1_000);
  for (let n = 0; n < 5_000; n++) store.push(line(n));
  expect(store.end).toBe(5_000);
  expect(store.end - store.first).toBeGreaterThanOrEqual(1_000);
  expect(store.end - store.first).toBeLessThan(1_000 + 2 * 512);
  expect(store.slice(store.first, store.first + 1)).toEqual([line(store.first)]);
  expect(store.slice(0, store.first + 1)).toEqual([line(store.first)]);
});
