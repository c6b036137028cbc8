import { besideTyping, ECHO_MS, LONGEST_HOLD_MS, TYPING_LASTS_MS } from './echo.ts';

const waiting: { run: () => void; askedAt: number }[] = [];
let asked = false;
let typedAt = Number.NEGATIVE_INFINITY;

/** A person typed into a terminal. */
export function echoFirst(): void {
  typedAt = performance.now();
}

/**
 * Runs it in an animation frame, once: for what is drawn by itself every second, charts and sparklines. While an echo is on
 * its way they wait. While a person types, all that waits shares a frame now and then: samples of forty hosts come at forty
 * moments of a second, and as many frames cost the window's thread a third of its time.
 */
export function onChartFrame(run: () => void): void {
  waiting.push({ run, askedAt: performance.now() });
  ask();
}

/** Runs it now, or when the echo that is on its way has come: for what changes the screen by itself, and is no chart. */
export function afterEcho(run: () => void): void {
  const wait = typedAt + ECHO_MS - performance.now();
  if (wait > 0) setTimeout(run, wait);
  else run();
}

function ask(): void {
  if (asked || waiting.length === 0) return;
  asked = true;
  const wait = stillToWait();
  if (wait <= 0) requestAnimationFrame(frame);
  else
    setTimeout(() => {
      asked = false;
      ask();
    }, wait);
}

function frame(time: number): void {
  asked = false;
  if (stillToWait(time) > 0) {
    ask();
    return;
  }
  besideTyping.drawn(performance.now(), time);
  for (const { run } of waiting.splice(0)) {
    try {
      run();
    } catch (error) {
      reportError(error);
    }
  }
}

/** `frame`: the time of the one that is being made. */
function stillToWait(frame?: number): number {
  const now = performance.now();
  if (now - typedAt >= TYPING_LASTS_MS) return 0;
  const held = now - (waiting[0]?.askedAt ?? now) < LONGEST_HOLD_MS;
  return Math.max(held ? typedAt + ECHO_MS - now : 0, besideTyping.wait(now, frame));
}
