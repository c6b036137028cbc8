import { expect, it } from 'vitest';
import { Points, steadyGrowth } from './growth.ts';
import { initialHysteresis, takeLook } from './hysteresis.ts';

const RULE = { spanMs: 60_000, growth: 50, share: 0.3 };

/** Looks every ten seconds at a number that changes with time (s). */
function looks(value: (second: number) => number, seconds = 120): Points {
  const points = new Points();
  for (let second = 0; second <= seconds; second += 10) points.add(second * 1000, value(second), 90_000);
  return points;
}

it('steady growth is told with its rate', () => {
  expect(
    steadyGrowth(
      looks((s) => 100 + s * 2),
      RULE,
    ),
  ).toMatchObject({ perSecond: 2 });
});

it.each([
  ['a start that levels off', (s: number) => 100 + Math.min(s, 80) * 10],
  ['a single jump', (s: number) => (s < 90 ? 100 : 400)],
  ['a sawtooth', (s: number) => 100 + (s % 40) * 5],
  ['noise', (s: number) => 500 + 60 * Math.sin(s)],
  ['growth by a little of much', (s: number) => 10_000 + s * 2],
  ['nothing', () => 100],
])('%s is none', (_, value) => {
  expect(steadyGrowth(looks(value), RULE)).toBeUndefined();
});

it('less than the span is none', () => {
  expect(
    steadyGrowth(
      looks((s) => 100 + s * 10, 50),
      RULE,
    ),
  ).toBeUndefined();
});

it('keeps no more than the window, and never more than a bound', () => {
  const points = new Points();
  for (let n = 0; n < 10_000; n++) points.add(n * 10, n, 1e9);
  expect(points.length).toBeLessThanOrEqual(240);
  expect(points.length).toBeGreaterThan(110);
  expect(points.at(-1)).toEqual({ at: 99_990, value: 9999 });
  expect(looks((s) => s, 1000).length).toBeLessThan(13);
});

it('what trembles around a limit opens once and closes once', () => {
  const state = initialHysteresis();
  const rule = { openMs: 3000, closeMs: 3000 };
  const told: string[] = [];
  const play = [...'hhhhhbhbhbhbccbhcccccbbccc'];
  for (const [n, c] of play.entries()) {
    const look = c === 'h' ? 'holds' : c === 'b' ? 'between' : 'clear';
    const change = takeLook(state, look, n * 1000, rule);
    if (change) told.push(change);
  }
  expect(told).toEqual(['opened', 'closed']);
});
