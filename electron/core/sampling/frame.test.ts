import { expect, test } from 'vitest';
import { type Frame, FrameParser } from './frame.ts';

function parser() {
  const frames: Frame[] = [];
  const made = new FrameParser('token-1234', {
    need() {},
    none() {},
    hello() {},
    frame: (frame) => frames.push(frame),
  });
  return { made, frames };
}

/** Numerical Recipes' generator: the same bytes at every run. */
function randomBytes(seed: number, length: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
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
