import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { castEventLine, castHeaderLine } from './asciicast.ts';
import { mendCasts } from './mendCasts.ts';

const HEAD = castHeaderLine({ columns: 80, rows: 24, startedAt: 0 });
const TEXT = 'one "two"\\ \u001b[31m漢🔥\r\n';
const LINES = HEAD + castEventLine(1, 'o', 'before') + castEventLine(2, 'o', TEXT);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-casts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function mended(bytes: Uint8Array | string): string {
  const file = join(folder, 'a.cast');
  writeFileSync(file, bytes);
  const said: string[] = [];
  mendCasts(folder, (line) => said.push(line));
  expect(said).toEqual([]);
  return readFileSync(file, 'utf8');
}

it('a recording that was cut anywhere is whole lines again, with every character before the cut', () => {
  const begin = HEAD + castEventLine(1, 'o', 'before');
  const bytes = Buffer.from(begin + castEventLine(2, 'o', TEXT));
  const characters = [...TEXT];
  for (let length = Buffer.byteLength(begin) + 1; length <= bytes.length; length++) {
    const text = mended(bytes.subarray(0, length));
    expect(text.endsWith('\n')).toBe(true);
    const [, , event] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown[]);
    const before = characters
      .map((_, n) => characters.slice(0, n + 1).join(''))
      .findLast((part) => Buffer.byteLength(begin + castEventLine(2, 'o', part)) - 3 <= length);
    expect(event?.[2] ?? '').toBe(before ?? '');
  }
});

it('what is no output is taken out, and what is whole is left alone', () => {
  expect(mended(`${HEAD}[1.5,"r","100x`)).toBe(HEAD);
  expect(mended(`${HEAD}[1.5,"b","/w==`)).toBe(HEAD);
  expect(mended(LINES)).toBe(LINES);
  expect(mended('')).toBe('');
  expect(mended('{"version": 2, "wid')).toBe('');
});

it('still tells when the recording ended', () => {
  const file = join(folder, 'b.cast');
  writeFileSync(file, `${HEAD}[1,"o","cut`);
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  mendCasts(folder, () => {});
  expect(readFileSync(file, 'utf8')).toBe(`${HEAD}[1,"o","cut"]\n`);
  expect(statSync(file).mtimeMs).toBe(1_700_000_000_000);
});

it('is no trouble where there are no recordings', () => {
  const said: string[] = [];
  mendCasts(join(folder, 'none'), (line) => said.push(line));
  expect(said).toHaveLength(1);
});
