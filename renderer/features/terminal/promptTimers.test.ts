import { expect, test } from 'vitest';
import { createPromptTimers } from './promptTimers.ts';

function testWindow() {
  const timers: { run: () => void; delay: number | undefined }[] = [];
  const window = {
    setTimeout(run: () => void, delay?: number) {
      timers.push({ run, delay });
      return timers.length;
    },
  };
  return { window: window as unknown as Window, timers };
}

test('what is due at once comes by a message, however deep it is nested, and in its order', async () => {
  const { window, timers } = testWindow();
  const prompt = createPromptTimers(window);
  const ran: number[] = [];
  await new Promise<void>((resolve) => {
    const next = (n: number) => () => {
      ran.push(n);
      if (n === 20) resolve();
      else window.setTimeout(next(n + 1));
    };
    prompt.within(() => window.setTimeout(next(1)));
  });
  expect(ran).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(timers).toEqual([]);
});

test('a timer with a delay, and everyone else’s, is the window’s own', () => {
  const { window, timers } = testWindow();
  const own = window.setTimeout;
  const prompt = createPromptTimers(window);
  prompt.within(() => window.setTimeout(() => {}, 50));
  expect(timers.map((one) => one.delay)).toEqual([50]);
  expect(window.setTimeout).toBe(own);
  expect(() =>
    prompt.within(() => {
      throw new Error('a parser that fails');
    }),
  ).toThrow();
  expect(window.setTimeout).toBe(own);
});
