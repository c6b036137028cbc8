import type { Clock } from '../../../../shared/base/clock.ts';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import { Emitter } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import { visibleText } from '../../../../shared/model/hostText.ts';
import type { EcsSpec, SsmSpec } from '../../../../shared/model/workspace.ts';
import { createForwardList } from '../forwardList.ts';
import type {
  ChannelExit,
  ChannelFailure,
  ConnectFailure,
  Connection,
  ConnectionNotice,
  ExecChannel,
  ShellChannel,
  TerminalSize,
  Transport,
} from '../transport.ts';
import type { AwsAccess } from './awsAccess.ts';
import { createWriter } from './channelWriter.ts';
import type { DataChannel, DataChannelState } from './dataChannel.ts';
import { openPortForwards } from './portForwards.ts';
import { openRawShell, type RawShell } from './rawShell.ts';
import { type SessionExpiry, watchExpiry } from './sessionExpiry.ts';
import { readSessionLimits } from './sessionLimits.ts';
import { type StartedSession, startSession } from './startSession.ts';

export interface SsmTransportContext {
  aws: AwsAccess;
  clock: Clock;
  diagnostic(line: string): void;
}

/**
 * A host through Session Manager, by shell sessions alone: a session a pane, and one for each command that runs at
 * the same time. With the sampler, the kernel log, the watched logs and one-off commands that is four beside the
 * panes; a session whose command has ended serves the next.
 */
export function createSsmTransport(spec: SsmSpec | EcsSpec, context: SsmTransportContext): Transport {
  const list = createForwardList(context.clock);
  const forwards = spec.kind === 'ssm' && spec.forwards ? spec : undefined;
  return {
    kind: 'ssm',
    address: ssmAddress(spec),
    ...(forwards
      ? {
          extras: {
            onChange: list.onChange,
            get current() {
              return { forwards: list.forwards, notices: [] };
            },
          },
        }
      : {}),
    async connect(signal, onPhase) {
      onPhase('authenticating');
      const connection = createSsmConnection(spec, context);
      const first = await connection.prove();
      if (signal.aborted) {
        connection.dispose();
        return fail({ kind: 'retry', reason: 'it was cancelled', advice: '' });
      }
      if (first.ok) {
        if (!forwards) return ok(connection);
        const open = openPortForwards(forwards, list, context);
        return ok({
          ...connection,
          dispose() {
            open.dispose();
            list.rest();
            connection.dispose();
          },
        });
      }
      connection.dispose();
      return first;
    },
  };
}

export function ssmAddress(spec: SsmSpec | EcsSpec): string {
  const where = [spec.region, spec.profile].filter((part) => part !== undefined).join(', ');
  const what =
    spec.kind === 'ssm'
      ? spec.target
      : `${lastPart(spec.cluster)}/${lastPart(spec.task ?? spec.service ?? '').slice(0, 8)}${spec.container === undefined ? '' : `/${spec.container}`}`;
  return where === '' ? what : `${what} (${where})`;
}

function lastPart(nameOrArn: string): string {
  return nameOrArn.split('/').at(-1) ?? nameOrArn;
}

