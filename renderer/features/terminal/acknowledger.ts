/** Bytes parsed before an acknowledgement is sent: a frame for each would cost as much as the bytes. */
const BATCH_BYTES = 196_608;

/**
 * Sums what the terminal has parsed and tells it in few frames: at 192 KiB, or when nothing is left to parse, so that
 * the core never waits for a rest. No animation frame and no timer, both of which stand still or crawl in a hidden page.
 */
export interface Acknowledger {
  /** Bytes were handed to the terminal. */
  written(bytes: number): void;
  /** It has parsed them. */
  parsed(bytes: number): void;
}

export function createAcknowledger(send: (count: number) => void): Acknowledger {
  let inTerminal = 0;
  let sum = 0;
  return {
    written(bytes) {
      inTerminal += bytes;
    },
    parsed(bytes) {
      inTerminal -= bytes;
      sum += bytes;
      if (sum < BATCH_BYTES && inTerminal > 0) return;
      const count = sum;
      sum = 0;
      send(count);
    },
  };
}
