import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { LinkState } from '../../../shared/model/host.ts';
import type { Connection } from '../transports/transport.ts';

/** Often enough that a pane's state is never older than a glance at it. */
const IDLE_INTERVAL_MS = 10_000;
/** Who types wants to know at once whether the silence is the host's or the link's. */
const TYPING_INTERVAL_MS = 1_000;
/** How long after a key someone still counts as typing. */
const TYPING_LASTS_MS = 5_000;
/** Beyond a second nobody types fluently; an intercontinental link with a queue stays below it. */
const DEGRADED_AFTER_MS = 1_000;
/** A host that swaps or a roaming laptop answers within this mostly; a person has begun to wonder. */
const STALLED_AFTER_MS = 5_000;
/**
 * A thrashing sshd was seen to answer after 20 s, and then the connection, with its shells, was still good. Beyond
 * 30 s it hardly ever is, and TCP itself would go on for a quarter of an hour (tcp_retries2).
 */
const LOST_AFTER_MS = 30_000;

type UpState = Extract<LinkState, { kind: 'good' | 'degraded' | 'stalled' }>;

/** Keepalives over one connection, and what they say of the link. */
export interface LinkWatch extends Disposable {
  /** Someone types: look more often. */
  noteInput(): void;
}

export function watchLink(options: {
  clock: Clock;
  connection: Connection;
  onState: (state: UpState) => void;
  onLost: (reason: string) => void;
}): LinkWatch {
  const { clock, connection } = options;
  // A timer of Node's holds 31 bits.
  const lostAfterMs = Math.min(
    Math.max(connection.patienceMs ?? LOST_AFTER_MS, STALLED_AFTER_MS),
    2 ** 31 - 1,
  );
  const abort = new AbortController();
  let state: UpState = { kind: 'good', since: clock.now() };
  let typedAt = Number.NEGATIVE_INFINITY;
  let answeredAt = clock.monotonic();
  let nextPing: Disposable | undefined;
  let waiting: DisposableStore | undefined;

  function enter(
    next: { kind: 'good' } | { kind: 'degraded' | 'stalled'; reason: string },
    roundTripMs?: number,
  ): void {
    const since = next.kind === state.kind ? state.since : clock.now();
    const before = state;
    state = {
      ...next,
      since,
      ...(roundTripMs === undefined || next.kind === 'stalled' ? {} : { roundTripMs }),
    };
    if (isNews(before, state)) options.onState(state);
  }

  function ping(): void {
    nextPing?.dispose();
    const asked = new DisposableStore();
    waiting = asked;
    const unanswered = (milliseconds: number, then: () => void) => asked.add(clock.after(milliseconds, then));
    unanswered(DEGRADED_AFTER_MS, () => {
      if (state.kind === 'good') enter({ kind: 'degraded', reason: 'a keepalive is unanswered for 1 s' });
    });
    unanswered(STALLED_AFTER_MS, () => enter({ kind: 'stalled', reason: 'no answer for 5 s' }));
    unanswered(lostAfterMs, () => {
      if (connection.resumes) return;
      asked.dispose();
      options.onLost(`no answer for ${Math.round(lostAfterMs / 1_000)} s`);
    });
    connection.ping(abort.signal).then(
      (roundTripMs) => {
        if (abort.signal.aborted) return;
        asked.dispose();
        waiting = undefined;
        answeredAt = clock.monotonic();
        if (roundTripMs > DEGRADED_AFTER_MS) {
          enter(
            { kind: 'degraded', reason: `answers take ${(roundTripMs / 1_000).toFixed(1)} s` },
            roundTripMs,
          );
        } else {
          enter({ kind: 'good' }, roundTripMs);
        }
        schedule();
      },
      // The connection ended; its owner is told by the connection.
      () => asked.dispose(),
    );
  }

  function schedule(): void {
    nextPing?.dispose();
    if (abort.signal.aborted || waiting) return;
    const typing = clock.monotonic() - typedAt < TYPING_LASTS_MS || state.kind !== 'good';
    const due = answeredAt + (typing ? TYPING_INTERVAL_MS : IDLE_INTERVAL_MS);
    nextPing = clock.after(Math.max(0, due - clock.monotonic()), ping);
  }

  ping();
  return {
    noteInput() {
      const wasTyping = clock.monotonic() - typedAt < TYPING_LASTS_MS;
      typedAt = clock.monotonic();
      if (!wasTyping) schedule();
    },
    dispose() {
      abort.abort(new Error('the connection has ended'));
      nextPing?.dispose();
      waiting?.dispose();
    },
  };
}

/** Round trips vary a little each time: only a real change goes to every window. */
function isNews(before: UpState, after: UpState): boolean {
  if (before.kind !== after.kind) return true;
  if (before.kind === 'stalled' || after.kind === 'stalled') return false;
  if (before.roundTripMs === undefined || after.roundTripMs === undefined) {
    return before.roundTripMs !== after.roundTripMs;
  }
  return Math.abs(before.roundTripMs - after.roundTripMs) > Math.max(3, before.roundTripMs / 5);
}
