import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { castEventLine, castHeaderLine, castOutputLines, readNewestBytes } from './asciicast.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-cast-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function castOf(events: readonly (Uint8Array | 'resize')[]): string {
  const file = join(folder, `${Math.random()}.cast`);
  const lines = events.map((event, at) =>
    event === 'resize'
      ? castEventLine(at, 'r', '80x24')
      : Buffer.from(castOutputLines(at, Buffer.from(event))),
  );
  writeFileSync(file, castHeaderLine({ columns: 80, rows: 24, startedAt: 0 }) + lines.map(String).join(''));
  return file;
}

it('the newest bytes are the end of all bytes, whatever they are', async () => {
  const event = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 400 }),
    fc.string({ minLength: 1, maxLength: 400 }).map((text) => new TextEncoder().encode(`\x1b[31m${text}`)),
    fc.constant('resize' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.nat({ max: 9_000 }), async (events, most) => {
      const all = Buffer.concat(events.filter((one) => one !== 'resize'));
      const newest = await readNewestBytes(castOf(events), most);
      expect(newest.equals(all.subarray(Math.max(0, all.length - most)))).toBe(true);
    }),
    { numRuns: 150 },
  );
});

it('the newest of a long recording are exact wherever its end is cut off, in bytes that are not UTF-8 too', async () => {
  const events = Array.from({ length: 6_000 }, (_, n) =>
    n % 3 === 0
      ? Buffer.from([0xff, n % 256, 0xfe, 0x80])
      : Buffer.from(`line ${n} \x1b[0m${'é'.repeat(n % 40)}\n`),
  );
  const file = castOf(events);
  const all = Buffer.concat(events);
  for (let most = 0; most < 3_000; most += 37) {
    expect((await readNewestBytes(file, most)).equals(all.subarray(all.length - most))).toBe(true);
  }
});

it('a line of output is what JSON makes of its text, byte for byte', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => Buffer.from(bytes.map((byte) => byte & 0x7f)).toString()),
  );
  fc.assert(
    fc.property(text, (data) => {
      // Halves of surrogate pairs are no text that a terminal could receive.
      const whole = Buffer.from(data).toString();
      expect(castOutputLines(1_234.5678, Buffer.from(whole)).toString()).toBe(
        castEventLine(1_234.5678, 'o', whole),
      );
    }),
    { numRuns: 500 },
  );
});
