/**
 * A key that a person typed comes first: for so long after it, while its echo is on the way, nothing else is parsed or
 * drawn, and the page's thread is free for it. Beside three floods, of 25 ms from a key to its echo 17 were spent waiting
 * for that thread.
 */
export const ECHO_MS = 60;
/** Whoever types without a pause, or holds a key down, sees everything else go on all the same. */
export const LONGEST_HOLD_MS = 500;
/** So long after a key a person is taken to type on. */
const TYPING_LASTS_MS = 400;
/** What is not typed into is drawn so seldom meanwhile: a key that comes in the middle of a frame waits for its end. */
const BESIDE_TYPING_FRAME_MS = 250;
/**
 * Nor is it drawn later than this after a key: keys come a tenth of a second and more apart, so that the time just after an
 * echo is when the next one is farthest away.
 */
const CALM_MS = 100;
const LOOK_EVERY_MS = 30;

/** The frames of what is not typed into while a person types: charts and floods share them. */
export interface BesideTyping {
  /** A person typed into a terminal. */
  typed(now: number): void;
  /** A person typed not long ago. */
  goesOn(now: number): boolean;
  /**
   * Milliseconds until what was asked for then may be drawn, or it is to be asked again; `frame`: the time of one that is being
   * made, in which all is drawn if something is.
   */
  wait(now: number, askedAt: number, frame?: number): number;
  drawn(now: number, frame: number): void;
}

export function createBesideTyping(): BesideTyping {
  let typedAt = Number.NEGATIVE_INFINITY;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawnIn: number | undefined;
  return {
    typed(now) {
      typedAt = now;
    },
    goesOn: (now) => now - typedAt < TYPING_LASTS_MS,
    wait(now, askedAt, frame) {
      const held = now - askedAt < LONGEST_HOLD_MS;
      const echo = held ? Math.max(0, typedAt + ECHO_MS - now) : 0;
      if (frame !== undefined && frame === drawnIn) return echo;
      const due = Math.max(echo, drawnAt + BESIDE_TYPING_FRAME_MS - now);
      const late = held && frame === undefined && now > typedAt + CALM_MS;
      return due <= 0 && late ? LOOK_EVERY_MS : Math.max(0, due);
    },
    drawn(now, frame) {
      drawnAt = now;
      drawnIn = frame;
    },
  };
}

/** Of this window, by performance.now(). */
export const besideTyping = createBesideTyping();
