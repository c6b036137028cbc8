import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import { type HostId, isUp, type LinkCause, type LinkState } from '../../../shared/model/host.ts';
import type {
  Channel,
  ChannelFailure,
  ConnectFailure,
  Connection,
  ConnectionNotice,
  ExecChannel,
  ShellChannel,
  Transport,
} from '../transports/transport.ts';
import { type ChannelBudget, type ChannelPlace, createChannelBudget } from './channelBudget.ts';
import { type LinkWatch, watchLink } from './linkWatch.ts';
import { runChannel } from './runChannel.ts';
import type { Session, SessionFailure } from './session.ts';
import { loginShellCommand } from './shellQuote.ts';

export interface HostSessionOptions {
  host: HostId;
  transport: Transport;
  clock: Clock;
  /** Where the budget starts; default OpenSSH's MaxSessions. */
  channels?: number;
  /** In [0, 1): for the jitter of reconnects. */
  random?: () => number;
}

export interface HostSession extends Session {
  /** What happened to a connection beside being up or down. */
  readonly onNotice: Event<ConnectionNotice>;
  /** Places on this connection: what the server is believed to allow, and how many are taken. */
  readonly channels: { limit: number; used: number; waiting: number };
  /**
   * How many channels the server allows, by opening them, at most `most` with those that are open already.
   * `undefined` while there is no connection.
   */
  probeChannels(most: number): Promise<number | undefined>;
  /** Something on the connection is not answered: asks at once whether the link is. */
  checkLink(): void;
  /** When the connection last answered, in milliseconds of the epoch. */
  readonly linkAnsweredAt: number | undefined;
  /**
   * What stood in the way may be gone: a host that waits for its next try has it within `withinMs`, and a connection
   * that stands is doubted when `doubt` says so.
   */
  hurry(withinMs: number, doubt?: 'doubt'): void;
}

const FIRST_RETRY_MS = 1_000;
/** Longer would make a person wait at a host that is back; shorter would hammer one that is drowning. */
const LONGEST_RETRY_MS = 30_000;
/** Where nothing hears the knock, it costs nobody anything, and a link that is back is found within seconds. */
const LONGEST_UNHEARD_MS = 8_000;
const UNHEARD: readonly (LinkCause | undefined)[] = ['no_answer', 'no_route', 'host_unreachable', 'no_name'];
/** An attempt that is younger has its first packets on the way still. */
const YOUNG_ATTEMPT_MS = 1_500;
/** With the doubling wait: some three seconds in all. */
const MOST_REFUSALS = 6;
const REFUSALS_THAT_TEACH = 2;
const REFUSAL_WAIT_MS = 25;
/** A connection that lived this long starts the backoff afresh; a host that drops us at login does not. */
const STABLE_MS = 10_000;

