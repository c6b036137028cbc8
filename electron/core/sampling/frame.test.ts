import { expect, test } from 'vitest';
import { type Frame, FrameParser } from './frame.ts';
import { SampleAssembly } from './sampleAssembly.ts';

function parser() {
  const frames: Frame[] = [];
  const said: string[] = [];
  const made = new FrameParser('token-1234', {
    need: () => said.push('need'),
    none: () => said.push('none'),
    hello: () => said.push('hello'),
    frame: (frame) => frames.push(frame),
  });
  return { made, frames, said };
}

/** Numerical Recipes' generator: the same bytes at every run. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}

function randomBytes(seed: number, length: number): Uint8Array {
  const next = numbers(seed);
  return Uint8Array.from({ length }, () => next() >>> 16);
}

test('garbage before and after the token never throws, and makes no frame', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const { made, frames } = parser();
    made.push(Buffer.from('Welcome to web1\n'));
    made.push(randomBytes(seed, 3000));
    made.push(Buffer.from('\ntoken-1234 hello perl\n'));
    made.push(randomBytes(seed + 1000, 3000));
    made.push(Buffer.from('\nframe x y z\nend\n'));
    expect(frames).toEqual([]);
  }
});

test('the token in a command line of the host is text', () => {
  const { made, frames, said } = parser();
  const told = (command: string) => `#1 a\n+7 0 5 1 S 1 2 0 3 4 0\tsh\t${command}\n.1 0\n`;
  made.push(Buffer.from('a banner token-1234 hello 1 perl\n'));
  for (const word of ['none', 'need awk', 'hello 1 awk'])
    made.push(Buffer.from(told(`sleep token-1234 ${word}`)));
  expect(said).toEqual(['hello']);
  expect(frames.map((frame) => frame.processes.length)).toEqual([1, 1, 1]);
  made.push(Buffer.from('#2 a\n+8 0 5\ntoken-1234 hello 1 awk\n'));
  expect(said).toEqual(['hello', 'hello']);
});

test('a line without end does not fill the memory, and is counted as a fault', () => {
  const { made } = parser();
  made.push(Buffer.from('token-1234 hello perl\n'));
  const before = made.faults;
  for (let n = 0; n < 64; n++) made.push(Buffer.alloc(64 * 1024, 'x'));
  made.push(Buffer.from('\n'));
  expect(made.faults).toBeGreaterThan(before);
});

test('what the process connector told is read, its counts as of one process in so many', () => {
  const { made, frames } = parser();
  const lines = [
    'token-1234 hello 1 perl',
    '#1 r',
    'Fconnector on',
    'e 4 17',
    'x812 31 31 30 256:29:38.2 11:1:-',
    'x0 2 1 3',
    '-77 9',
    '-78',
    '.1 3',
  ];
  made.push(Buffer.from(`${lines.join('\n')}\n`));
  const [frame] = frames;
  expect(frame?.faults).toBe(0);
  expect(frame?.facts.get('connector')).toBe('on');
  expect(frame?.kernelEvents).toEqual({ oneIn: 4, lost: 17 });
  expect(frame?.children).toEqual([
    {
      parentPid: 812,
      started: 31,
      executed: 31,
      ended: 30,
      endings: [
        { status: 256, count: 29, longestMs: 38.2 },
        { status: 11, count: 1 },
      ],
    },
    { parentPid: 0, started: 2, executed: 1, ended: 3, endings: [] },
  ]);
  expect(frame?.processes).toEqual([
    { line: 'gone', pid: 77, status: 9 },
    { line: 'gone', pid: 78 },
  ]);
});

test('lines of the process connector that are not of the format are faults, and bounded', () => {
  const bad = ['e 0 1', 'e 1', 'e x 1', 'x1 2', 'x1 2 3 4 5', 'x1 2 3 4 1:2', 'x-1 1 1 1', '-7 9 9', '-7 x'];
  const { made, frames } = parser();
  const many = Array.from({ length: 1000 }, (_, n) => `x${n} 1 1 1`);
  made.push(Buffer.from(`token-1234 hello 1 perl\n#1 a\n${[...bad, ...many].join('\n')}\n.1 3\n`));
  expect(frames[0]?.kernelEvents).toBeUndefined();
  expect(frames[0]?.children.length).toBe(64);
  expect(frames[0]?.faults).toBe(bad.length + many.length - 64);
});

/** What a host of one disk and four processes tells, first and a second later. */
const FRAMES = [
  `#1 r
z 1700000000000 1
Fhostname web1
Fboot 5f0c
Fhz 100
Fpage 4096
T 5000.25
L 0.50 0.40 0.30 2/300 4711
ccpu 1000 10 500 90000 100 5 6 7 0 0
ccpu0 500 5 250 45000 50 2 3 4 0 0
ccpu1 500 5 250 45000 50 3 3 3 0 0
sbtime 1699995000
sprocesses 40000
mMemTotal 2000000
mMemAvailable 900000
ieth0 1000 2000 0 0 0 0 10 20
dvda 100 2000 50 1000 300
gm 268435456 1048576 2
gc 50000 100000 900 12
u0 root
+1 0 5 0 S 1 100 50 2000 8000000 0\tinit\t/sbin/init
+700 0 400 1 R 4 9000 0 30000 90000000 0\tapp\t/srv/app --port 80
+701 0 401 700 S 1 5 0 300 900000 0\tworker\tworker
f700 120 1024
y tcp
rtcp in 01 80\t12 0 0 0 0 0 0 700
e 1 0
x700 3 3 3 256:3:12.5
n 3 3 f
o 5000000 9000000
.1 3`,
  `#2 a
z 1700000001000 1
T 5001.25
L 0.60 0.41 0.30 3/301 4712
ccpu 1090 10 520 90050 100 5 6 7 0 0
ccpu0 590 5 260 45000 50 2 3 4 0 0
ccpu1 500 5 260 45050 50 3 3 3 0 0
ieth0 2000 3000 0 0 0 0 12 22
=700 1 1 R 4 9085 0 31000 90000000
-701 256
n 2 2 a
o 6000000 9000000
.2 2`,
];

