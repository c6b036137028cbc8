import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { wait } from './audit.ts';

export interface Unsettled {
  /** Rejects while the host cannot be asked. */
  look: () => Promise<unknown>;
  onConnected: (run: () => void) => Disposable | undefined;
  /** By the monotonic clock: what was begun may still be at work until then. */
  notBefore: number;
  clock: Clock;
  ended: AbortSignal;
}

/** What is not known is looked at again once it can be, until there is an answer: nobody should have to remember to. */
export async function settleWhenBack({
  look,
  onConnected,
  notBefore,
  clock,
  ended,
}: Unsettled): Promise<void> {
  let connections = 0;
  let tell = () => {};
  const listening = onConnected(() => {
    connections++;
    tell();
  });
  const onEnd = () => tell();
  ended.addEventListener('abort', onEnd, { once: true });
  try {
    await wait(clock, Math.max(0, notBefore - clock.monotonic()), ended);
    while (!ended.aborted) {
      const seen = connections;
      const settled = await look().then(
        () => true,
        () => false,
      );
      if (settled) return;
      while (connections === seen && !ended.aborted) await new Promise<void>((resolve) => (tell = resolve));
    }
  } finally {
    listening?.dispose();
    ended.removeEventListener('abort', onEnd);
  }
}
