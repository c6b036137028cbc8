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
