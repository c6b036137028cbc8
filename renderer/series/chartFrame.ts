import { besideTyping } from './echo.ts';

const waiting: { run: () => void; askedAt: number }[] = [];
let asked = false;

/**
 * Runs it in an animation frame, once: for what is drawn by itself every second, charts and sparklines. While an echo is on
 * its way they wait. While a person types, all that waits shares a frame now and then: samples of forty hosts come at forty
 * moments of a second, and as many frames cost the window's thread a third of its time.
 */
export function onChartFrame(run: () => void): void {
  waiting.push({ run, askedAt: performance.now() });
  ask();
}

/** Runs it now; while a person types, with the charts: for what changes the screen by itself, and is no chart. */
export function withChartsWhileTyping(run: () => void): void {
  if (besideTyping.goesOn(performance.now())) onChartFrame(run);
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
  return besideTyping.goesOn(now) ? besideTyping.wait(now, waiting[0]?.askedAt ?? now, frame) : 0;
}
