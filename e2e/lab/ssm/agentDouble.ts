import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { decodeMessage, encodeMessage } from '../../../electron/core/transports/ssm/codec.ts';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { type AgentSession, type ShellCommand, startAgentSession } from './agentSession.ts';
import type { DoubleAccount } from './doubleAccount.ts';
import { kmsOperations } from './kmsOperations.ts';
import type { OpenedSession, SessionDoor, SessionRequest, StreamDoor } from './sessionDoor.ts';
import { checkSignature } from './signatureCheck.ts';

/** What goes wrong on the way, from now on. Shares of frames, 0…1, both ways. May be changed at any time. */
export interface Faults {
  loss: number;
  duplication: number;
  reordering: number;
  corruption: number;
  /** Nothing passes, and no ping is answered; the TCP connection stands. */
  stalled: boolean;
  /** WebSockets are refused: the network is gone. */
  unreachable: boolean;
}

export interface AgentDoubleOptions {
  account: DoubleAccount;
  clock: Clock;
  /** What a shell session of this target runs. */
  shellFor(target: string): ShellCommand;
  /** Where its ports are. Default 127.0.0.1. */
  addressFor?(target: string): string;
  agentVersion?: string;
  encryption?: { keyId: string; challenge: 'none' | 'random' };
  paced?: boolean;
  startDelayMs?: number;
  /** Without input for so long a session ends. Default 20 minutes. */
  idleMs?: number;
  /** A session ends after so long whatever happens. Default: never. */
  longestMs?: number;
  /** The service closes a WebSocket after about an hour, 1000 "Bye". */
  closeEveryMs?: number;
  /** How long a stream URL and its token may be used to connect. */
  urlForMs?: number;
}

export interface AgentDouble extends SessionDoor, Disposable {
  readonly faults: Faults;
  /** Closes every WebSocket as a network does that goes away. */
  breakConnections(): void;
  /** 1000 "Bye" on every WebSocket. */
  sayBye(): void;
  /** Ends a session as its idle time-out does. */
  expire(sessionId: string): Promise<void>;
  /** The shell's process of a session. */
  pidOf(sessionId: string): number | undefined;
}

interface Held {
  opened: OpenedSession;
  request: SessionRequest;
  agent: AgentSession | undefined;
  tokens: Map<string, { cell: string; until: number }>;
  socket: WebSocket | undefined;
  clientId: string | undefined;
  idle: Disposable | undefined;
  timedOut: boolean;
  owned: DisposableStore;
}

/** What the service buffers for a client before it has the agent pause. */
const PAUSE_AT = 1024 * 1024;

