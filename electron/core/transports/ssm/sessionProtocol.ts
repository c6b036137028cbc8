import type { Clock } from '../../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../../shared/base/disposable.ts';
import { type ChannelMessage, decodeMessage, PAYLOAD } from './codec.ts';
import {
  ACTION_STATUS,
  type ProcessedAction,
  readHandshakeComplete,
  readHandshakeRequest,
  writeHandshakeResponse,
} from './handshake.ts';
import { CHUNK_BYTES, createReliableStream } from './reliableStream.ts';
import {
  agreeOnKeys,
  answerChallenge,
  type DataKeySource,
  type SessionEncryption,
} from './sessionEncryption.ts';

/**
 * What the data channel's payloads mean to a client: the handshake where one is due, encryption, output, exit codes.
 * Input is held until the agent takes it: before HandshakeComplete it would be acknowledged and thrown away.
 */
export interface SessionProtocol extends Disposable {
  attach(transmit: (bytes: Uint8Array) => void): void;
  detach(): void;
  /** One frame of the wire. */
  receive(bytes: Uint8Array): void;
  write(data: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /**
   * A sign of life that no program notices: the size that the terminal has already. What AWS counts as activity is
   * not documented; this is a client's own message, as a key is.
   */
  keepAlive(): void;
  /** A Flag payload: sessions to a port only. */
  flag(value: number): void;
  readonly agentVersion: string | undefined;
  /** Given, and not taken by the agent yet. */
  readonly waitingBytes: number;
  readonly silentSince: number | undefined;
}

const USUAL_SIZE = { columns: 80, rows: 24 };

export interface SessionProtocolEvents {
  output(data: Uint8Array): void;
  errorOutput(data: Uint8Array): void;
  exitCode(code: number): void;
  /** The agent takes input now. */
  ready(about: {
    sessionType: string;
    properties: Readonly<Record<string, unknown>>;
    customerMessage: string;
  }): void;
  /** `FLAG.connectToPortError`: nothing listens on the port there. */
  flag(value: number): void;
  /** channel_closed: the session is over, in the service's words. */
  closed(reason: string): void;
  /** The session cannot go on. */
  fault(reason: string): void;
  /** A frame that was no message: told, and passed over. */
  garbage(reason: string): void;
  /** The agent acknowledged something. */
  progress(): void;
}

export interface SessionProtocolOptions {
  sessionId: string;
  target: string;
  clock: Clock;
  keys: DataKeySource;
  events: SessionProtocolEvents;
}

/**
 * A shell without encryption has no handshake and shows a prompt within a second or two; one that prints nothing is
 * taken to be ready when an agent would have given up on a handshake.
 */
const SILENT_SHELL_MS = 15_000;
const EXIT_CODE = /^EXIT_CODE: ?(-?\d{1,10})\s*$/;

export function createSessionProtocol(options: SessionProtocolOptions): SessionProtocol {
  const { clock, events } = options;
  const owned = new DisposableStore();
  let ready = false;
  let handshaking = false;
  let over = false;
  let agentVersion: string | undefined;
  let sessionType = 'Standard_Stream';
  let properties: Readonly<Record<string, unknown>> = {};
  let encryption: SessionEncryption | undefined;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let size: { columns: number; rows: number } | undefined;
  let silent: Disposable | undefined;

  const stream = owned.add(
    createReliableStream({ clock, deliver: take, onProgress: () => events.progress() }),
  );

  function fault(reason: string): void {
    if (over) return;
    over = true;
    events.fault(reason);
  }

  function becomeReady(customerMessage: string): void {
    if (ready) return;
    ready = true;
    silent?.dispose();
    if (size) sendSize();
    const waiting = held;
    held = [];
    heldBytes = 0;
    for (const data of waiting) sendInput(data);
    events.ready({ sessionType, properties, customerMessage });
  }

  /** What is sealed must stay whole: cut first, seal each piece. */
  function sendInput(data: Uint8Array): void {
    const most = encryption ? CHUNK_BYTES - SEAL_BYTES : CHUNK_BYTES;
    for (let at = 0; at < data.length; at += most) {
      const piece = data.subarray(at, at + most);
      stream.send(PAYLOAD.output, encryption ? encryption.encrypt(piece) : piece);
    }
  }

  function sendSize(): void {
    if (!size) return;
    stream.send(PAYLOAD.size, Buffer.from(JSON.stringify({ cols: size.columns, rows: size.rows })));
  }

  function take(message: ChannelMessage): void {
    if (over) return;
    const { payloadType, payload } = message;
    switch (payloadType) {
      case PAYLOAD.handshakeRequest:
        handshaking = true;
        silent?.dispose();
        void shakeHands(Uint8Array.from(payload));
        return;
      case PAYLOAD.encryptionChallengeRequest: {
        if (!encryption) {
          fault('the agent asks for a proof of encryption that was not agreed on');
          return;
        }
        const answer = answerChallenge(encryption, payload);
        if (!answer.ok) {
          fault(answer.error);
          return;
        }
        stream.send(PAYLOAD.encryptionChallengeResponse, answer.value);
        return;
      }
      case PAYLOAD.handshakeComplete: {
        const complete = readHandshakeComplete(payload);
        if (!complete.ok) {
          fault(complete.error);
          return;
        }
        handshaking = false;
        becomeReady(complete.value.customerMessage);
        return;
      }
      case PAYLOAD.flag:
        if (payload.length >= 4) events.flag(Buffer.from(payload).readUInt32BE(0));
        return;
      case PAYLOAD.output:
      case PAYLOAD.error:
      case PAYLOAD.standardError:
      case PAYLOAD.exitCode:
        break;
      default:
        // Later agents may have more to say; what we do not know is not ours to act on.
        return;
    }
    const plain = encryption && payloadType !== PAYLOAD.error ? encryption.decrypt(payload) : undefined;
    if (plain && !plain.ok) {
      fault(plain.error);
      return;
    }
    const data = plain?.value ?? payload;
    if (payloadType === PAYLOAD.exitCode) {
      const code = EXIT_CODE.exec(Buffer.from(data).toString('utf8'))?.[1];
      if (code !== undefined) events.exitCode(Number(code));
    } else if (payloadType === PAYLOAD.standardError) events.errorOutput(data);
    else events.output(data);
    // Output without a handshake: there is none to wait for.
    if (!handshaking) becomeReady('');
  }

  async function shakeHands(payload: Uint8Array): Promise<void> {
    const request = readHandshakeRequest(payload);
    if (!request.ok) {
      fault(request.error);
      return;
    }
    agentVersion = request.value.agentVersion;
    const answers: ProcessedAction[] = [];
    let agreed: SessionEncryption | undefined;
    for (const { type, parameters } of request.value.actions) {
      const answer: ProcessedAction = {
        ActionType: type,
        ActionStatus: ACTION_STATUS.success,
        ActionResult: null,
        Error: '',
      };
      answers.push(answer);
      if (type === 'SessionType') {
        const { SessionType, Properties } = parameters;
        if (typeof SessionType === 'string') sessionType = SessionType;
        if (typeof Properties === 'object' && Properties !== null)
          properties = Properties as Record<string, unknown>;
      } else if (type === 'KMSEncryption') {
        const { KMSKeyId, Challenge } = parameters;
        try {
          const agreement = await agreeOnKeys(options.keys, {
            keyId: String(KMSKeyId ?? ''),
            sessionId: options.sessionId,
            target: options.target,
            ...(typeof Challenge === 'string' ? { challenge: Challenge } : {}),
          });
          agreed = agreement.encryption;
          answer.ActionResult = agreement.result;
        } catch (error) {
          answer.ActionStatus = ACTION_STATUS.failed;
          answer.Error = `KMSEncryption: ${error instanceof Error ? error.message : String(error)}`;
        }
      } else {
        answer.ActionStatus = ACTION_STATUS.unsupported;
        answer.Error = `Unsupported action ${type}`;
      }
    }
    if (over || owned.isDisposed) return;
    stream.send(PAYLOAD.handshakeResponse, writeHandshakeResponse(answers));
    const failed = answers.find((a) => a.ActionType === 'KMSEncryption' && a.Error !== '');
    if (failed) fault(`the session's encryption could not be agreed on: ${failed.Error}`);
    encryption = agreed;
  }

  return {
    attach(transmit) {
      stream.attach(transmit);
      if (!ready && !handshaking) {
        silent?.dispose();
        silent = owned.add(clock.after(SILENT_SHELL_MS, () => becomeReady('')));
      }
    },
    detach: () => stream.detach(),
    receive(bytes) {
      if (over) return;
      const message = decodeMessage(bytes);
      if (!message.ok) {
        events.garbage(message.error.reason);
        return;
      }
      if (message.value.messageType === 'channel_closed') {
        over = true;
        events.closed(closingWords(message.value.payload));
      } else stream.receive(message.value);
    },
    write(data) {
      if (over || data.length === 0) return;
      if (ready) sendInput(data);
      else {
        held.push(Uint8Array.from(data));
        heldBytes += data.length;
      }
    },
    resize(columns, rows) {
      size = { columns, rows };
      if (ready && !over) sendSize();
    },
    keepAlive() {
      if (!ready || over) return;
      size ??= USUAL_SIZE;
      sendSize();
    },
    flag(value) {
      if (over) return;
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(value, 0);
      stream.send(PAYLOAD.flag, payload);
    },
    get agentVersion() {
      return agentVersion;
    },
    get waitingBytes() {
      return stream.waitingBytes + heldBytes;
    },
    get silentSince() {
      return stream.silentSince;
    },
    dispose() {
      over = true;
      owned.dispose();
    },
  };
}

/** Nonce and tag. */
const SEAL_BYTES = 28;

/** `{MessageId,CreatedDate,DestinationId,SessionId,MessageType,SchemaVersion,Output}` */
function closingWords(payload: Uint8Array): string {
  try {
    const { Output } = JSON.parse(Buffer.from(payload).toString('utf8')) as { Output?: unknown };
    return typeof Output === 'string' ? Output : '';
  } catch {
    return '';
  }
}
