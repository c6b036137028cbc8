import { type BesideTyping, createBesideTyping } from '../../series/echo.ts';

/**
 * While a terminal floods, drawing has a twentieth of the window's time, between three and ten frames a second. Drawing
 * sixty times a second what nobody can read costs the main thread as much as parsing it (measured without a GPU: 5 ms a
 * frame of one terminal, 9 of four, 30 on a busy machine, and as much again on other threads), and what it costs the
 * remote process waits for. xterm draws by requestAnimationFrame
 * and offers no option for its rate, so the window's own function is the place. An echo is not a flood: it is drawn at
 * once, and before anything that other terminals have to show.
 */
const FRAME_MS = 100;
const LONGEST_FRAME_MS = 300;
const DRAWING_SHARE = 0.05;
/** The least of so many counts: others may have had their turn between a frame and the look at the clock. */
const MEASURED_FRAMES = 3;
/** Bytes within WINDOW_MS from which output is a flood: some 1.3 MB/s. */
const FLOOD_BYTES = 64 * 1024;
const WINDOW_MS = 50;
/** A flood of which nothing came and nothing was parsed for so long is over, and its end is drawn. */
const QUIET_MS = 30;

export interface DrawRate {
  /** Output arrived for some terminal; `own`: for the one that a person types into. */
  received(bytes: number, own?: boolean): void;
  /** A person typed: what follows is what they wait for, and is drawn at once. */
  typed(): void;
  /** Some of it was parsed; `last`: all that came for its terminal. After a key that is drawn, flood or none. */
  parsed(last: boolean, own?: boolean): void;
}

interface Asked {
  callback: FrameRequestCallback;
  background: boolean;
  askedAt: number;
}

type FrameWindow = Pick<Window, 'requestAnimationFrame' | 'cancelAnimationFrame' | 'setTimeout'>;

/**
 * `afterFrame` runs something when the frame that is being made has been laid out and painted. `inBackground`: what asks
 * for a frame now is not what a person types into, and need not be drawn with it. `beside`: whose frames that has then.
 */
export function limitDrawRate(
  window: FrameWindow,
  now: () => number,
  options: {
    afterFrame?: (run: () => void) => void;
    inBackground?: () => boolean;
    beside?: BesideTyping;
  } = {},
): DrawRate {
  const {
    afterFrame = createAfterFrame(),
    inBackground = () => false,
    beside = createBesideTyping(),
  } = options;
  const request = window.requestAnimationFrame.bind(window);
  const cancel = window.cancelAnimationFrame.bind(window);
  /** Requests that wait, by their id for the caller. All of them end with one timer, and are one frame's. */
  const waiting = new Map<number, Asked>();
  /** The browser's ids of requests that have waited. */
  const hurried = new Map<number, number>();
  let timed = false;
  let nextId = -1;
  const flood = createFlood();
  /** In the terminal that a person types into: there a flood beside it does not keep an echo waiting. */
  const ownFlood = createFlood();
  let drawnAt = 0;
  let costs: number[] = [];
  let measuring = false;

  const frameMs = () =>
    costs.length === 0
      ? FRAME_MS
      : Math.min(LONGEST_FRAME_MS, Math.max(FRAME_MS, Math.min(...costs) / DRAWING_SHARE));

  function draw({ callback, background }: Asked): FrameRequestCallback {
    return (time) => {
      const from = now();
      drawnAt = from;
      if (background) beside.drawn(from, time);
      callback(time);
      if (measuring || flood.lasts(from) === 0) return;
      measuring = true;
      afterFrame(() => {
        measuring = false;
        costs = [...costs, now() - from].slice(-MEASURED_FRAMES);
      });
    };
  }

  /** Milliseconds until it may be drawn, or is to be looked at again. */
  function waitOf({ background, askedAt }: Asked): number {
    const at = now();
    const typing = beside.goesOn(at);
    // A flood that has a share of the time only no longer looks like one.
    if (typing && background) return beside.wait(at, askedAt);
    return Math.max(0, Math.min(drawnAt + frameMs() - at, (typing ? ownFlood : flood).lasts(at)));
  }

  function look(): void {
    timed = false;
    hurry((asked) => waitOf(asked) <= 0);
    lookIn();
  }

  function lookIn(): void {
    if (timed || waiting.size === 0) return;
    timed = true;
    window.setTimeout(look, Math.min(...[...waiting.values()].map(waitOf)));
  }

  window.requestAnimationFrame = (callback) => {
    const asked = { callback, background: inBackground(), askedAt: now() };
    if (waitOf(asked) <= 0) return request(draw(asked));
    const id = nextId--;
    waiting.set(id, asked);
    lookIn();
    return id;
  };
  window.cancelAnimationFrame = (id) => {
    const requested = hurried.get(id);
    if (requested !== undefined) cancel(requested);
    else if (!waiting.delete(id)) cancel(id);
    hurried.delete(id);
  };

  function hurry(which: (asked: Asked) => boolean): void {
    for (const [id, asked] of [...waiting]) {
      if (!which(asked)) continue;
      waiting.delete(id);
      const drawing = draw(asked);
      hurried.set(
        id,
        request((time) => {
          hurried.delete(id);
          drawing(time);
        }),
      );
    }
  }

  return {
    typed() {
      beside.typed(now());
      hurry(({ background }) => !background);
    },
    parsed(last, own = false) {
      flood.parsed(now());
      if (!own) return;
      ownFlood.parsed(now());
      if (last && beside.goesOn(now())) hurry(({ background }) => !background);
    },
    received(bytes, own = false) {
      flood.received(now(), bytes);
      if (own) ownFlood.received(now(), bytes);
    },
  };
}

/** Output that comes faster than anyone reads. */
function createFlood() {
  let windowFrom = 0;
  let bytesInWindow = 0;
  let until = 0;
  let seenAt = 0;
  return {
    received(at: number, bytes: number) {
      if (at - windowFrom > WINDOW_MS) {
        windowFrom = at;
        bytesInWindow = 0;
      }
      seenAt = at;
      bytesInWindow += bytes;
      if (bytesInWindow >= FLOOD_BYTES) until = at + WINDOW_MS * 2;
    },
    parsed(at: number) {
      seenAt = at;
    },
    /** Milliseconds until it is over, as far as is known now. */
    lasts: (at: number) => Math.max(0, Math.min(until, seenAt + QUIET_MS) - at),
  };
}

/** A message waits for the task that makes the frame, and for no timer. */
function createAfterFrame(): (run: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const due: (() => void)[] = [];
  port1.onmessage = () => due.shift()?.();
  return (run) => {
    due.push(run);
    port2.postMessage(null);
  };
}
