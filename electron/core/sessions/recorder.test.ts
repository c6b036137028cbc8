import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Clock, ManualClock, systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { incompleteTail, readTerminalBytes } from './asciicast.ts';
import { createRecorder } from './recorder.ts';

const directory = mkdtempSync(join(tmpdir(), 'fireline-recorder-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let owned = new DisposableStore();
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});

let files = 0;
const newFile = () => join(directory, `${files++}.cast`);
const size = { columns: 80, rows: 24 };
const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A small generator with a seed, so that a failure can be had again (mulberry32). */
function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('a recording', () => {
  it('is asciicast v2: header, output, sizes and markers with seconds since the start, and no command', () => {
    const clock = new ManualClock(1_700_000_000_500);
    const file = newFile();
    const recorder = createRecorder({ file, size, clock });
    recorder.output(Buffer.from('one \x1b[31m"é"\r\n'));
    clock.advance(1_250);
    recorder.resize({ columns: 100, rows: 40 });
    recorder.mark('here');
    recorder.output(Buffer.from('two'));
    recorder.dispose();
    expect(linesOf(file)).toEqual([
      { version: 2, width: 80, height: 24, timestamp: 1_700_000_000, env: { TERM: 'xterm-256color' } },
      [0, 'o', 'one \x1b[31m"é"\r\n'],
      [1.25, 'r', '100x40'],
      [1.25, 'm', 'here'],
      [1.25, 'o', 'two'],
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(clock.pending).toBe(0);
  });

  it('goes on with the calendar when the machine has slept, and never steps back with it', () => {
    const ticks = new ManualClock();
    let calendar = 1_700_000_000_000;
    const clock: Clock = {
      now: () => calendar + ticks.now(),
      monotonic: () => ticks.now(),
      after: (ms, run) => ticks.after(ms, run),
      every: (ms, run) => ticks.every(ms, run),
    };
    const file = newFile();
    const recorder = createRecorder({ file, size, clock });
    const print = (text: string) => recorder.output(Buffer.from(text));
    ticks.advance(1_000);
    print('before');
    calendar += 8 * 3_600_000;
    ticks.advance(1_000);
    print('woken');
    calendar -= 3_600_000;
    ticks.advance(1_000);
    print('set back');
    recorder.dispose();
    expect(linesOf(file).slice(1)).toEqual([
      [1, 'o', 'before'],
      [28_802, 'o', 'woken'],
      [28_803, 'o', 'set back'],
    ]);
  });

  it('keeps characters whole that a chunk cuts', async () => {
    const file = newFile();
    const recorder = owned.add(createRecorder({ file, size, clock: new ManualClock() }));
    const text = Buffer.from('aé漢🔥z');
    for (const byte of text) recorder.output(Uint8Array.of(byte));
    expect(await recorder.read(0, 100)).toEqual({ bytes: text, totalBytes: text.length });
    recorder.dispose();
    expect(
      linesOf(file)
        .slice(1)
        .map((event) => event[2]),
    ).toEqual(['a', 'é', '漢', '🔥', 'z']);
  });

  it('keeps bytes that are not UTF-8 exactly, beside text that players can show', async () => {
    const file = newFile();
    const recorder = createRecorder({ file, size, clock: new ManualClock() });
    const bytes = Buffer.from([0x61, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x00, 0xe2, 0x82]);
    recorder.output(bytes);
    recorder.output(Buffer.from('after'));
    recorder.dispose();
    const codes = linesOf(file)
      .slice(1)
      .map((event) => event[1]);
    expect(codes).toEqual(['b', 'o', 'b', 'o']);
    expect(linesOf(file)[2][2]).toContain('\ufffd');
    expect((await readTerminalBytes(file, 0, 1_000)).bytes).toEqual(
      Buffer.concat([bytes, Buffer.from('after')]),
    );
  });

  it('writes the beginning of a character after a second, as bytes, when the rest does not come', async () => {
    const clock = new ManualClock();
    const recorder = owned.add(createRecorder({ file: newFile(), size, clock }));
    recorder.output(Buffer.from([0x61, 0xe2]));
    clock.advance(2_000);
    await recorder.flush();
    expect((await readTerminalBytes(recorder.file, 0, 10)).bytes).toEqual(Buffer.from([0x61, 0xe2]));
  });

  it('gives back any range of random bytes, cut anywhere, while it is written and afterwards', async () => {
    const random = randomOf(7);
    const recorder = createRecorder({ file: newFile(), size, clock: systemClock });
    const parts: Buffer[] = [];
    for (let i = 0; i < 400; i++) {
      const part = Buffer.alloc(Math.floor(random() * 9_000));
      const text = random() < 0.5;
      for (let at = 0; at < part.length; at++) part[at] = Math.floor(random() * (text ? 128 : 256));
      if (random() < 0.3) part.write('漢字🔥', 0);
      parts.push(part);
      recorder.output(part);
    }
    const all = Buffer.concat(parts);
    expect(recorder.totalBytes).toBe(all.length);
    for (let i = 0; i < 40; i++) {
      const from = Math.floor(random() * all.length);
      const count = Math.floor(random() * 50_000);
      const { bytes } = await recorder.read(from, count);
      expect(sha(bytes)).toBe(sha(all.subarray(from, from + count)));
    }
    recorder.dispose();
    const { bytes, totalBytes } = await readTerminalBytes(recorder.file, 0, Number.MAX_SAFE_INTEGER);
    expect(totalBytes).toBe(all.length);
    expect(sha(bytes)).toBe(sha(all));
  });

  it('is on disk within the second, without anyone asking', async () => {
    const clock = new ManualClock();
    const recorder = owned.add(createRecorder({ file: newFile(), size, clock }));
    recorder.output(Buffer.from('evidence'));
    const written = new Promise<void>((resolve) => {
      recorder.onWritten(() => {
        if (recorder.backlogBytes === 0) resolve();
      });
    });
    clock.advance(1_000);
    await written;
    expect((await readTerminalBytes(recorder.file, 0, 100)).bytes.toString()).toBe('evidence');
  });

  it('is read up to a last line that a crash cut, and past lines that are none', async () => {
    const file = newFile();
    const recorder = createRecorder({ file, size, clock: new ManualClock() });
    recorder.output(Buffer.from('first'));
    recorder.output(Buffer.from('second'));
    recorder.dispose();
    truncateSync(file, statSync(file).size - 6);
    expect((await readTerminalBytes(file, 0, 100)).bytes.toString()).toBe('first');
    appendFileSync(file, '\nnull\n[1,"o",7]\n[1,"x","y"]\n[1, "o", "third"]\n');
    expect((await readTerminalBytes(file, 0, 100)).bytes.toString()).toBe('firstthird');
  });

  it('holds the newest while the disk is full, writes it when there is room, and says what is missing', async () => {
    const clock = new ManualClock();
    const file = newFile();
    mkdirSync(dirname(file), { recursive: true });
    let full = true;
    const recorder = owned.add(
      createRecorder({
        file,
        size,
        clock,
        open: () => {
          if (full) throw new Error('ENOSPC: no space left on device');
          return openSync(file, 'wx');
        },
      }),
    );
    const told: unknown[] = [];
    recorder.onFailed((reason) => told.push(reason));
    recorder.onResumed((what) => told.push(what));
    await Promise.resolve();
    const text = (letter: string) => Buffer.from(letter.repeat(64 * 1024));
    recorder.output(text('a'));
    expect(recorder.recording).toBe(false);
    expect(recorder.backlogBytes).toBe(0);
    expect((await recorder.read(0, 10)).bytes.toString()).toBe('aaaaaaaaaa');
    for (let i = 0; i < 100; i++) recorder.output(text('b'));
    const held = recorder.totalBytes;
    expect(held).toBeLessThan(101 * 65_536);
    clock.advance(6_000);
    full = false;
    clock.advance(2_000);
    recorder.output(Buffer.from('after'));
    await recorder.flush();
    expect(recorder.recording).toBe(true);
    expect(told).toEqual([expect.stringContaining('ENOSPC'), { missingBytes: 101 * 65_536 - held }]);
    const { bytes } = await recorder.read(0, 1e8);
    expect(bytes.length).toBe(held + 5);
    expect(bytes.subarray(-5).toString()).toBe('after');
    expect(readFileSync(file, 'utf8')).toContain(`${101 * 65_536 - held} bytes of output are not on record`);
  });

  it('tells once that the disk is full, and takes no harm', async () => {
    const recorder = owned.add(
      createRecorder({ file: '/dev/full', size, clock: systemClock, open: () => openSync('/dev/full', 'w') }),
    );
    const failures: string[] = [];
    recorder.onFailed((reason) => failures.push(reason));
    recorder.output(Buffer.from('x'));
    await recorder.flush();
    recorder.output(Buffer.from('y'));
    await recorder.flush();
    expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
    expect(recorder.recording).toBe(false);
    expect(recorder.backlogBytes).toBe(0);
  });

  it('never writes over a file that is there', async () => {
    const file = newFile();
    writeFileSync(file, 'precious');
    const recorder = owned.add(createRecorder({ file, size, clock: systemClock }));
    const reason = await new Promise<string>((resolve) => recorder.onFailed(resolve));
    expect(reason).toContain('EEXIST');
    recorder.output(Buffer.from('x'));
    recorder.dispose();
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });
});

describe('incompleteTail', () => {
  it('finds the beginning of a character at the end, and nothing else', () => {
    const cases: [number[], number][] = [
      [[], 0],
      [[0x61], 0],
      [[0xc3], 1],
      [[0xc3, 0xa9], 0],
      [[0xe2, 0x82], 2],
      [[0xf0, 0x9f, 0x94], 3],
      [[0xf0, 0x9f, 0x94, 0xa5], 0],
      [[0x80, 0x80, 0x80], 0],
      [[0xff], 0],
      [[0xc0], 0],
      [[0xf5, 0x80], 0],
    ];
    for (const [bytes, tail] of cases) expect(incompleteTail(Uint8Array.from(bytes))).toBe(tail);
  });
});
