/**
 * While a terminal floods, the window spends at most one animation frame in FRAME_MS. Drawing sixty times a second
 * what nobody can read costs the main thread as much as parsing it (measured without a GPU: 7.8 ms a frame, half of
 * the time), and what it costs the remote process waits for. xterm draws by requestAnimationFrame and offers no
 * option for its rate, so the window's own function is the place. An echo is not a flood: it is drawn at once.
 */
const FRAME_MS = 100;
/** Bytes within WINDOW_MS from which output is a flood: some 1.3 MB/s. */
const FLOOD_BYTES = 64 * 1024;
const WINDOW_MS = 50;
const AFTER_KEY_MS = 400;

export interface DrawRate {
  /** Output arrived for some terminal. */
  received(bytes: number): void;
  /** A person typed: what follows is what they wait for, and is drawn at once. */
  typed(): void;
}

type FrameWindow = Pick<
  Window,
  'requestAnimationFrame' | 'cancelAnimationFrame' | 'setTimeout' | 'clearTimeout'
>;

export function limitDrawRate(window: FrameWindow, now: () => number): DrawRate {
  const request = window.requestAnimationFrame.bind(window);
  const cancel = window.cancelAnimationFrame.bind(window);
  /** Requests that wait: their id for the caller, what stops them, and what stops the waiting. */
  const waiting = new Map<number, { stop: () => void; hurry: () => void }>();
  let nextId = -1;
  let windowFrom = 0;
  let bytesInWindow = 0;
  let floodUntil = 0;
  let drawnAt = 0;
  let typedAt = Number.NEGATIVE_INFINITY;

  function draw(callback: FrameRequestCallback): FrameRequestCallback {
    return (time) => {
      drawnAt = now();
      callback(time);
    };
  }

  window.requestAnimationFrame = (callback) => {
    const wait = FRAME_MS - (now() - drawnAt);
    if (now() >= floodUntil || wait <= 0 || now() - typedAt < AFTER_KEY_MS) return request(draw(callback));
    const id = nextId--;
    const hurry = () => {
      window.clearTimeout(timer);
      const frame = request((time) => {
        waiting.delete(id);
        draw(callback)(time);
      });
      waiting.set(id, { stop: () => cancel(frame), hurry: () => {} });
    };
    const timer = window.setTimeout(hurry, wait);
    waiting.set(id, { stop: () => window.clearTimeout(timer), hurry });
    return id;
  };
  window.cancelAnimationFrame = (id) => {
    const request = waiting.get(id);
    if (!request) return cancel(id);
    waiting.delete(id);
    request.stop();
  };

  return {
    typed() {
      typedAt = now();
      for (const request of [...waiting.values()]) request.hurry();
    },
    received(bytes) {
      const at = now();
      if (at - windowFrom > WINDOW_MS) {
        windowFrom = at;
        bytesInWindow = 0;
      }
      bytesInWindow += bytes;
      if (bytesInWindow >= FLOOD_BYTES) floodUntil = at + WINDOW_MS * 2;
    },
  };
}
