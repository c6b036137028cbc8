/**
 * Animation frames for what is drawn by itself, once a second: charts, sparklines. A key that a person typed comes
 * first: for so long after it, while its echo is on the way, such frames wait, and leave the page's thread to it.
 */
const ECHO_MS = 60;
/** Who types without a pause, or holds a key down, sees the charts move all the same. */
const LONGEST_WAIT_MS = 500;

let heldUntil = Number.NEGATIVE_INFINITY;

/** A person typed into a terminal. */
export function echoFirst(): void {
  heldUntil = performance.now() + ECHO_MS;
}

/** Runs it in an animation frame, once. */
export function onChartFrame(run: () => void): void {
  const latest = performance.now() + LONGEST_WAIT_MS;
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
