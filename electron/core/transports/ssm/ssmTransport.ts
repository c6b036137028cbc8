import type { Clock } from '../../../../shared/base/clock.ts';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import { Emitter } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { EcsSpec, SsmSpec } from '../../../../shared/model/workspace.ts';
import type {
  ChannelExit,
  ChannelFailure,
  ConnectFailure,
  Connection,
  ExecChannel,
  ShellChannel,
  TerminalSize,
  Transport,
} from '../transport.ts';
import type { AwsAccess } from './awsAccess.ts';
import { createWriter } from './channelWriter.ts';
import { openRawShell, type RawShell } from './rawShell.ts';
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
  return {
    kind: 'ssm',
    address: ssmAddress(spec),
    async connect(signal, onPhase) {
      onPhase('authenticating');
      const connection = createSsmConnection(spec, context);
      const first = await connection.prove();
      if (signal.aborted) {
        connection.dispose();
        return fail({ kind: 'retry', reason: 'it was cancelled', advice: '' });
      }
      if (first.ok) return ok(connection);
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
  const sessions = new Set<StartedSession>();
  const rawShells = new Set<RawShell>();
  let disposed = false;

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
    session.channel.onEnd((end) => {
      sessions.delete(session);
      // What ended at the other end is gone; what we let go of would stay there until its idle time-out.
      if (end.kind === 'closed' || end.kind === 'lost' || end.kind === 'fault') void session.terminate();
    });
    return started;
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
    resumes: true,
    async prove() {
      const raw = await openRaw();
      if (raw.ok) return ok(null);
      // Without stty or dd there is still a pane.
      if (raw.error.kind === 'refused' && /cannot carry commands/.test(raw.error.reason)) {
        context.diagnostic(raw.error.reason);
        return ok(null);
      }
      return raw;
    },
    async ping(signal) {
      const channel = anyChannel();
      if (channel) return await channel.ping(signal);
      // Every session has ended: whether a new one can be had is the answer.
      const started = clock.monotonic();
      const raw = await openRaw();
      signal.throwIfAborted();
      if (raw.ok) return clock.monotonic() - started;
      closed.fire({ reason: raw.error.reason });
      throw new Error(raw.error.reason);
    },
    async openShell(size) {
      const session = await open();
      return session.ok ? ok(shellOf(session.value, size)) : fail(channelFailure(session.error));
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

function shellOf({ channel, terminate }: StartedSession, size: TerminalSize): ShellChannel {
  const writer = createWriter(channel);
  const exit = new Emitter<ChannelExit>();
  channel.resize(size.columns, size.rows);
  channel.onEnd((end) => {
    writer.dispose();
    const own = end.kind === 'ended';
    exit.fire({ lost: !own, ...(own ? {} : { reason: end.reason }) });
    exit.dispose();
  });
  return {
    onOutput: channel.onOutput,
    onExit: exit.event,
    write: (data) => writer.write(typeof data === 'string' ? Buffer.from(data) : data),
    interrupt: (data) => writer.interrupt(data),
    resize: ({ columns, rows }) => channel.resize(columns, rows),
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    dispose() {
      channel.dispose();
      void terminate();
    },
  };
}
