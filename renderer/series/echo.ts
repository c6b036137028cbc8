/**
 * A key that a person typed comes first: for so long after it, while its echo is on the way, nothing else is parsed or
 * drawn, and the page's thread is free for it. Beside three floods, of 25 ms from a key to its echo 17 were spent waiting
 * for that thread.
 */
export const ECHO_MS = 60;
/** Whoever types without a pause, or holds a key down, sees everything else go on all the same. */
export const LONGEST_HOLD_MS = 500;
/** So long after a key a person is taken to type on. */
export const TYPING_LASTS_MS = 400;
/** What is not typed into is drawn so seldom meanwhile: a key that comes in the middle of a frame waits for its end. */
const BESIDE_TYPING_FRAME_MS = 250;
/** The frames of what is not typed into while a person types: charts and floods share them. */
export interface BesideTyping {
  /** Milliseconds to wait for the next one; none in a frame, by its time, in which something is drawn already. */
  wait(now: number, frame?: number): number;
  drawn(now: number, frame: number): void;
}

export function createBesideTyping(): BesideTyping {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawnIn: number | undefined;
  return {
    wait: (now, frame) =>
      frame !== undefined && frame === drawnIn ? 0 : Math.max(0, drawnAt + BESIDE_TYPING_FRAME_MS - now),
    drawn(now, frame) {
      drawnAt = now;
      drawnIn = frame;
    },
  };
}

/** Of this window, by performance.now(). */
export const besideTyping = createBesideTyping();
