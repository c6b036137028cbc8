import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import headless from '@xterm/headless';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';
import { castEventLine, castHeaderLine } from '../sessions/asciicast.ts';
import { openScrollbackReader, type ScrollbackReader } from './scrollbackReader.ts';

let folder: string;
let file: string;
let reader: ScrollbackReader | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-scrollback-'));
  file = join(folder, 'pane.cast');
});
afterEach(() => {
  reader?.dispose();
  reader = undefined;
  rmSync(folder, { recursive: true });
});

const START = 1_700_000_000_000;

function cast(columns: number, rows: number, events: readonly (string | [number, string])[]): void {
  writeFileSync(file, castHeaderLine({ columns, rows, startedAt: START }));
  add(events);
}

/** Output, a second apart; `[ms, …]` at a time; `r:COLUMNSxROWS` a new size. */
function add(events: readonly (string | [number, string])[]): void {
  for (const [n, event] of events.entries()) {
    const [ms, text] = typeof event === 'string' ? [n * 1000, event] : event;
    appendFileSync(
      file,
      text.startsWith('r:') ? castEventLine(ms, 'r', text.slice(2)) : castEventLine(ms, 'o', text),
    );
  }
}

function rowsOf(of = reader): ScrollbackLine[] {
  return of ? [...of.lines.slice(of.lines.first, of.lines.end), ...of.screen()] : [];
}

async function read(): Promise<string[]> {
  reader ??= await openScrollbackReader(file);
  await reader.readOn();
  return rowsOf().map((line) => line.text);
}

