import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again every 20 ms until there is an answer. Fails after `withinMs`, naming what was waited for. */
export async function waitUntil<T>(
  what: string,
  withinMs: number,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline)
      throw new Error(`lab: ${what} did not happen within ${withinMs / 1000} s`);
    await sleep(20);
  }
}
