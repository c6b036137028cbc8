import { expect, it } from 'vitest';
import type { Sample } from '../../../shared/model/sample.ts';
import { type Frame, FrameParser } from './frame.ts';
import { SampleAssembly } from './sampleAssembly.ts';

/** Frames of a host with one busy core, a second apart; each with these lines more. */
function assembly(): (mode: 'r' | 'a', lines: string[], cpu?: boolean) => Sample | undefined {
  let frame: Frame | undefined;
  const parser = new FrameParser('token', { need() {}, none() {}, hello() {}, frame: (f) => (frame = f) });
  parser.push(Buffer.from('token hello 1 perl\n'));
  const made = new SampleAssembly();
  let seq = 0;
  return (mode, lines, cpu = true) => {
    seq++;
    const ticks = `${100 * seq} 0 0 0 0 0 0 0`;
    const whole = [
      `#${seq} ${mode}`,
      `z ${1_795_000_000_000 + seq * 1000} 1`,
      ...(mode === 'r' ? ['Fboot b1', 'Fhz 100', 'Fpage 4096'] : []),
      `T ${1000 + seq}.00 0.00`,
      ...(cpu ? [`ccpu ${ticks}`, `ccpu0 ${ticks}`] : []),
      ...lines,
      `n ${lines.length} 1 a`,
      `o ${seq} 1`,
      `.${seq} 1`,
    ];
    parser.push(Buffer.from(`${whole.join('\n')}\n`));
    if (!frame) throw new Error('no frame');
    const at = 1_795_000_000_000 + seq * 1000;
    return made.take(frame, { at, sentAt: at - 2, roundTripMs: 2, implementation: 'perl' }).sample;
  };
}

const IDLE = '+7 0 500 1 S 1 10 0 100 1000000 0\tnode\tnode a.js';
const OTHER = '+8 0 600 1 S 1 10 0 100 1000000 0\truby\truby b.rb';

it('the first sample after all was told anew has all of the table to be looked at', () => {
  const take = assembly();
  expect(take('r', [IDLE, 'f7 990 1024', 'h7 40'])).toBeUndefined();
  const first = take('a', []);
  expect(first?.moved ?? first?.table).toMatchObject([{ pid: 7, openFiles: 990, sharedBytes: 163_840 }]);
  expect(take('a', [])?.moved).toEqual([]);
  expect(take('r', [IDLE, 'f7 1020 1024'])).toBeUndefined();
  const again = take('a', []);
  expect(again?.moved ?? again?.table).toMatchObject([{ pid: 7, openFiles: 1020 }]);
});

it('what came and went in a frame that gives no sample is told with the next', () => {
  const take = assembly();
  take('r', [IDLE]);
  take('a', []);
  expect(take('a', [OTHER, '-7'], false)).toBeUndefined();
  // A rate needs two frames that have it.
  expect(take('a', [])).toBeUndefined();
  expect(take('a', [])?.changes).toMatchObject([
    { change: 'started', pid: 8 },
    { change: 'exited', pid: 7 },
  ]);
  expect(take('a', [])?.changes).toEqual([]);
});

it('who came and went in a frame that was lost is told when all is told anew', () => {
  const take = assembly();
  take('r', [IDLE]);
  take('a', []);
  take('r', [OTHER]);
  expect(take('a', [])?.changes).toMatchObject([
    { change: 'exited', pid: 7 },
    { change: 'started', pid: 8 },
  ]);
});
