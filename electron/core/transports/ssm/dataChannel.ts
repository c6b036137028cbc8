import { randomUUID } from 'node:crypto';
import { type RawData, WebSocket } from 'ws';
import type { Clock } from '../../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { AwsFailure } from './awsFailure.ts';
import { CLIENT_VERSION } from './handshake.ts';
import type { DataKeySource } from './sessionEncryption.ts';
import { createSessionProtocol } from './sessionProtocol.ts';

/** One session's data channel, through every WebSocket that carries it. It ends once. */
export interface DataChannel extends Disposable {
  readonly sessionId: string;
  readonly onOutput: Event<Uint8Array>;
  readonly onErrorOutput: Event<Uint8Array>;
  readonly onExitCode: Event<number>;
  readonly onFlag: Event<number>;
  readonly onState: Event<DataChannelState>;
  readonly state: DataChannelState;
  readonly onEnd: Event<DataChannelEnd>;
  /** Fires when something that was written has been taken. */
  readonly onProgress: Event<void>;
  /** The agent takes input: `about` is known. */
  readonly onReady: Event<void>;
  /** What the agent said of itself and of the session, once it takes input. Absent until then. */
  readonly about: SessionAbout | undefined;
  write(data: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** A sign of life that no program notices. */
  keepAlive(): void;
  flag(value: number): void;
  /** Stops reading the WebSocket: the service then has the agent hold its output back. */
  pause(): void;
  resume(): void;
  readonly waitingBytes: number;
  /** Milliseconds of a WebSocket ping, through a resumption if need be; rejects with the signal's reason, and when the session ends. */
  ping(signal: AbortSignal): Promise<number>;
}

export interface SessionAbout {
  sessionType: string;
  properties: Readonly<Record<string, unknown>>;
  customerMessage: string;
  /** Absent where no handshake was due. */
  agentVersion?: string;
}

/** `resuming`: the WebSocket is gone, the session is not. */
export type DataChannelState =
  | { kind: 'open'; since: number }
  | { kind: 'resuming'; since: number; attempt: number; reason: string };

/**
 * - `ended`: by the other end, in its words
 * - `timed_out`: idle or at its longest, found on resuming
 * - `lost`: it could not be resumed in time, or not any more
 * - `fault`: the other end does what it must not
 * - `closed`: by us
 */
export interface DataChannelEnd {
  kind: 'ended' | 'timed_out' | 'lost' | 'fault' | 'closed';
  reason: string;
  advice?: string;
  /** Of an `ended` one: the service's, empty when the shell itself ended. */
  words?: string;
}

export interface StreamAddress {
  streamUrl: string;
  /** Empty: the session has timed out. */
  tokenValue: string;
}

export interface DataChannelOptions {
  sessionId: string;
  target: string;
  first: StreamAddress;
  /** ResumeSession, with fresh credentials. */
  renew(): Promise<Result<StreamAddress, AwsFailure>>;
  /** Headers of the signed upgrade. */
  sign(url: URL): Promise<Record<string, string>>;
  /** Only where an endpoint setting points at loopback may a stream be there, and without TLS. */
  loopback: boolean;
  keys: DataKeySource;
  clock: Clock;
  diagnostic(line: string): void;
}

const PING_EVERY_MS = 30_000;
/** The agent waits for a minute; a person should know sooner. */
const PONG_WITHIN_MS = 15_000;
const OPEN_WITHIN_MS = 15_000;
/** The service keeps a session whose client is gone until its idle time-out, 20 minutes unless set otherwise. */
const RESUME_FOR_MS = 20 * 60_000;
const BACKOFF_MOST_MS = 15_000;
const MOST_FRAME_BYTES = 256 * 1024;

/** Resolves when the first WebSocket is open. Fails with words for people when it cannot be opened. */
export async function openDataChannel(
  options: DataChannelOptions,
): Promise<Result<DataChannel, { reason: string; advice: string }>> {
  const { clock } = options;
  const owned = new DisposableStore();
  const output = owned.add(new Emitter<Uint8Array>());
  const errorOutput = owned.add(new Emitter<Uint8Array>());
  const exitCode = owned.add(new Emitter<number>());
  const flag = owned.add(new Emitter<number>());
  const states = owned.add(new Emitter<DataChannelState>());
  const ended = owned.add(new Emitter<DataChannelEnd>());
  const progress = owned.add(new Emitter<void>());
  const ready = owned.add(new Emitter<void>());
  const clientId = randomUUID();
  let state: DataChannelState = { kind: 'open', since: clock.now() };
  let socket: WebSocket | undefined;
  let keepalive: Disposable | undefined;
  let about: SessionAbout | undefined;
  const pings = new Set<(how: 'answered' | 'ended') => void>();
  let over = false;
  let paused = false;

  const protocol = owned.add(
    createSessionProtocol({
      sessionId: options.sessionId,
      target: options.target,
      clock,
      keys: options.keys,
      events: {
        output: (data) => output.fire(data),
        errorOutput: (data) => errorOutput.fire(data),
        exitCode: (code) => exitCode.fire(code),
        flag: (value) => flag.fire(value),
        progress: () => progress.fire(),
        ready(said) {
          const { agentVersion } = protocol;
          about = { ...said, ...(agentVersion === undefined ? {} : { agentVersion }) };
          ready.fire();
        },
        closed: (words) =>
          end({ kind: 'ended', words, reason: words || 'the session was ended at the other end' }),
        fault: (reason) => end({ kind: 'fault', reason }),
        garbage: (reason) =>
          options.diagnostic(`session ${options.sessionId}: a frame was passed over: ${reason}`),
      },
    }),
  );

  function end(how: DataChannelEnd): void {
    if (over) return;
    over = true;
    dropSocket();
    for (const settle of [...pings]) settle('ended');
    ended.fire(how);
    owned.dispose();
  }

  function dropSocket(): void {
    keepalive?.dispose();
    keepalive = undefined;
    protocol.detach();
    const old = socket;
    socket = undefined;
    if (!old) return;
    old.removeAllListeners();
    // Closing one that is still being opened reports an error, which is no news.
    old.on('error', () => {});
    old.terminate();
  }

  function setState(next: DataChannelState): void {
    state = next;
    states.fire(next);
  }

  async function connect(address: StreamAddress): Promise<Result<null, string>> {
    const url = streamUrlOf(address.streamUrl, options.loopback);
    if (!url.ok) return url;
    let headers: Record<string, string>;
    try {
      headers = await options.sign(url.value);
    } catch (error) {
      return fail(
        `the WebSocket could not be signed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    if (over) return fail('it was closed meanwhile');
    const opening = new WebSocket(url.value, {
      headers,
      perMessageDeflate: false,
      maxPayload: MOST_FRAME_BYTES,
      handshakeTimeout: OPEN_WITHIN_MS,
    });
    socket = opening;
    const opened = await new Promise<Result<null, string>>((resolve) => {
      opening.once('open', () => resolve(ok(null)));
      opening.once('error', (error) => resolve(fail(error.message || 'the WebSocket could not be opened')));
      opening.once('close', () => resolve(fail('the WebSocket was closed at once')));
    });
    if (socket !== opening) {
      opening.on('error', () => {});
      opening.terminate();
      return fail('it was closed meanwhile');
    }
    opening.removeAllListeners();
    if (!opened.ok) {
      dropSocket();
      return opened;
    }
    opening.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) protocol.receive(bytesOf(data));
    });
    opening.on('pong', () => {
      for (const settle of [...pings]) settle('answered');
    });
    if (pings.size > 0) opening.ping();
    opening.on('error', () => {});
    opening.on('close', (code, reason) => {
      if (socket === opening)
        lose(code === 1000 ? 'the service closed the connection' : wordsOf(code, reason));
    });
    opening.send(
      JSON.stringify({
        MessageSchemaVersion: '1.0',
        RequestId: randomUUID(),
        TokenValue: address.tokenValue,
        ClientId: clientId,
        ClientVersion: CLIENT_VERSION,
      }),
    );
    if (paused) opening.pause();
    protocol.attach((bytes) => opening.send(bytes));
    keepalive = watchPongs(
      opening,
      clock,
      () => paused,
      () => {
        if (socket === opening) lose(`no answer to a ping for ${PONG_WITHIN_MS / 1000} s`);
      },
    );
    return ok(null);
  }

  function lose(reason: string): void {
    dropSocket();
    if (!over) void comeBack(reason);
  }

  /** Full jitter, doubling from half a second: sessions that fell together do not come back together. */
  async function comeBack(reason: string): Promise<void> {
    const since = clock.now();
    for (let attempt = 1; !over; attempt++) {
      setState({ kind: 'resuming', since, attempt, reason });
      if (attempt > 1)
        await delay(clock, Math.random() * Math.min(BACKOFF_MOST_MS, 500 * 2 ** (attempt - 1)), owned);
      if (over) return;
      const renewed = await options.renew();
      if (over) return;
      if (renewed.ok && renewed.value.tokenValue === '') {
        end({ kind: 'timed_out', reason: 'the session timed out at the other end' });
        return;
      }
      if (!renewed.ok && renewed.error.kind === 'refused') {
        end({ kind: 'lost', reason: renewed.error.reason, advice: renewed.error.advice });
        return;
      }
      const again = renewed.ok ? await connect(renewed.value) : fail(renewed.error.reason);
      if (over) return;
      if (again.ok) {
        setState({ kind: 'open', since: clock.now() });
        return;
      }
      reason = again.error;
      if (clock.now() - since > RESUME_FOR_MS) {
        end({
          kind: 'lost',
          reason: `it could not be resumed for ${RESUME_FOR_MS / 60_000} minutes: ${reason}`,
        });
        return;
      }
    }
  }

  const first = await connect(options.first);
  if (!first.ok) {
    over = true;
    owned.dispose();
    return fail({
      reason: `the session's data channel could not be opened: ${first.error}`,
      advice:
        'Check that the ssmmessages endpoint of the region can be reached, directly or through your proxy.',
    });
  }

  return ok({
    sessionId: options.sessionId,
    onOutput: output.event,
    onErrorOutput: errorOutput.event,
    onExitCode: exitCode.event,
    onFlag: flag.event,
    onState: states.event,
    onEnd: ended.event,
    onProgress: progress.event,
    onReady: ready.event,
    get state() {
      return state;
    },
    get about() {
      return about;
    },
    write: (data) => protocol.write(data),
    resize: (columns, rows) => protocol.resize(columns, rows),
    keepAlive: () => protocol.keepAlive(),
    flag: (value) => protocol.flag(value),
    pause() {
      paused = true;
      socket?.pause();
    },
    resume() {
      paused = false;
      socket?.resume();
    },
    get waitingBytes() {
      return protocol.waitingBytes;
    },
    ping(signal) {
      return new Promise<number>((resolve, reject) => {
        signal.throwIfAborted();
        const started = clock.monotonic();
        const settle = (how: 'answered' | 'aborted' | 'ended') => {
          pings.delete(settle);
          signal.removeEventListener('abort', onAbort);
          if (how === 'answered') resolve(clock.monotonic() - started);
          else reject(how === 'aborted' ? (signal.reason as Error) : new Error('the session has ended'));
        };
        const onAbort = () => settle('aborted');
        signal.addEventListener('abort', onAbort, { once: true });
        pings.add(settle);
        if (over) settle('ended');
        // Without a socket it waits for the next one.
        else if (socket?.readyState === WebSocket.OPEN) socket.ping();
      });
    },
    dispose: () => end({ kind: 'closed', reason: 'closed here' }),
  });
}

function streamUrlOf(text: string, loopback: boolean): Result<URL, string> {
  if (!URL.canParse(text)) return fail('AWS gave a stream address that is none');
  const url = new URL(text);
  if (url.protocol === 'wss:') return ok(url);
  if (loopback && url.protocol === 'ws:' && url.hostname === '127.0.0.1') return ok(url);
  return fail(`a stream at ${url.protocol}//${url.host} is not taken: it must be wss`);
}

/** Frames may come as one buffer or in pieces. */
function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function wordsOf(code: number, reason: Buffer): string {
  const words = reason.toString('utf8').slice(0, 200);
  return words === '' ? `the connection broke (${code})` : `the connection was closed: ${words} (${code})`;
}

/** While reading is paused no pong can be seen, and none is asked for. */
function watchPongs(
  socket: WebSocket,
  clock: Clock,
  isPaused: () => boolean,
  onSilence: () => void,
): Disposable {
  const owned = new DisposableStore();
  let deadline: Disposable | undefined;
  socket.on('pong', () => {
    if (deadline) owned.release(deadline);
    deadline = undefined;
  });
  const ask = () => {
    if (deadline || isPaused()) return;
    socket.ping();
    deadline = owned.add(
      clock.after(PONG_WITHIN_MS, () => {
        deadline = undefined;
        if (!isPaused()) onSilence();
      }),
    );
  };
  owned.add(clock.every(PING_EVERY_MS, ask));
  return owned;
}

function delay(clock: Clock, milliseconds: number, owner: DisposableStore): Promise<void> {
  return new Promise((resolve) => {
    const timer = owner.add(clock.after(milliseconds, resolve));
    owner.addStop(() => {
      timer.dispose();
      resolve();
    });
  });
}
