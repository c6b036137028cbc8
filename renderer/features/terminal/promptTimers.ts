/**
 * xterm parses in slices of 12 ms and leaves the rest to `setTimeout` without a delay. Browsers make such timers wait:
 * 4 ms once they are nested five deep, which is a quarter of the parser's time, and a second in a hidden page, which is
 * all of it. A message between two ports has neither bound, and leaves input and drawing their turns all the same. xterm
 * offers no other scheduler, so the window's own function stands in for it, only while `run` runs or what it left to do
 * later does; timers with a delay, and everyone else's, stay what they are.
 */
export interface PromptTimers {
  within(run: () => void): void;
  /** Runs it in a task of its own, without delay. */
  soon(run: () => void): void;
}

type TimerWindow = Pick<Window, 'setTimeout'>;

export function createPromptTimers(
  window: TimerWindow,
  createChannel: () => MessageChannel = () => new MessageChannel(),
): PromptTimers {
  const { port1, port2 } = createChannel();
  const due: (() => void)[] = [];
  port1.onmessage = () => {
    const run = due.shift();
    if (run) within(run);
  };

  function soon(run: () => void): void {
    due.push(run);
    port2.postMessage(null);
  }

  function within(run: () => void): void {
    const original = window.setTimeout;
    const prompt = (handler: TimerHandler, delay?: number, ...more: unknown[]) => {
      if (delay || typeof handler !== 'function') return original.call(window, handler, delay, ...more);
      soon(() => handler(...more));
      // Nobody here cancels what is due at once.
      return 0;
    };
    window.setTimeout = prompt as typeof window.setTimeout;
    try {
      run();
    } finally {
      window.setTimeout = original;
    }
  }

  return { within, soon };
}
