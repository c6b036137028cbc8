import type { Duplex } from 'node:stream';
import type { Disposable } from '../../../../shared/base/disposable.ts';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import type { SsmForward, SsmSpec } from '../../../../shared/model/workspace.ts';
import type { ForwardEntry, ForwardList } from '../forwardList.ts';
import { listenLocally } from '../localListener.ts';
import { channelDuplex } from './channelDuplex.ts';
import { FLAG } from './codec.ts';
import { compareVersions } from './handshake.ts';
import { createSmuxSession, type SmuxSession } from './smux.ts';
import { type SessionStart, type StartedSession, startSession } from './startSession.ts';

/** Agents before this carry one connection a session. */
const MULTIPLEXES_AFTER = '3.0.196.0';
/** Beyond it a writer waits for the agent. */
const HIGH_WATER = 1024 * 1024;
const READY_WITHIN_MS = 20_000;

/**
 * Ports of an instance, or of a host that it reaches, on this machine. A session is started by the first connection
 * and serves all that follow, where the agent can.
 */
export function openPortForwards(spec: SsmSpec, list: ForwardList, context: SessionStart): Disposable {
  const owned = new DisposableStore();
  const entries = (spec.forwards ?? []).map((forward) => {
    const entry = list.entry({
      kind: 'local',
      listen: `localhost:${forward.listen}`,
      target: `${forward.host ?? 'localhost'}:${forward.port}`,
    });
    const port = owned.add(openPort(spec, forward, entry, context));
    owned.add(listenLocally(entry, { port: forward.listen }, () => port.connect()));
    return entry;
  });
  list.retain(entries);
  return { dispose: () => owned.dispose() };
}

function openPort(
  spec: SsmSpec,
  { host, port }: SsmForward,
  entry: ForwardEntry,
  context: SessionStart,
): Disposable & { connect(): Promise<Duplex> } {
  let shared: Promise<SmuxSession> | undefined;
  const sessions = new Set<StartedSession>();
  let disposed = false;

  async function start(): Promise<StartedSession> {
    const started = await startSession(
      spec,
      { kind: 'port', port, ...(host === undefined ? {} : { host }) },
      context,
    );
    if (!started.ok) throw new Error([started.error.reason, started.error.advice].filter(Boolean).join('. '));
    const session = started.value;
    sessions.add(session);
    session.channel.onEnd(() => sessions.delete(session));
    session.channel.onFlag((value) => {
      if (value === FLAG.connectToPortError)
        entry.missed(`nothing takes connections at ${entry.forward.target} as ${spec.target} sees it`);
    });
    if (disposed) session.channel.dispose();
    await ready(session);
    return session;
  }

  function ready({ channel }: StartedSession): Promise<void> {
    return new Promise((resolve, reject) => {
      if (channel.about) return resolve();
      const timer = context.clock.after(READY_WITHIN_MS, () =>
        reject(new Error('the agent did not shake hands')),
      );
      channel.onReady(() => {
        timer.dispose();
        resolve();
      });
      channel.onEnd((end) => {
        timer.dispose();
        reject(new Error(end.reason));
      });
    });
  }

  function multiplex({ channel }: StartedSession): SmuxSession {
    const waiting: (() => void)[] = [];
    channel.onProgress(() => {
      if (channel.waitingBytes < HIGH_WATER / 2) for (const go of waiting.splice(0)) go();
    });
    const smux = createSmuxSession({
      send: (bytes) => channel.write(bytes),
      drained: () =>
        channel.waitingBytes < HIGH_WATER
          ? Promise.resolve()
          : new Promise((resolve) => {
              waiting.push(resolve);
            }),
      onFull: (full) => (full ? channel.pause() : channel.resume()),
    });
    channel.onOutput((bytes) => {
      const taken = smux.receive(bytes);
      if (!taken.ok) {
        entry.missed(`the session to ${entry.forward.target} is broken: ${taken.error}`);
        channel.dispose();
      }
    });
    channel.onEnd((end) => {
      shared = undefined;
      for (const go of waiting.splice(0)) go();
      smux.close(end.reason);
    });
    return smux;
  }

  async function connect(): Promise<Duplex> {
    if (shared) return (await shared).open();
    const starting = start();
    const first = starting.then((session) =>
      compareVersions(session.channel.about?.agentVersion ?? '0', MULTIPLEXES_AFTER) > 0
        ? session
        : undefined,
    );
    shared = first.then(async (session) => {
      if (session) return multiplex(session);
      throw new SingleConnection(await starting);
    });
    const own = shared;
    try {
      return (await own).open();
    } catch (error) {
      if (shared === own) shared = undefined;
      if (error instanceof SingleConnection) return channelDuplex(error.take() ?? (await start()));
      throw error;
    }
  }

  return {
    connect,
    dispose() {
      disposed = true;
      for (const { channel, terminate } of [...sessions]) {
        channel.dispose();
        void terminate();
      }
    },
  };
}

/** The session that was started for many connections carries one; whoever is first has it. */
class SingleConnection extends Error {
  #session: StartedSession | undefined;
  constructor(session: StartedSession) {
    super('the agent carries one connection a session');
    this.#session = session;
  }
  take(): StartedSession | undefined {
    const session = this.#session;
    this.#session = undefined;
    return session;
  }
}