/** The life of one host's connection, through every reconnect. Nothing happens before `start`. */
export function createHostSession(options: HostSessionOptions): HostSession {
  const { host, transport, clock, random = Math.random } = options;
  const changed = new Emitter<LinkState>();
  const connected = new Emitter<void>();
  const notices = new Emitter<ConnectionNotice>();
  let link: LinkState = { kind: 'idle', since: clock.now() };
  let current:
    | { connection: Connection; budget: ChannelBudget; lifetime: DisposableStore; watch: LinkWatch }
    | undefined;
  let attempt: AbortController | undefined;
  let retryTimer: Disposable | undefined;
  let failures = 0;
  let connectedAt = 0;
  let attemptAt = 0;
  /** Its next try is sooner than it would have been. */
  let hurried = false;
  /** While it is not up: since when it is not, if it was before, and what is in the way. */
  let downSince: number | undefined;
  let cause: LinkCause | undefined;
  // What a server taught us outlives the connection.
  let channelLimit = options.channels;
  /** Further connections, each for panes alone, and how many of them the user has agreed to. */
  const extras = new Set<{ connection: Connection; budget: ChannelBudget; lifetime: DisposableStore }>();
  let extrasAllowed = 0;
  let disposed = false;

  const downed = () => ({
    ...(downSince === undefined ? {} : { downSince }),
    ...(cause === undefined ? {} : { cause }),
  });

  function setLink(next: LinkState): void {
    link = next;
    changed.fire(next);
  }

  async function connect(): Promise<void> {
    retryTimer?.dispose();
    attempt?.abort();
    const own = new AbortController();
    attempt = own;
    const number = failures + 1;
    attemptAt = clock.monotonic();
    hurried = false;
    setLink({ kind: 'connecting', since: clock.now(), attempt: number, ...downed() });
    const result = await connectOnce(own.signal, () => {
      if (!own.signal.aborted)
        setLink({ kind: 'authenticating', since: clock.now(), attempt: number, ...downed() });
    });
    if (own.signal.aborted) {
      if (result.ok) result.value.dispose();
      return;
    }
    attempt = undefined;
    if (result.ok) up(result.value);
    else if (result.error.kind === 'refused') {
      const { reason, advice, gone } = result.error;
      setLink({ kind: 'refused', since: clock.now(), reason, advice, ...(gone && { gone }) });
    } else {
      cause = result.error.cause;
      retryLater([result.error.reason, result.error.advice].filter((part) => part !== '').join('. '));
    }
  }

  async function connectOnce(
    signal: AbortSignal,
    onAuthenticating: () => void,
  ): Promise<Result<Connection, ConnectFailure>> {
    try {
      return await transport.connect(signal, onAuthenticating);
    } catch (error) {
      return fail({
        kind: 'refused',
        reason: `connecting failed in an unforeseen way: ${error instanceof Error ? error.message : String(error)}`,
        advice: 'This is a fault of Fireline; reconnect to try again.',
      });
    }
  }

  function up(connection: Connection): void {
    const lifetime = new DisposableStore();
    const budget = lifetime.add(createChannelBudget(channelLimit));
    connectedAt = clock.monotonic();
    lifetime.add(connection);
    if (connection.onNotice) lifetime.add(connection.onNotice((notice) => notices.fire(notice)));
    lifetime.add(connection.onClose(({ reason }) => down(connection, reason)));
    downSince = undefined;
    cause = undefined;
    const watch = lifetime.add(
      watchLink({
        clock,
        connection,
        probe: transport.probe?.bind(transport),
        onState(state) {
          if (current?.connection === connection) setLink(state);
        },
        onLost: (reason, found) => down(connection, reason, found),
      }),
    );
    current = { connection, budget, lifetime, watch };
    setLink({ kind: 'good', since: clock.now() });
    if (current?.connection === connection) connected.fire();
  }

  function down(connection: Connection, reason: string, found?: LinkCause): void {
    if (current?.connection !== connection) return;
    drop();
    downSince = clock.now();
    cause = found;
    if (clock.monotonic() - connectedAt >= STABLE_MS) failures = 0;
    retryLater(reason);
  }

  /** Ends the connection that stands; its channels end as lost. */
  function drop(): void {
    const ending = current;
    current = undefined;
    ending?.lifetime.dispose();
    for (const extra of [...extras]) extra.lifetime.dispose();
  }

  function retryLater(reason: string): void {
    if (disposed) return;
    failures++;
    // Half of it is random: after a switch reboots, a fleet must not knock all at once (full jitter would also
    // allow no wait at all).
    const longest = UNHEARD.includes(cause) ? LONGEST_UNHEARD_MS : LONGEST_RETRY_MS;
    waitToRetry(Math.min(longest, FIRST_RETRY_MS * 2 ** (failures - 1)) * (0.5 + random() / 2), reason);
  }

  function waitToRetry(milliseconds: number, reason: string): void {
    retryTimer?.dispose();
    retryTimer = clock.after(milliseconds, () => void connect());
    const now = clock.now();
    setLink({
      kind: 'reconnecting',
      since: now,
      reason,
      attempt: failures + 1,
      nextTryAt: now + milliseconds,
      ...downed(),
    });
  }

  function stop(): void {
    retryTimer?.dispose();
    attempt?.abort();
    attempt = undefined;
    drop();
  }

  const notConnected = (): Result<never, SessionFailure> =>
    fail({ kind: 'not_connected', reason: `${host} is not connected (${link.kind})` });

  /** Opens into a place of the budget; a server that refuses teaches the budget, and short work queues again. */
  async function open<T extends Channel>(
    purpose: string,
    place: (budget: ChannelBudget) => Promise<Result<ChannelPlace, ChannelFailure>>,
    start: (connection: Connection) => Promise<Result<T, ChannelFailure>>,
    signal?: AbortSignal,
  ): Promise<Result<T, SessionFailure>> {
    const on = current;
    if (!on || !isUp(link)) return notConnected();
    for (let tries = 0; ; tries++) {
      const taken = await place(on.budget);
      if (!taken.ok) return taken.error.kind === 'closed' ? lostWhileWaiting(purpose) : taken;
      const opened = await start(on.connection);
      if (opened.ok) {
        opened.value.onExit(() => taken.value.dispose());
        if (signal?.aborted) {
          opened.value.dispose();
          return fail({ kind: 'aborted', reason: `${purpose} was cancelled` });
        }
        return opened;
      }
      // A server counts a session until it has reaped its process, a moment after we saw the channel end: what it
      // refuses once may be that, and teaches nothing.
      if (opened.error.kind === 'full' && tries >= REFUSALS_THAT_TEACH) {
        on.budget.refused(taken.value);
        channelLimit = on.budget.limit;
      }
      taken.value.dispose();
      if (opened.error.kind === 'closed') return lostWhileWaiting(purpose);
      // Bounded: a server that refuses while it has places would otherwise be asked for ever.
      if (opened.error.kind !== 'full' || tries >= MOST_REFUSALS) return opened;
      await new Promise<void>((resolve) => clock.after(REFUSAL_WAIT_MS * 2 ** tries, resolve));
    }
  }

  async function openPane(
    start: (connection: Connection) => Promise<Result<ShellChannel, ChannelFailure>>,
  ): Promise<Result<ShellChannel, SessionFailure>> {
    const watch = current?.watch;
    const opened = await open<ShellChannel>('a shell', async (budget) => budget.take('pane'), start);
    if (!opened.ok && opened.error.kind === 'full') return openOnAnother(start, opened.error);
    return opened.ok && watch ? ok(noteTyping(opened.value, () => watch.noteInput())) : opened;
  }

  /** On a connection that was made for it, or one more where the user has agreed to it. */
  async function openOnAnother(
    start: (connection: Connection) => Promise<Result<ShellChannel, ChannelFailure>>,
    full: ChannelFailure,
  ): Promise<Result<ShellChannel, SessionFailure>> {
    for (const extra of extras) {
      const opened = await openOn(extra, start);
      if (opened.ok) return opened;
    }
    if (extras.size >= extrasAllowed || !current) return fail(full);
    const standing = current;
    const made = await connectOnce(new AbortController().signal, () => {});
    if (!made.ok) return fail({ kind: 'refused', reason: `another connection failed: ${made.error.reason}` });
    if (current !== standing) {
      made.value.dispose();
      return lostWhileWaiting('a shell');
    }
    const lifetime = new DisposableStore();
    const extra = {
      connection: made.value,
      budget: lifetime.add(createChannelBudget(channelLimit)),
      lifetime,
    };
    lifetime.add(made.value);
    lifetime.addStop(() => extras.delete(extra));
    // Its panes end with it, and say so; the first connection is another matter.
    made.value.onClose(() => lifetime.dispose());
    extras.add(extra);
    const opened = await openOn(extra, start);
    if (!opened.ok) lifetime.dispose();
    return opened;
  }

  async function openOn(
    extra: { connection: Connection; budget: ChannelBudget; lifetime: DisposableStore },
    start: (connection: Connection) => Promise<Result<ShellChannel, ChannelFailure>>,
  ): Promise<Result<ShellChannel, SessionFailure>> {
    const place = extra.budget.take('pane');
    if (!place.ok) return place;
    const opened = await start(extra.connection);
    if (!opened.ok) {
      if (opened.error.kind === 'full') extra.budget.refused(place.value);
      place.value.dispose();
      return opened;
    }
    opened.value.onExit(() => {
      place.value.dispose();
      // After the event, in which its pane may open the next shell.
      queueMicrotask(() => extra.budget.used === 0 && extra.lifetime.dispose());
    });
    return opened;
  }

  const lostWhileWaiting = (purpose: string): Result<never, SessionFailure> =>
    fail({ kind: 'lost', reason: `the link to ${host} dropped before ${purpose} started` });

  return {
    host,
    address: transport.address,
    get link() {
      return link;
    },
    get channels() {
      const { limit = channelLimit ?? 0, used = 0, waiting = 0 } = current?.budget ?? {};
      return { limit, used, waiting };
    },
    onLink: changed.event,
    onConnected: connected.event,
    onNotice: notices.event,
    start() {
      if (!disposed && (link.kind === 'idle' || link.kind === 'closed')) void connect();
    },
    allowAnotherConnection() {
      if (current) extrasAllowed = extras.size + 1;
    },
    checkLink: () => current?.watch.check(),
    get linkAnsweredAt() {
      return current?.watch.lastAnswerAt;
    },
    hurry(withinMs, doubt) {
      const wait = random() * withinMs;
      if (current) {
        if (doubt) current.watch.suspect();
      } else if (!doubt && cause !== undefined && !UNHEARD.includes(cause)) {
        // It is heard, and has its reasons: that another host is back changes nothing for it.
      } else if (link.kind === 'reconnecting') {
        // Once: the least of many draws is no spread any more.
        if (hurried || link.nextTryAt - clock.now() <= wait) return;
        hurried = true;
        waitToRetry(wait, link.reason);
      } else if (link.kind === 'connecting' && clock.monotonic() - attemptAt > YOUNG_ATTEMPT_MS) {
        // What was sent into the void is sent again by the kernel after ever longer waits.
        attempt?.abort();
        attempt = undefined;
        hurried = true;
        waitToRetry(wait, 'the way to it may be back');
      }
    },
    reconnect() {
      if (disposed) return;
      if (current) downSince = clock.now();
      stop();
      failures = 0;
      void connect();
    },
    disconnect() {
      if (disposed) return;
      stop();
      downSince = undefined;
      cause = undefined;
      setLink({ kind: 'closed', since: clock.now() });
    },
    openShell: (size) => openPane((connection) => connection.openShell(size)),
    openTerminal: (argv, size) =>
      openPane(
        async (connection) =>
          (await connection.openTerminal?.(loginShellCommand(argv), size)) ??
          fail({ kind: 'refused', reason: `${transport.address} has no terminal but its shell` }),
      ),
    openExec: (argv, purpose) =>
      open<ExecChannel>(
        purpose,
        (budget) => budget.wait(purpose, 'long'),
        (connection) => connection.openExec(loginShellCommand(argv)),
      ),
    run: (argv, runOptions) =>
      runChannel(clock, runOptions, (signal) =>
        open<ExecChannel>(
          runOptions.purpose,
          (budget) => budget.wait(runOptions.purpose, 'short', signal),
          (connection) => connection.openExec(loginShellCommand(argv)),
          signal,
        ),
      ),
    async probeChannels(most) {
      const on = current;
      if (!on) return undefined;
      const opened: ExecChannel[] = [];
      let refusals = 0;
      while (on.budget.used + opened.length < most) {
        // `cat` waits for its standard input, so the channel stays until it is closed.
        const channel = await on.connection.openExec('cat');
        if (channel.ok) {
          opened.push(channel.value);
          refusals = 0;
          continue;
        }
        if (channel.error.kind === 'closed') return undefined;
        // Channels that have just ended may count for a moment still, as above.
        if (refusals >= MOST_REFUSALS) break;
        const wait = REFUSAL_WAIT_MS * 2 ** refusals++;
        await new Promise<void>((resolve) => clock.after(wait, resolve));
      }
      const count = on.budget.used + opened.length;
      await Promise.all(
        opened.map(
          (channel) =>
            new Promise<void>((resolve) => {
              channel.onExit(() => resolve());
              channel.end();
            }),
        ),
      );
      return count;
    },
    dispose() {
      if (disposed) return;
      stop();
      disposed = true;
      setLink({ kind: 'closed', since: clock.now() });
      changed.dispose();
      connected.dispose();
      notices.dispose();
    },
  };
}

/** The same channel; what is typed is told, for the rate of keepalives. */
function noteTyping(channel: ShellChannel, noteInput: () => void): ShellChannel {
  return {
    ...channel,
    get expiresAt() {
      return channel.expiresAt;
    },
    write(data) {
      noteInput();
      channel.write(data);
    },
    interrupt(data) {
      noteInput();
      channel.interrupt(data);
    },
  };
}
