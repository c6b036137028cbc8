import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inTurn } from './turns.ts';

let frames: (() => void)[] = [];
beforeEach(() => vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run)));
afterEach(() => {
  vi.unstubAllGlobals();
  frames = [];
});

test('one in a frame, in order, each once however often it asks; what is disposed of is not run', () => {
  const ran: string[] = [];
  let again = true;
  const [a, b, c] = ['a', 'b', 'c'].map((name) => () => {
    ran.push(name);
    if (name === 'a' && again) inTurn(a as () => void);
    again = false;
  }) as [() => void, () => void, () => void];
  inTurn(a);
  const gone = inTurn(b);
  inTurn(c);
  inTurn(a);
  gone.dispose();
  const perFrame: string[] = [];
  while (frames.length > 0) {
    frames.shift()?.();
    perFrame.push(ran.splice(0).join(''));
  }
  expect(perFrame).toEqual(['a', 'c', 'a']);
});
