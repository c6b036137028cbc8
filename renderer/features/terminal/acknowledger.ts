/** Bytes parsed before an acknowledgement is sent at once. */
const BATCH_BYTES = 65_536;

/**
 * Sums what the terminal has parsed and tells it in few frames: at 64 KiB, or when the current run of callbacks is
 * over. No animation frame and no timer, both of which stand still or crawl in a hidden page.
 */
export function createAcknowledger(send: (count: number) => void): (parsed: number) => void {
  let sum = 0;
  let queued = false;
  const flush = () => {
    if (sum === 0) return;
    const count = sum;
    sum = 0;
    send(count);
  };
  return (parsed) => {
    sum += parsed;
    if (sum >= BATCH_BYTES) flush();
    else if (!queued) {
      queued = true;
      queueMicrotask(() => {
        queued = false;
        flush();
      });
    }
  };
}
