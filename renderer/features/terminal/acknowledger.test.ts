import { expect, test } from 'vitest';
import { createAcknowledger } from './acknowledger.ts';

test('a flood is acknowledged in few frames, and what nothing follows at once', () => {
  const sent: number[] = [];
  const acknowledger = createAcknowledger((count) => sent.push(count));
  for (let n = 0; n < 8; n++) acknowledger.written(100_000);
  for (let n = 0; n < 8; n++) acknowledger.parsed(100_000);
  expect(sent).toEqual([200_000, 200_000, 200_000, 200_000]);
  acknowledger.written(5);
  acknowledger.parsed(5);
  expect(sent.at(-1)).toBe(5);
});

test('every byte is acknowledged once', () => {
  let total = 0;
  const acknowledger = createAcknowledger((count) => {
    total += count;
  });
  let written = 0;
  let parsed = 0;
  for (let n = 1; n < 2000; n++) {
    acknowledger.written(n);
    written += n;
    if (n % 3 === 0) {
      for (const m of [n - 2, n - 1, n]) {
        acknowledger.parsed(m);
        parsed += m;
      }
    }
  }
  acknowledger.parsed(written - parsed);
  expect(total).toBe(written);
});
