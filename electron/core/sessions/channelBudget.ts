import type { Disposable } from '../../../shared/base/disposable.ts';
import { toDisposable } from '../../../shared/base/disposable.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import type { ChannelFailure } from '../transports/transport.ts';

/** OpenSSH's default MaxSessions (sshd_config(5)). */
const DEFAULT_CHANNELS = 10;

/** A place for one channel, given back by disposing. */
export type ChannelPlace = Disposable;

/**
 * How many channels one connection may have, shared by panes, sampler, followers and commands. It starts at
 * OpenSSH's default and learns the truth from refusals.
 */
export interface ChannelBudget extends Disposable {
  readonly limit: number;
  readonly used: number;
  readonly waiting: number;
  /** A place now, or a failure that says who holds them. */
  take(purpose: string): Result<ChannelPlace, ChannelFailure>;
  /** In order of asking. Resolves with `closed` when the budget ends, and with the failure when the signal aborts. */
  wait(
    purpose: string,
    life: 'short' | 'long',
    signal?: AbortSignal,
  ): Promise<Result<ChannelPlace, ChannelFailure>>;
  /** The server refused a channel while `place` was held: the limit is what the others hold. */
  refused(place: ChannelPlace): void;
}

export function createChannelBudget(initialLimit = DEFAULT_CHANNELS): ChannelBudget {
  const places = new Map<ChannelPlace, string>();
  const queue: {
    purpose: string;
    life: 'short' | 'long';
    give: (result: Result<ChannelPlace, ChannelFailure>) => void;
  }[] = [];
  let limit = initialLimit;
  let closed = false;

  // Long-lived channels leave one place where there are enough, so that a remediation never waits for a pane to close.
  const allowed = (life: 'short' | 'long') => (life === 'long' && limit >= 4 ? limit - 1 : limit);

  function occupy(purpose: string): ChannelPlace {
    const place = toDisposable(() => {
      places.delete(place);
      serve();
    });
    places.set(place, purpose);
    return place;
  }

  function serve(): void {
    for (;;) {
      const index = queue.findIndex((waiter) => places.size < allowed(waiter.life));
      const waiter = index < 0 ? undefined : queue.splice(index, 1)[0];
      if (!waiter) return;
      waiter.give(ok(occupy(waiter.purpose)));
    }
  }

  function full(): ChannelFailure {
    const holders = new Map<string, number>();
    for (const purpose of places.values()) holders.set(purpose, (holders.get(purpose) ?? 0) + 1);
    const list = [...holders]
      .map(([purpose, count]) => (count > 1 ? `${count} × ${purpose}` : purpose))
      .join(', ');
    return {
      kind: 'full',
      reason: `the host allows ${limit === 1 ? '1 channel' : `${limit} channels`} on one connection (MaxSessions), taken by: ${list}`,
    };
  }

  return {
    get limit() {
      return limit;
    },
    get used() {
      return places.size;
    },
    get waiting() {
      return queue.length;
    },
    take(purpose) {
      if (closed) return fail({ kind: 'closed', reason: 'the connection has ended' });
      return places.size < limit ? ok(occupy(purpose)) : fail(full());
    },
    wait(purpose, life, signal) {
      if (closed) return Promise.resolve(fail({ kind: 'closed', reason: 'the connection has ended' }));
      if (queue.length === 0 && places.size < allowed(life)) return Promise.resolve(ok(occupy(purpose)));
      return new Promise((resolve) => {
        const onAbort = () => {
          const index = queue.indexOf(waiter);
          if (index >= 0) queue.splice(index, 1);
          resolve(fail(full()));
        };
        const waiter = {
          purpose,
          life,
          give(result: Result<ChannelPlace, ChannelFailure>) {
            signal?.removeEventListener('abort', onAbort);
            resolve(result);
          },
        };
        queue.push(waiter);
        signal?.addEventListener('abort', onAbort, { once: true });
        if (signal?.aborted) onAbort();
        else serve();
      });
    },
    refused(place) {
      limit = Math.max(1, Math.min(limit, places.size - (places.has(place) ? 1 : 0)));
    },
    dispose() {
      closed = true;
      places.clear();
      for (const waiter of queue.splice(0))
        waiter.give(fail({ kind: 'closed', reason: 'the connection has ended' }));
    },
  };
}