/** The data channel's service and the agents behind it, on a WebSocket of 127.0.0.1. */
export async function startAgentDouble(options: AgentDoubleOptions): Promise<AgentDouble> {
  const { account, clock } = options;
  const held = new Map<string, Held>();
  const faults: Faults = {
    loss: 0,
    duplication: 0,
    reordering: 0,
    corruption: 0,
    stalled: false,
    unreachable: false,
  };
  const server = createServer((_request, response) => {
    response.writeHead(426).end();
  });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 128 * 1024,
    autoPong: false,
  });

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'ws://127.0.0.1');
    const session = held.get(url.pathname.split('/').at(-1) ?? '');
    const signedInUrl = [...url.searchParams.keys()].some((key) => /^x-amz-/i.test(key));
    const verdict = signedInUrl
      ? undefined
      : checkSignature(
          { method: 'GET', url: request.url ?? '/', headers: request.headers, body: new Uint8Array(0) },
          (id) => account.keys.get(id),
          Date.now(),
        );
    const wrongScope =
      verdict?.ok && (verdict.service !== 'ssmmessages' || verdict.region !== account.region);
    if (faults.unreachable) socket.destroy();
    else if (!session || (verdict && !verdict.ok) || wrongScope)
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    else
      sockets.handleUpgrade(request, socket, head, (opened) =>
        serve(session, opened, url.searchParams.get('cell-number') ?? ''),
      );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  function newStream(session: Held): StreamDoor {
    const tokenValue = randomBytes(48).toString('base64');
    const cell = `AAAA${randomBytes(8).toString('hex')}`;
    session.tokens.set(tokenValue, { cell, until: clock.now() + (options.urlForMs ?? 60_000) });
    return {
      streamUrl: `ws://127.0.0.1:${port}/v1/data-channel/${session.opened.sessionId}?role=publish_subscribe&cell-number=${cell}`,
      tokenValue,
    };
  }

  function serve(session: Held, socket: WebSocket, cell: string): void {
    let greeted = false;
    socket.on('error', () => {});
    socket.on('ping', (data) => {
      if (!faults.stalled) socket.pong(data);
    });
    socket.on('message', (data: RawData, isBinary) => {
      const bytes = data as Buffer;
      if (!greeted) {
        const accepted = !isBinary && greet(session, bytes.toString(), cell);
        if (!accepted) {
          socket.close(4003, 'token refused');
          return;
        }
        greeted = true;
        carry(session, socket);
      } else if (isBinary) disturb(bytes, (frame) => fromClient(session, frame));
    });
    socket.on('close', () => {
      if (session.socket !== socket) return;
      session.socket = undefined;
      session.agent?.detach();
      if (session.opened.status === 'Connected') session.opened.status = 'Disconnected';
    });
  }

  function greet(session: Held, text: string, cell: string): boolean {
    let greeting: { TokenValue?: string; ClientId?: string; MessageSchemaVersion?: string };
    try {
      greeting = JSON.parse(text) as typeof greeting;
    } catch {
      return false;
    }
    const token = session.tokens.get(greeting.TokenValue ?? '');
    if (session.opened.status === 'Terminated') return false;
    if (greeting.MessageSchemaVersion !== '1.0' || token?.cell !== cell || clock.now() > token.until)
      return false;
    // Used up: a second connection needs a new one, from ResumeSession.
    session.tokens.delete(greeting.TokenValue ?? '');
    if (session.clientId !== undefined && session.clientId !== greeting.ClientId) return false;
    session.clientId = greeting.ClientId;
    return true;
  }

  function carry(session: Held, socket: WebSocket): void {
    session.socket?.terminate();
    session.socket = socket;
    session.opened.status = 'Connected';
    session.agent ??= session.owned.add(startAgent(session));
    const { agent } = session;
    let publishing = true;
    agent.attach((bytes) =>
      disturb(bytes, (frame) => {
        if (socket.readyState !== WebSocket.OPEN) return;
        socket.send(frame, () => {
          if (!publishing && socket.bufferedAmount < PAUSE_AT / 2) {
            publishing = true;
            agent.publish(true);
          }
        });
        if (publishing && socket.bufferedAmount > PAUSE_AT) {
          publishing = false;
          agent.publish(false);
        }
      }),
    );
    agent.publish(true);
    if (options.closeEveryMs !== undefined)
      session.owned.add(clock.after(options.closeEveryMs, () => socket.close(1000, 'Bye')));
  }

  function startAgent(session: Held): AgentSession {
    const { encryption } = options;
    touch(session);
    if (options.longestMs !== undefined)
      session.owned.add(
        clock.after(options.longestMs, () => timeOut(session, 'The session reached its maximum duration.')),
      );
    return startAgentSession({
      request: session.request,
      clock,
      agentVersion: options.agentVersion ?? '3.3.987.0',
      shell: options.shellFor(session.request.target),
      address: options.addressFor?.(session.request.target) ?? '127.0.0.1',
      paced: options.paced ?? false,
      startDelayMs: options.startDelayMs ?? 50,
      ...(encryption
        ? {
            encryption: {
              ...encryption,
              async decrypt(sealed, context) {
                const opened = (await kmsOperations['Decrypt']?.({
                  account,
                  arn: 'agent',
                  requestId: randomUUID(),
                  now: clock.now(),
                  input: { CiphertextBlob: sealed, EncryptionContext: context },
                })) as { Plaintext: string };
                return Buffer.from(opened.Plaintext, 'base64');
              },
            },
          }
        : {}),
      onInput: () => touch(session),
      onEnd: (words) => close(session, words),
    });
  }

  function touch(session: Held): void {
    session.idle?.dispose();
    session.idle = session.owned.add(
      clock.after(options.idleMs ?? 20 * 60_000, () =>
        timeOut(session, 'The session timed out because it was idle.'),
      ),
    );
  }

  function timeOut(session: Held, words: string): void {
    session.timedOut = true;
    close(session, words);
  }

  function close(session: Held, words: string): void {
    const { opened, socket } = session;
    if (opened.status === 'Terminated') return;
    opened.status = 'Terminated';
    opened.endedAt = clock.now();
    if (socket?.readyState === WebSocket.OPEN) {
      socket.send(
        encodeMessage({
          messageType: 'channel_closed',
          createdAt: clock.now(),
          sequence: 0n,
          flags: 0n,
          messageId: randomUUID(),
          payloadType: 0,
          payload: Buffer.from(
            JSON.stringify({
              MessageId: randomUUID(),
              CreatedDate: new Date(clock.now()).toISOString(),
              DestinationId: session.clientId,
              SessionId: opened.sessionId,
              MessageType: 'channel_closed',
              SchemaVersion: 1,
              Output: words,
            }),
          ),
        }),
      );
      socket.close(1000);
    }
    session.owned.dispose();
  }

  function fromClient(session: Held, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    // An agent logs what it cannot read, and goes on.
    if (message.ok) session.agent?.receive(message.value);
  }

  function disturb(bytes: Uint8Array, pass: (bytes: Uint8Array) => void): void {
    if (faults.stalled || Math.random() < faults.loss) return;
    let frame = bytes;
    if (Math.random() < faults.corruption) {
      frame = Uint8Array.from(bytes);
      // In the digest or behind it: what the digest does not cover, only TLS keeps.
      const at = 80 + Math.floor(Math.random() * 32);
      frame[at] = (frame[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
    }
    if (Math.random() < faults.duplication) pass(frame);
    if (Math.random() < faults.reordering) {
      const late = Uint8Array.from(frame);
      clock.after(Math.random() * 50, () => pass(late));
    } else pass(frame);
  }

  return {
    faults,
    async start(request) {
      const session: Held = {
        request,
        opened: {
          sessionId: request.sessionId,
          target: request.target,
          documentName: request.documentName,
          owner: request.owner,
          startedAt: clock.now(),
          status: 'Connecting',
        },
        agent: undefined,
        tokens: new Map(),
        socket: undefined,
        clientId: undefined,
        idle: undefined,
        timedOut: false,
        owned: new DisposableStore(),
      };
      held.set(request.sessionId, session);
      return newStream(session);
    },
    async resume(sessionId) {
      const session = held.get(sessionId);
      if (!session) return undefined;
      if (session.opened.status !== 'Terminated') return newStream(session);
      return session.timedOut ? { streamUrl: '', tokenValue: '' } : undefined;
    },
    async terminate(sessionId) {
      const session = held.get(sessionId);
      if (!session || session.opened.status === 'Terminated') return false;
      close(session, '');
      return true;
    },
    get sessions() {
      return [...held.values()].map((session) => session.opened);
    },
    breakConnections() {
      for (const session of held.values()) session.socket?.terminate();
    },
    sayBye() {
      for (const session of held.values()) session.socket?.close(1000, 'Bye');
    },
    async expire(sessionId) {
      const session = held.get(sessionId);
      if (session) timeOut(session, 'The session timed out because it was idle.');
    },
    pidOf: (sessionId) => held.get(sessionId)?.agent?.pid,
    dispose() {
      for (const session of held.values()) {
        session.socket?.terminate();
        session.owned.dispose();
      }
      sockets.close();
      server.close();
      server.closeAllConnections();
    },
  };
}
