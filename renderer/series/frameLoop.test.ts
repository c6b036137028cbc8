import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { frameLoop } from './frameLoop.ts';

let frames: (() => void)[] = [];
let time = 0;

class Observer {
  readonly #tell: (entries: object[]) => void;
  constructor(tell: (entries: object[]) => void) {
    this.#tell = tell;
  }
  observe(target: unknown): void {
    this.#tell([{ target, isIntersecting: true, contentRect: { width: 10, height: 10 } }]);
  }
  unobserve(): void {}
  disconnect(): void {}
}

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
  vi.stubGlobal('cancelAnimationFrame', () => {});
  vi.stubGlobal('IntersectionObserver', Observer);
  vi.stubGlobal('ResizeObserver', Observer);
  vi.stubGlobal(
    'MutationObserver',
    class extends Observer {
      override observe(): void {}
    },
  );
  vi.stubGlobal('document', { documentElement: {} });
  vi.stubGlobal('window', { devicePixelRatio: 1 });
  vi.spyOn(performance, 'now').mockImplementation(() => time);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  frames = [];
});

test('where a frame is too short for all, those that waited come first in the next, though all are dirty again', () => {
  const context = { setTransform() {}, clearRect() {} };
  const drawn: string[] = [];
  const drawings = ['a', 'b', 'c', 'd'].map((name) =>
    frameLoop.add(
      {
        width: 10,
        height: 10,
        getContext: () => context,
      } as unknown as HTMLCanvasElement,
      () => {
        drawn.push(name);
        time += 4;
      },
    ),
  );
  const perFrame: string[] = [];
  for (let n = 0; n < 4; n++) {
    for (const one of drawings) one.invalidate();
    for (const run of frames.splice(0)) run();
    perFrame.push(drawn.splice(0).join(''));
  }
  for (const one of drawings) one.dispose();
  expect(perFrame).toEqual(['ab', 'cd', 'ab', 'cd']);
});