test('lines that are lost, doubled, cut, swapped and changed make no figure that could not be one', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = numbers(seed);
    const below = (n: number) => random() % n;
    const lines = [1, 2, 3].flatMap((round) =>
      FRAMES.join('\n')
        .replace(/^([#.])(\d)/gm, (_, mark, seq) => `${mark}${Number(seq) + round * 2}`)
        .split('\n'),
    );
    for (let change = below(20) + 1; change > 0; change--) {
      const at = below(lines.length);
      const line = lines[at] ?? '';
      const other = below(lines.length);
      switch (below(6)) {
        case 0:
          lines.splice(at, 1);
          break;
        case 1:
          lines.splice(other, 0, line);
          break;
        case 2:
          lines[at] = line.slice(0, below(line.length + 1));
          break;
        case 3:
          [lines[at], lines[other]] = [lines[other] ?? '', line];
          break;
        case 4:
          lines[at] = line.replace(/\d+/g, (digits) =>
            below(3) === 0
              ? (['0', '-1', '18446744073709551615', '4294967295', '1e9'][below(5)] ?? '')
              : digits,
          );
          break;
        case 5:
          lines[at] = line.replace(/./g, (one) => (below(8) === 0 ? String.fromCharCode(below(256)) : one));
      }
    }
    const assembly = new SampleAssembly();
    const { made, frames } = parser();
    made.push(Buffer.from('token-1234 hello 1 perl\n'));
    made.push(Buffer.from(`${lines.join('\n')}\n`));
    for (const [index, frame] of frames.entries()) {
      const at = 1_700_000_000_000 + index * 1000;
      const { sample } = assembly.take(frame, { at, sentAt: at - 5, roundTripMs: 5, implementation: 'perl' });
      if (sample) expect(impossible(sample), `seed ${seed}`).toEqual([]);
    }
  }
});

/** Where a figure is negative, infinite or none. */
function impossible(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? [] : [`${path} ${value}`];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => impossible(inner, `${path}.${key}`));
}