function createSsmConnection(
  spec: SsmSpec | EcsSpec,
  context: SsmTransportContext,
): Connection & { prove(): Promise<Result<null, ConnectFailure>> } {
  const { clock } = context;
  const owned = new DisposableStore();
  const closed = owned.add(new Emitter<{ reason: string }>());
  const notices = owned.add(new Emitter<ConnectionNotice>());
  const limits = readSessionLimits(spec, context.aws);
  let resumed: { sessions: number; since: number; reason: string } | undefined;
  const sessions = new Set<StartedSession>();
  const rawShells = new Set<RawShell>();
  let disposed = false;
  /** Its shell is for people alone. */
  let bare = false;

  async function open(): Promise<Result<StartedSession, ConnectFailure>> {
    const started = await startSession(spec, { kind: 'shell' }, context);
    if (!started.ok) return started;
    const session = started.value;
    if (disposed) {
      session.channel.dispose();
      void session.terminate();
      return fail({ kind: 'retry', reason: 'it was closed meanwhile', advice: '' });
    }
    sessions.add(session);
    if (spec.keepAlive)
      void limits.then(({ idleMs }) => sessions.has(session) && keepAlive(session.channel, idleMs, clock));
    session.channel.onState((state) => onState(state, session.channel.sessionId));
    session.channel.onEnd((end) => {
      sessions.delete(session);
      // What ended at the other end is gone; what we let go of would stay there until its idle time-out.
      if (end.kind === 'closed' || end.kind === 'lost' || end.kind === 'fault') void session.terminate();
    });
    return started;
  }

  /** Sessions fall together and come back together: one line tells of them all. */
  const interruptions = new Map<string, { since: number; reason: string }>();
  function onState(state: DataChannelState, sessionId: string): void {
    if (state.kind === 'resuming') {
      if (!interruptions.has(sessionId))
        interruptions.set(sessionId, { since: state.since, reason: state.reason });
      return;
    }
    const interruption = interruptions.get(sessionId);
    interruptions.delete(sessionId);
    if (!interruption) return;
    if (resumed) {
      resumed.sessions++;
      return;
    }
    resumed = { sessions: 1, ...interruption };
    owned.add(
      clock.after(TOGETHER_MS, () => {
        const told = resumed;
        resumed = undefined;
        if (!told) return;
        const seconds = Math.max(0, (clock.now() - TOGETHER_MS - told.since) / 1000);
        notices.fire({
          kind: 'session.resumed',
          severity: 'info',
          title: `${told.sessions === 1 ? 'A session was' : `${told.sessions} sessions were`} interrupted for ${seconds.toFixed(1)} s and went on where ${told.sessions === 1 ? 'it was' : 'they were'}: ${told.reason}`,
          detail: { sessions: told.sessions, interruptedMs: Math.round(seconds * 1000), reason: told.reason },
        });
      }),
    );
  }

  async function openRaw(): Promise<Result<RawShell, ConnectFailure>> {
    const session = await open();
    if (!session.ok) return session;
    const raw = await openRawShell(session.value.channel, (ms, run) => clock.after(ms, run));
    if (!raw.ok) {
      session.value.channel.dispose();
      return fail({ kind: 'refused', ...raw.error });
    }
    rawShells.add(raw.value);
    raw.value.onEnd(() => rawShells.delete(raw.value));
    return raw;
  }

  /** A session that stands and is open answers for the link. */
  function anyChannel() {
    for (const { channel } of sessions) if (channel.state.kind === 'open') return channel;
    for (const { channel } of sessions) return channel;
    return undefined;
  }

  return {
    onClose: closed.event,
    onNotice: notices.event,
    resumes: true,
    async prove() {
      const raw = await openRaw();
      if (raw.ok) return ok(null);
      // Without stty or dd there is still a pane.
      if (raw.error.kind === 'refused' && /cannot carry commands/.test(raw.error.reason)) {
        context.diagnostic(raw.error.reason);
        bare = true;
        return ok(null);
      }
      return raw;
    },
    async ping(signal) {
      for (let channel = anyChannel(); channel; channel = anyChannel()) {
        try {
          return await channel.ping(signal);
        } catch {
          // It ended meanwhile; another may stand.
          signal.throwIfAborted();
        }
      }
      signal.throwIfAborted();
      if (bare) return 0;
      // Every session has ended: whether a new one can be had is the answer.
      const started = clock.monotonic();
      const raw = await openRaw();
      signal.throwIfAborted();
      if (raw.ok) return clock.monotonic() - started;
      closed.fire({ reason: raw.error.reason });
      throw new Error(raw.error.reason);
    },
    async openShell(size) {
      // Known before the session opens: nothing may come between its first output and who listens.
      const expiry = await limits;
      const session = await open();
      return session.ok
        ? ok(
            shellOf(session.value, size, watchExpiry(expiry, clock, spec.keepAlive), {
              idleMs: expiry.idleMs,
              clock,
              tell: (notice) => notices.fire(notice),
            }),
          )
        : fail(channelFailure(session.error));
    },
    async openExec(commandLine): Promise<Result<ExecChannel, ChannelFailure>> {
      for (const raw of rawShells) if (raw.free) return ok(raw.start(commandLine));
      const raw = await openRaw();
      return raw.ok ? ok(raw.value.start(commandLine)) : fail(channelFailure(raw.error));
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      for (const { channel } of [...sessions]) channel.dispose();
      closed.fire({ reason: 'closed here' });
      owned.dispose();
    },
  };
}

