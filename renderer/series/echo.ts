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
export const BESIDE_TYPING_FRAME_MS = 250;