describe('the rows of a recording', () => {
  test('are those that were printed, also far beyond what the terminal holds', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n} ${'x'.repeat(n % 60)}`);
    cast(80, 24, [lines.join('\r\n')]);
    expect(await read()).toEqual(lines);
  });

  test('are read on from where the last reading ended, a half-written line included', async () => {
    cast(80, 5, ['one\r\ntwo\r\n']);
    expect(await read()).toEqual(['one', 'two', '']);
    appendFileSync(file, '[2.0,"o","thr');
    expect(await read()).toEqual(['one', 'two', '']);
    appendFileSync(file, 'ee\\r\\nfour"]\n');
    add(Array.from({ length: 10 }, (_, n) => `\r\nmore ${n}`));
    expect(await read()).toEqual([
      'one',
      'two',
      'three',
      'four',
      ...Array.from({ length: 10 }, (_, n) => `more ${n}`),
    ]);
  });

  test('are a line without a gap where the width broke coloured text', async () => {
    const whole = async (text: string) => {
      cast(10, 5, [`${text}\r\n`, 'next\r\n'.repeat(8)]);
      reader?.dispose();
      reader = undefined;
      await read();
      return rowsOf()
        .slice(0, 2)
        .map((line) => line.text)
        .join('');
    };
    // A character of two cells that has no room at the end of a row leaves its last cell empty.
    expect(await whole('012345678漢字')).toBe('012345678漢字');
    expect(await whole('\x1b[31m012345678漢字\x1b[0m')).toBe('012345678漢字');
    expect(await whole('\x1b[41m012345678漢字\x1b[0m')).toBe('012345678漢字');
    // A space that was printed at the end of a row is not the space behind a text.
    expect(await whole('012345678 abc')).toBe('012345678 abc');
    expect(await whole('\x1b[31m01234\x1b[0m5678 abc')).toBe('012345678 abc');
  });

  test('say when each was begun, not when it left the screen', async () => {
    cast(80, 3, [
      [1_000, 'first\r\n'],
      [61_000, 'second\r\n'],
      [3_600_000, 'third\r\nfourth\r\nfifth\r\nsixth'],
    ]);
    await read();
    const times = rowsOf().map((line) => line.at - START);
    // The row after a line feed is begun with it: the prompt that will stand there comes at once.
    expect(times).toEqual([1_000, 1_000, 61_000, 3_600_000, 3_600_000, 3_600_000]);
  });

  test('stay when the screen is cleared, its scrollback erased, or the terminal reset', async () => {
    cast(80, 4, ['a\r\nb\r\n', '\x1b[H\x1b[2J\x1b[3J', 'c\r\nd', '\x1bc', 'e\r\n', '\x1b[H\x1b[J', 'f']);
    const rows = (await read()).filter(Boolean);
    expect(rows).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('leave a full-screen program out when it has ended, and show its screen while it runs', async () => {
    cast(20, 3, ['before\r\n$ vim\r\n', '\x1b[?1049h\x1b[2J\x1b[Hinside']);
    expect((await read()).filter(Boolean)).toEqual(['before', '$ vim', 'inside']);
    add(['\x1b[?1049l', 'after']);
    expect(await read()).toEqual(['before', '$ vim', 'after']);
  });

  test('know which were broken by the width, and their colours', async () => {
    cast(10, 4, ['0123456789abc\r\n', '\x1b[1;31mred\x1b[0m \x1b[48;2;1;2;3mx\x1b[0m\r\n']);
    await read();
    const rows = rowsOf();
    expect(rows.slice(0, 3)).toMatchObject([
      { text: '0123456789' },
      { text: 'abc', wrapped: true },
      { text: 'red x', runs: [3, 1, -1, 1, 1, -1, -1, 0, 1, -1, 0x1010203, 0] },
    ]);
  });

  test('survive a change of size', async () => {
    const lines = Array.from({ length: 60 }, (_, n) => `row ${n}`);
    cast(80, 10, [
      lines.slice(0, 30).join('\r\n'),
      'r:40x20',
      `\r\n${lines.slice(30).join('\r\n')}`,
      'r:100x5',
      '\r\nend',
    ]);
    expect(await read()).toEqual([...lines, 'end']);
  });

  test('of a large recording are its newest, and it says that some are cut', async () => {
    const lines = Array.from({ length: 5_000 }, (_, n) => `line ${n}`);
    cast(
      80,
      24,
      lines.map((line) => `${line}\r\n`),
    );
    reader = await openScrollbackReader(file, { columns: 80, rows: 24 }, 64 * 1024);
    const rows = (await read()).filter(Boolean);
    expect(reader.cut).toBe(true);
    expect(rows.at(-1)).toBe('line 4999');
    expect(rows.length).toBeGreaterThan(500);
    expect(rows).toEqual(lines.slice(-rows.length));
  });

  test('are at most so many, and keep their numbers', async () => {
    cast(80, 24, [Array.from({ length: 40_000 }, (_, n) => `line ${n}`).join('\r\n')]);
    reader = await openScrollbackReader(file, undefined, undefined, 1_000);
    await reader.readOn();
    const { first, end } = reader.lines;
    expect(end - first).toBeLessThanOrEqual(2_100);
    expect(reader.cut).toBe(true);
    expect(reader.lines.slice(first, first + 1)[0]?.text).toBe(`line ${first}`);
  });

  test('whatever is printed, in whatever pieces, as a terminal that forgets nothing has them', async () => {
    const chunk = fc.oneof(
      fc.string({ maxLength: 30 }).map((text) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, '')),
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\t',
        '\x1b[31m',
        '\x1b[0m',
        '\x1b[5A',
        '\x1b[3C',
        '\x1b[K',
        '\b',
        '漢字',
        '\x1b',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 300 }), async (chunks) => {
        cast(30, 6, chunks);
        const own = await openScrollbackReader(file);
        const oracle = new headless.Terminal({
          cols: 30,
          rows: 6,
          scrollback: 100_000,
          allowProposedApi: true,
        });
        try {
          await own.readOn();
          await new Promise<void>((resolve) => oracle.write(chunks.join(''), resolve));
          const { normal } = oracle.buffer;
          const expected = Array.from(
            { length: normal.length },
            (_, n) => normal.getLine(n)?.translateToString(true) ?? '',
          );
          const rows = rowsOf(own).map((line) => line.text.trimEnd());
          expect(rows).toEqual(expected.slice(0, rows.length).map((line) => line.trimEnd()));
          expect(expected.slice(rows.length).join('').trim()).toBe('');
        } finally {
          own.dispose();
          oracle.dispose();
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});