function channelFailure(failure: ConnectFailure): ChannelFailure {
  const reason = [failure.reason, failure.advice].filter((part) => part !== '').join('. ');
  return { kind: 'refused', reason };
}

function shellOf(
  { channel, terminate }: StartedSession,
  size: TerminalSize,
  expiry: SessionExpiry,
  { idleMs, clock, tell }: { idleMs: number; clock: Clock; tell: (notice: ConnectionNotice) => void },
): ShellChannel {
  const writer = createWriter(channel);
  const exit = new Emitter<ChannelExit>();
  const expiries = new Emitter<number | undefined>();
  const startedAt = Date.now();
  const { sessionId } = channel;
  channel.resize(size.columns, size.rows);
  expiry.onNear(() => {
    const { near } = expiry;
    expiries.fire(near?.at);
    if (!near) return;
    tell({
      kind: 'session.expiring',
      severity: 'info',
      title: `A pane’s session ends at ${new Date(near.at).toISOString().slice(11, 19)} UTC: ${near.why === 'idle' ? 'nothing was typed in it' : 'it reaches its longest duration'}`,
      detail: { sessionId, endsAt: near.at, why: near.why },
    });
  });
  channel.onEnd((end) => {
    const { near } = expiry;
    expiry.dispose();
    writer.dispose();
    // Words of the service mean that it, and not the shell, made an end.
    const own = end.kind === 'ended' && (end.words ?? '') === '';
    if (end.kind === 'timed_out' || (end.kind === 'ended' && !own))
      tell({
        kind: 'session.expired',
        severity: 'warning',
        title: `A pane’s session ended (${visibleText(end.reason, 200)}); a new one takes its place`,
        detail: {
          sessionId,
          reason: end.reason,
          ...(near ? { why: near.why } : {}),
          lastedMs: Date.now() - startedAt,
        },
      });
    exit.fire({ lost: !own, ...(own ? {} : { reason: end.reason }) });
    exit.dispose();
    expiries.dispose();
  });
  const typed = (data: Uint8Array | string) => {
    expiry.noteInput();
    return typeof data === 'string' ? Buffer.from(data) : data;
  };
  return {
    onOutput: channel.onOutput,
    onExit: exit.event,
    onExpiry: expiries.event,
    get expiresAt() {
      return expiry.near?.at;
    },
    write: (data) => writer.write(typed(data)),
    interrupt: (data) => writer.interrupt(typed(data)),
    resize: ({ columns, rows }) => channel.resize(columns, rows),
    keepAlive() {
      if (expiry.kept) return;
      expiry.keepAlive();
      keepAlive(channel, idleMs, clock);
    },
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    dispose() {
      expiry.dispose();
      channel.dispose();
      void terminate();
    },
  };
}

/** At once, and from then on three times in each idle time: two of them may come late. */
function keepAlive(channel: DataChannel, idleMs: number, clock: Clock): void {
  channel.keepAlive();
  const timer = clock.every(idleMs / 3, () => channel.keepAlive());
  channel.onEnd(() => timer.dispose());
}

/** What comes back within so long is one interruption. */
const TOGETHER_MS = 1000;
