import { ECHO_MS, LONGEST_HOLD_MS } from './echo.ts';

let heldUntil = Number.NEGATIVE_INFINITY;

/** A person typed into a terminal. */
export function echoFirst(): void {
  heldUntil = performance.now() + ECHO_MS;
}

/**
 * Runs it in an animation frame, once: for what is drawn by itself every second, charts and sparklines. While an echo is on
 * its way they wait.
 */
export function onChartFrame(run: () => void): void {
  const latest = performance.now() + LONGEST_HOLD_MS;
  const held = () => {
    const now = performance.now();
    return now < latest ? heldUntil - now : 0;
  };
  const ask = () => {
    const wait = held();
    if (wait > 0) setTimeout(ask, wait);
    else requestAnimationFrame(() => (held() > 0 ? ask() : run()));
  };
  ask();
}
