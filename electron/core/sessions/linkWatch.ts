import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { LinkCause, LinkState } from '../../../shared/model/host.ts';
import type { Connection } from '../transports/transport.ts';

/** Often enough that a pane's state is never older than a glance at it. */
const IDLE_INTERVAL_MS = 10_000;
/** Who types wants to know at once whether the silence is the host's or the link's. */
const TYPING_INTERVAL_MS = 1_000;
/** How long after a key someone still counts as typing. */
const TYPING_LASTS_MS = 5_000;
/** Beyond a second nobody types fluently; an intercontinental link with a queue stays below it. */
const DEGRADED_AFTER_MS = 1_000;
/** Well below it again: answers of just about a second must not make the mark flicker. */
const GOOD_AGAIN_MS = 700;
/** A host that swaps or a roaming laptop answers within this mostly; a person has begun to wonder. */
const STALLED_AFTER_MS = 5_000;
/**
 * A thrashing sshd was seen to answer after 20 s, and then the connection, with its shells, was still good. Beyond
 * 30 s it hardly ever is, and TCP itself would go on for a quarter of an hour (tcp_retries2).
 */
const LOST_AFTER_MS = 30_000;
/** After a sleep or a change of network most connections are dead, and nobody wants to wait to be told. */
const LOST_AFTER_CHANGE_MS = 8_000;
/** A look beside a stalled connection costs the host a process for a moment. */
const PROBE_EVERY_MS = 10_000;

type UpState = Extract<LinkState, { kind: 'good' | 'degraded' | 'stalled' }>;

/** Keepalives over one connection, and what they say of the link. */
export interface LinkWatch extends Disposable {
  /** Someone types: look more often. */
  noteInput(): void;
  /** Something on this connection is not answered: ask now whether the link is. */
  check(): void;
  /** When the connection last answered, in milliseconds of the epoch; undefined before it did. */
  readonly lastAnswerAt: number | undefined;
  /** The machine slept, or its network changed: find out soon whether the connection is still one. */
  suspect(): void;
}

export function watchLink(options: {
  clock: Clock;
  connection: Connection;
  /** Looks beside the connection while it does not answer. */
  probe?: ((signal: AbortSignal) => Promise<LinkCause | 'answers' | undefined>) | undefined;
  onState: (state: UpState) => void;
  onLost: (reason: string, cause?: LinkCause) => void;
}): LinkWatch {
  const { clock, connection } = options;
  // A timer of Node's holds 31 bits.
  const lostAfterMs = Math.min(
    Math.max(connection.patienceMs ?? LOST_AFTER_MS, STALLED_AFTER_MS),
    2 ** 31 - 1,
  );
  const abort = new AbortController();
  let disposed = false;
  let state: UpState = { kind: 'good', since: clock.now() };
  let typedAt = Number.NEGATIVE_INFINITY;
  let answeredAt = clock.monotonic();
  let lastAnswerAt: number | undefined;
  let nextPing: Disposable | undefined;
  let waiting: DisposableStore | undefined;
  let suspicion: Disposable | undefined;
  /** What the latest look beside the stalled connection found. */
  let cause: LinkCause | undefined;

  function enter(
    next: { kind: 'good' } | { kind: 'degraded' | 'stalled'; reason: string; cause?: LinkCause },
    roundTripMs?: number,
  ): void {
    if (disposed) return;
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
    unanswered(STALLED_AFTER_MS, () => {
      enter({ kind: 'stalled', reason: 'no answer for 5 s' });
      void look(asked);
    });
    unanswered(lostAfterMs, () => lose(`no answer for ${Math.round(lostAfterMs / 1_000)} s`));
    connection.ping(abort.signal).then(
      (roundTripMs) => {
        if (abort.signal.aborted) return;
        asked.dispose();
        waiting = undefined;
        suspicion?.dispose();
        suspicion = undefined;
        cause = undefined;
        answeredAt = clock.monotonic();
        lastAnswerAt = clock.now();
        if (roundTripMs > (state.kind === 'good' ? DEGRADED_AFTER_MS : GOOD_AGAIN_MS)) {
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

  /** While `asked` waits: what a new connection would meet, since that tells a dead link from a starved host. */
  async function look(asked: DisposableStore): Promise<void> {
    if (!options.probe || asked.isDisposed || abort.signal.aborted) return;
    const found = await options.probe(abort.signal).catch(() => undefined);
    if (asked.isDisposed || abort.signal.aborted) return;
    cause = found === 'answers' ? undefined : found;
    const words = found === undefined ? undefined : BESIDE[found];
    enter({
      kind: 'stalled',
      reason: words === undefined ? 'no answer for 5 s' : `no answer; ${words}`,
      ...(cause === undefined ? {} : { cause }),
    });
    asked.add(clock.after(PROBE_EVERY_MS, () => void look(asked)));
  }

  function lose(reason: string): void {
    if (connection.resumes || disposed) return;
    waiting?.dispose();
    options.onLost(reason, cause);
  }

  function check(): void {
    if (!waiting && !disposed && clock.monotonic() - answeredAt >= TYPING_INTERVAL_MS) ping();
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
    check,
    get lastAnswerAt() {
      return lastAnswerAt;
    },
    suspect() {
      if (!waiting) ping();
      suspicion ??= clock.after(LOST_AFTER_CHANGE_MS, () =>
        lose(
          `no answer for ${LOST_AFTER_CHANGE_MS / 1_000} s after this machine slept or changed its network`,
        ),
      );
    },
    dispose() {
      disposed = true;
      suspicion?.dispose();
      abort.abort(new Error('the connection has ended'));
      nextPing?.dispose();
      waiting?.dispose();
    },
  };
}

/** What a new connection met while this one stood silent. */
const BESIDE: Readonly<Record<LinkCause | 'answers', string>> = {
  answers:
    'a new connection is answered at once, so this one seems to be forgotten on the way, or its process stuck',
  ssh_dying: 'a new connection is accepted and not greeted, so the host runs and is starved',
  turned_away: 'sshd turns new connections away',
  not_listening: 'the host answers, and nothing listens at the port of sshd',
  no_answer: 'a new connection is not answered either, so the link is down or the host off',
  no_route: 'this machine has no route to it any more',
  host_unreachable: 'the network on the way says that the host is not there',
  no_name: 'its name cannot be looked up any more',
};

/** Round trips vary a little each time: only a real change goes to every window. */
function isNews(before: UpState, after: UpState): boolean {
  if (before.kind !== after.kind) return true;
  if (before.kind === 'stalled' || after.kind === 'stalled') {
    return 'reason' in before && 'reason' in after && before.reason !== after.reason;
  }
  if (before.roundTripMs === undefined || after.roundTripMs === undefined) {
    return before.roundTripMs !== after.roundTripMs;
  }
  return Math.abs(before.roundTripMs - after.roundTripMs) > Math.max(3, before.roundTripMs / 5);
}
