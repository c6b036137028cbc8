import { expect, test } from 'vitest';
import { type Clock, ManualClock, systemClock } from '../../../shared/base/clock.ts';
import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';
import { type SearchQuery, searchLines } from './searchLines.ts';

const rows = (...texts: string[]): ScrollbackLine[] =>
  texts.map((text, at) => (text.startsWith('→') ? { text: text.slice(1), at, wrapped: true } : { text, at }));
const search = (
  lines: ScrollbackLine[],
  first: number,
  query: SearchQuery,
  clock: Clock = systemClock,
  signal = new AbortController().signal,
) =>
  searchLines(
    { first, end: first + lines.length, slice: (from, to) => lines.slice(from - first, to - first) },
    query,
    clock,
    signal,
  );
const plain = { regex: false, caseSensitive: false, limit: 100 };
const plainly = (text: string): SearchQuery => ({ ...plain, text });
const places = (found: { hits: { line: number; column: number; length: number }[] }) =>
  found.hits.map((hit) => [hit.line, hit.column, hit.length]);

test('plain text is found as it stands, in any case unless told', async () => {
  const lines = rows('Out of memory: Killed', 'nothing', 'a.c and abc, OUT OF memory');
  expect(places(await search(lines, 100, { ...plain, text: 'out of memory' }))).toEqual([
    [100, 0, 13],
    [102, 13, 13],
  ]);
  expect(places(await search(lines, 0, { ...plain, text: 'Out of', caseSensitive: true }))).toEqual([
    [0, 0, 6],
  ]);
  expect(places(await search(lines, 0, { ...plain, text: 'a.c' }))).toEqual([[2, 0, 3]]);
});

test('an expression may be given, and its fault is told', async () => {
  const lines = rows('pid 12', 'pid x', 'pid 345 pid 6');
  expect(places(await search(lines, 0, { ...plain, regex: true, text: 'pid \\d+' }))).toEqual([
    [0, 0, 6],
    [2, 0, 7],
    [2, 8, 5],
  ]);
  expect(places(await search(lines, 0, { ...plain, regex: true, text: 'x?' }))).toEqual([[1, 4, 1]]);
  await expect(search(lines, 0, { ...plain, regex: true, text: '(' })).rejects.toThrow(
    /Unterminated|Invalid/,
  );
});

test('what the width broke is one text', async () => {
  const lines = rows('0123456789', '→abcdefghij', '→klm', 'next');
  expect(places(await search(lines, 0, { ...plain, text: '89abc' }))).toEqual([[0, 8, 5]]);
  expect(places(await search(lines, 0, { ...plain, text: 'jkl' }))).toEqual([[1, 9, 3]]);
  expect(places(await search(lines, 0, { ...plain, text: 'mnext' }))).toEqual([]);
});

test('of too many hits the newest are given, in order, and all are counted', async () => {
  const lines = rows(...Array.from({ length: 12_000 }, (_, n) => `line ${n}`));
  const found = await search(lines, 0, { ...plain, text: 'line', limit: 3 });
  expect(places(found).map(([line]) => line)).toEqual([11_997, 11_998, 11_999]);
  expect(found.total).toBe(10_000);
});

const ENDLESS = { ...plain, regex: true, text: '(a+)+$' };

test('an expression that would never end holds nothing else up, and is stopped', async () => {
  const clock = new ManualClock();
  const searching = search(rows(`${'a'.repeat(60)}!`), 0, ENDLESS, clock);
  const stopped = expect(searching).rejects.toThrow('the search was stopped after 5 s');
  // The loop turns while the expression backtracks.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(clock.pending).toBe(1);
  clock.advance(5_000);
  await stopped;
  expect(clock.pending).toBe(0);
});

test('a search ends with the workspace', async () => {
  const closing = new AbortController();
  const searching = search(rows(`${'a'.repeat(60)}!`), 0, ENDLESS, systemClock, closing.signal);
  closing.abort(new Error('the workspace was closed'));
  await expect(searching).rejects.toThrow('the workspace was closed');
  await expect(search(rows('a'), 0, plainly('a'), systemClock, closing.signal)).rejects.toThrow('closed');
});

test('one line of very many rows is searched, and its hits stand in their rows', async () => {
  let slices = 0;
  const lines: ScrollbackLine[] = Array.from({ length: 30_000 }, (_, at) => ({
    text: at % 10_000 === 7 ? 'the needle' : '0123456789',
    at,
    ...(at > 0 && { wrapped: true }),
  }));
  const counted = {
    first: 0,
    end: lines.length,
    slice(from: number, to: number) {
      slices++;
      return lines.slice(from, to);
    },
  };
  const found = await searchLines(counted, plainly('needle'), systemClock, new AbortController().signal);
  expect(places(found)).toEqual([
    [7, 4, 6],
    [10_007, 4, 6],
    [20_007, 4, 6],
  ]);
  // Each costs the rows of a whole block: going back row by row held everything up for seconds.
  expect(slices).toBeLessThan(20);
});
