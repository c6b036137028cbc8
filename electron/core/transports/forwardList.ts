import type { Duplex } from 'node:stream';
import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../shared/base/emitter.ts';
import type { Forward, ForwardState } from '../../../shared/model/forward.ts';

/** The forwards of one host, with what they carried; they outlive its connections. */
export interface ForwardList {
  readonly forwards: Forward[];
  /** At once when a state changes; at most once a second for traffic. */
  readonly onChange: Event<void>;
  /** The entry for a forward, the same as before if it is on the list already. */
  entry(forward: Pick<Forward, 'kind' | 'listen' | 'target'>): ForwardEntry;
  /** Takes off the list what is not among these. */
  retain(entries: readonly ForwardEntry[]): void;
  /** There is no connection any more: nothing waits until there is a forward to open again. */
  rest(): void;
}

export interface ForwardEntry {
  readonly forward: Forward;
  set(state: ForwardState): void;
  /** Joins the two ends of one connection, counts what passes, and ends both with either. */
  carry(accepted: Duplex, target: Duplex): void;
  /** One connection could not be carried; the forward stands. */
  missed(reason: string): void;
}

const TRAFFIC_EVERY_MS = 1_000;

export function createForwardList(clock: Clock): ForwardList {
  const entries = new Map<string, ForwardEntry>();
  const changed = new Emitter<void>();
  let traffic: Disposable | undefined;
  let resting = false;

  function tellSoon(): void {
    if (resting) {
      changed.fire();
      return;
    }
    traffic ??= clock.after(TRAFFIC_EVERY_MS, () => {
      traffic = undefined;
      changed.fire();
    });
  }

  function create(
    id: string,
    { kind, listen, target }: Pick<Forward, 'kind' | 'listen' | 'target'>,
  ): ForwardEntry {
    const forward: Forward = {
      id,
      kind,
      listen,
      ...(target === undefined ? {} : { target }),
      state: { kind: 'waiting' },
      open: 0,
      total: 0,
      sentBytes: 0,
      receivedBytes: 0,
    };
    return {
      forward,
      set(state) {
        if (forward.state.kind === 'waiting' && state.kind === 'waiting') return;
        forward.state = state;
        changed.fire();
      },
      carry(accepted, to) {
        forward.open++;
        forward.total++;
        tellSoon();
        let closed = 0;
        const join = (one: Duplex, other: Duplex) => {
          one.on('error', () => one.destroy());
          one.on('close', () => {
            if (++closed === 2) {
              forward.open--;
              tellSoon();
            }
            // What one end sent before it went is still written to the other; then that goes too.
            if (other.writableFinished) other.destroy();
            else other.end(() => other.destroy());
          });
        };
        join(accepted, to);
        join(to, accepted);
        accepted.on('data', (data: Buffer) => {
          forward.sentBytes += data.length;
          tellSoon();
        });
        to.on('data', (data: Buffer) => {
          forward.receivedBytes += data.length;
          tellSoon();
        });
        accepted.pipe(to).pipe(accepted);
      },
      missed(reason) {
        forward.lastFailure = { at: clock.now(), reason };
        changed.fire();
      },
    };
  }

  return {
    onChange: changed.event,
    get forwards() {
      return [...entries.values()].map(({ forward }) => ({ ...forward }));
    },
    entry(forward) {
      resting = false;
      const id = `${forward.kind} ${forward.listen} ${forward.target ?? ''}`.trimEnd();
      const known = entries.get(id) ?? create(id, forward);
      entries.set(id, known);
      return known;
    },
    retain(kept) {
      for (const [id, entry] of entries) if (!kept.includes(entry)) entries.delete(id);
      changed.fire();
    },
    rest() {
      resting = true;
      traffic?.dispose();
      traffic = undefined;
    },
  };
}
