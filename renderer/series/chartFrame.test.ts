import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const FRAME_MS = 16;

let echoFirst: () => void;
let onChartFrame: (run: () => void) => void;

beforeEach(async () => {
  vi.resetModules();
  ({ onChartFrame } = await import('./chartFrame.ts'));
  const { besideTyping } = await import('./echo.ts');
  echoFirst = () => besideTyping.typed(performance.now());
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, FRAME_MS));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a frame for a chart is the next one, unless an echo is awaited', () => {
  const run = vi.fn();
  onChartFrame(run);
  vi.advanceTimersByTime(FRAME_MS);
  expect(run).toHaveBeenCalledTimes(1);
  echoFirst();
  onChartFrame(run);
  // A frame was a moment ago, and the next key may be near: it can wait until nobody types.
  vi.advanceTimersByTime(399);
  expect(run).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(60 + FRAME_MS);
  expect(run).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(400);
  onChartFrame(run);
  vi.advanceTimersByTime(FRAME_MS);
  expect(run).toHaveBeenCalledTimes(3);
});

test('while a person types, what is asked for at many moments is drawn in one frame', () => {
  const request = vi.fn((run: () => void) => setTimeout(run, FRAME_MS));
  vi.stubGlobal('requestAnimationFrame', request);
  const run = vi.fn();
  for (let n = 0; n < 50; n++) {
    if (n % 8 === 0) echoFirst();
    onChartFrame(run);
    vi.advanceTimersByTime(20);
  }
  vi.advanceTimersByTime(400);
  expect(run).toHaveBeenCalledTimes(50);
  expect(request.mock.calls.length).toBeLessThan(7);
});

test('while a person types, frames are made just after an echo, when the next key is far', () => {
  const sinceKey: number[] = [];
  let typedAt = 0;
  for (let n = 0; n < 400; n++) {
    if (n % 16 === 0) {
      echoFirst();
      typedAt = performance.now();
    }
    onChartFrame(() => sinceKey.push(performance.now() - typedAt));
    vi.advanceTimersByTime(10);
  }
  expect(new Set(sinceKey.map((ms) => ms >= 60 && ms <= 100 + FRAME_MS))).toEqual(new Set([true]));
  expect(sinceKey.length).toBeGreaterThan(300);
});

test('one that fails takes no other with it', () => {
  const report = vi.fn();
  vi.stubGlobal('reportError', report);
  const run = vi.fn();
  const failure = new Error('no context');
  onChartFrame(() => {
    throw failure;
  });
  onChartFrame(run);
  vi.advanceTimersByTime(FRAME_MS);
  expect(run).toHaveBeenCalledTimes(1);
  expect(report).toHaveBeenCalledWith(failure);
});

test('a key that comes before the frame that was asked for comes first too', () => {
  const run = vi.fn();
  onChartFrame(run);
  echoFirst();
  vi.advanceTimersByTime(59);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1 + FRAME_MS);
  expect(run).toHaveBeenCalledTimes(1);
});

test('who types without a pause sees the charts move all the same', () => {
  const run = vi.fn();
  onChartFrame(run);
  for (let n = 0; n < 25; n++) {
    echoFirst();
    vi.advanceTimersByTime(30);
  }
  expect(run).toHaveBeenCalledTimes(1);
});
