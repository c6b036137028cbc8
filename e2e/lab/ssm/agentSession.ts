import { type ChildProcess, spawn as spawnProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type IPty, spawn as spawnPty } from '@lydell/node-pty';
import { type ChannelMessage, FLAG, PAYLOAD } from '../../../electron/core/transports/ssm/codec.ts';
import { compareVersions } from '../../../electron/core/transports/ssm/handshake.ts';
import {
  createSessionEncryption,
  type SessionEncryption,
} from '../../../electron/core/transports/ssm/sessionEncryption.ts';
import { createSmuxSession, type SmuxSession } from '../../../electron/core/transports/ssm/smux.ts';
import { createTerminalInput, type TerminalInput } from '../../../electron/core/transports/terminalInput.ts';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { createAgentStream } from './agentStream.ts';
import type { SessionRequest } from './sessionDoor.ts';

export interface AgentOptions {
  request: SessionRequest;
  clock: Clock;
  agentVersion: string;
  /** The instance's own address, as the agent on it says 127.0.0.1. */
  address: string;
  /** What a shell session runs, and where. */
  shell: ShellCommand;
  /** Set where the account wants sessions encrypted: the key, and KMS's Decrypt. */
  encryption?: {
    keyId: string;
    /** `random`: newer agents add a challenge to the request and to the encryption context. */
    challenge: 'none' | 'random';
    decrypt(sealed: string, context: Record<string, string>): Promise<Uint8Array>;
  };
  /** Both official ends wait a millisecond between chunks of 1,024 bytes. */
  paced: boolean;
  /** Until the pty exists. Input that comes before is not acknowledged. */
  startDelayMs: number;
  onInput(): void;
  /** The agent is done: channel_closed. */
  onEnd(words: string): void;
}

export interface ShellCommand {
  file: string;
  args: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

/** What an agent does for one session, with a real shell, command or connection behind it. */
export interface AgentSession extends Disposable {
  attach(transmit: (bytes: Uint8Array) => void): void;
  detach(): void;
  receive(message: ChannelMessage): void;
  /** pause_publication and start_publication, by the service. */
  publish(publishing: boolean): void;
  /** The shell's process on this machine, once there is one. */
  readonly pid: number | undefined;
}

/** node-pty lets children inherit the other terminals' masters: a terminal would not hang up while any of them lives. */
const CLOSE_OTHERS =
  'for f in /proc/self/fd/*; do f=${f##*/}; [ "$f" -gt 2 ] && eval "exec $f>&-"; done; exec "$@"';

/** Its own outgoing buffer, beyond which it stops reading the pty. */
const MOST_WAITING = 4 * 1024 * 1024;
const HANDSHAKE_WITHIN_MS = 15_000;

export function startAgentSession(options: AgentOptions): AgentSession {
  const { request, clock } = options;
  const owned = new DisposableStore();
  const kind = sessionTypeOf(request);
  const shakesHands =
    kind === 'Port' || kind === 'NonInteractiveCommands' || options.encryption !== undefined;
  let encryption: SessionEncryption | undefined;
  let agreed = !shakesHands;
  let challenge: Buffer | undefined;
  let clientVersion = '0';
  let pty: IPty | undefined;
  let input: TerminalInput | undefined;
  let command: ChildProcess | undefined;
  let socket: Socket | undefined;
  let smux: SmuxSession | undefined;
  let started = false;
  let publishing = true;
  let over = false;
  let size = { cols: 80, rows: 24 };
  const random = randomBytes(32).toString('base64');

  const stream = owned.add(createAgentStream({ clock, deliver: take, onProgress: () => regulate() }));

  function regulate(): void {
    const stop = !publishing || stream.waitingBytes + paceQueueBytes > MOST_WAITING;
    if (stop) {
      pty?.pause();
      socket?.pause();
      command?.stdout?.pause();
    } else {
      pty?.resume();
      socket?.resume();
      command?.stdout?.resume();
    }
  }

  // Pacing: a chunk of 1,024 bytes a millisecond.
  const paceQueue: [number, Uint8Array][] = [];
  let paceQueueBytes = 0;
  if (options.paced) {
    owned.add(
      clock.every(1, () => {
        const next = paceQueue.shift();
        if (!next) return;
        paceQueueBytes -= next[1].length;
        stream.send(next[0], next[1]);
        regulate();
      }),
    );
  }

  function give(payloadType: number, data: Uint8Array): void {
    if (over) return;
    const piece = encryption ? 1024 - 28 : 1024;
    for (let at = 0; at < data.length; at += piece) {
      const plain = data.subarray(at, at + piece);
      const payload = encryption ? encryption.encrypt(plain) : plain;
      if (options.paced) {
        paceQueue.push([payloadType, Uint8Array.from(payload)]);
        paceQueueBytes += payload.length;
      } else stream.send(payloadType, payload);
    }
    regulate();
  }

  /** After the last byte has been taken. */
  function finish(words: string): void {
    const wait = () => {
      if (over) return;
      if (stream.waitingBytes + paceQueueBytes > 0) owned.add(clock.after(20, wait));
      else {
        over = true;
        options.onEnd(words);
      }
    };
    wait();
  }

  function start(): void {
    if (started || over) return;
    started = true;
    if (kind === 'Port') startPort();
    else if (kind === 'NonInteractiveCommands') startCommand();
    else startShell();
  }

  function startShell(): void {
    const { file, args, environment } = options.shell;
    const commandLine = request.command ?? request.parameters['command']?.join(' ');
    const argv = [file, ...args, ...(commandLine === undefined ? [] : ['-c', commandLine])];
    pty = spawnPty('/bin/bash', ['-c', CLOSE_OTHERS, 'close', ...argv], {
      name: 'xterm-256color',
      ...size,
      env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color', ...environment },
      cwd: '/',
      encoding: null,
    });
    input = owned.add(createTerminalInput(clock, pty));
    pty.onData((data) => give(PAYLOAD.output, data as unknown as Uint8Array));
    pty.onExit(() => {
      input?.dispose();
      finish('');
    });
    owned.addStop(() => {
      try {
        // The agent kills its own child and closes the pty, and not the child's group: what ignores a hang-up stays.
        pty?.kill('SIGKILL');
      } catch {
        // It had ended.
      }
    });
  }

  function startCommand(): void {
    const line = request.parameters['command']?.join(' ') ?? '';
    const child = spawnProcess(options.shell.file, [...options.shell.args, '-c', line], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    command = child;
    child.stdout.on('data', (data: Buffer) => give(PAYLOAD.output, data));
    child.stderr.on('data', (data: Buffer) => give(PAYLOAD.standardError, data));
    child.on('close', (code) => {
      give(PAYLOAD.exitCode, Buffer.from(`EXIT_CODE: ${code ?? 1}`));
      finish('');
    });
    owned.addStop(() => child.kill('SIGKILL'));
  }

  function startPort(): void {
    const port = Number(request.parameters['portNumber']?.[0] ?? 22);
    const host = request.parameters['host']?.[0] ?? options.address;
    const multiplexed =
      request.parameters['type']?.[0] === 'LocalPortForwarding' &&
      compareVersions(options.agentVersion, '3.0.196.0') > 0 &&
      compareVersions(clientVersion, '1.1.70') >= 0;
    if (multiplexed) {
      smux = createSmuxSession({
        send: (bytes) => give(PAYLOAD.output, bytes),
        accept(stream) {
          const outward = connect({ port, host });
          outward.on('error', () => {
            flag(FLAG.connectToPortError);
            stream.destroy();
          });
          outward.on('close', () => stream.end(() => stream.destroy()));
          stream.on('end', () => outward.end());
          stream.on('close', () => outward.destroy());
          stream.on('error', () => outward.destroy());
          outward.on('data', (data) => {
            if (!stream.write(data)) {
              outward.pause();
              stream.once('drain', () => outward.resume());
            }
          });
          stream.on('data', (data: Buffer) => void outward.write(data));
          owned.addStop(() => outward.destroy());
        },
      });
      owned.addStop(() => smux?.close('the session ended'));
      return;
    }
    const plain = connect({ port, host });
    socket = plain;
    plain.on('error', () => {
      flag(FLAG.connectToPortError);
      finish('Connection to destination port failed, check SSM Agent logs.');
    });
    plain.on('data', (data) => give(PAYLOAD.output, data));
    plain.on('end', () => finish(''));
    owned.addStop(() => plain.destroy());
  }

  function flag(value: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(value, 0);
    stream.send(PAYLOAD.flag, payload);
  }

  function take(message: ChannelMessage): void {
    const { payloadType, payload } = message;
    if (payloadType === PAYLOAD.handshakeResponse) void takeHandshake(Buffer.from(payload).toString('utf8'));
    else if (payloadType === PAYLOAD.encryptionChallengeResponse) takeChallenge(payload);
    else if (payloadType === PAYLOAD.size) {
      options.onInput();
      size = JSON.parse(Buffer.from(payload).toString('utf8')) as typeof size;
      pty?.resize(size.cols, size.rows);
    } else if (payloadType === PAYLOAD.flag) {
      if (Buffer.from(payload).readUInt32BE(0) === FLAG.disconnectToPort) socket?.end();
    } else if (payloadType === PAYLOAD.output) {
      // Acknowledged and thrown away while the handshake is not complete: the trap.
      if (!agreed || !started) return;
      options.onInput();
      const plain = encryption?.decrypt(payload);
      if (plain && !plain.ok) {
        finish(plain.error);
        return;
      }
      const data = plain?.value ?? payload;
      if (smux) {
        const taken = smux.receive(data);
        if (!taken.ok) finish(taken.error);
      } else if (socket) socket.write(Uint8Array.from(data));
      else input?.write(Uint8Array.from(data));
    }
  }

  async function takeHandshake(text: string): Promise<void> {
    const response = JSON.parse(text) as {
      ClientVersion: string;
      ProcessedClientActions: {
        ActionType: string;
        ActionStatus: number;
        ActionResult: {
          KMSCipherTextKey: string;
          KMSCipherTextHash: string;
          ChallengeAcknowledgement?: boolean;
        };
        Error: string;
      }[];
    };
    clientVersion = response.ClientVersion;
    if (!options.encryption) {
      complete();
      return;
    }
    const action = response.ProcessedClientActions.find((a) => a.ActionType === 'KMSEncryption');
    if (action?.ActionStatus !== 1) {
      finish(`Encryption failed: ${action?.Error ?? 'no answer to KMSEncryption'}`);
      return;
    }
    const result = action.ActionResult;
    const hash = createHash('sha256').update(Buffer.from(result.KMSCipherTextKey, 'base64')).digest('base64');
    if (hash !== result.KMSCipherTextHash) {
      finish('the hash of the sealed key is wrong');
      return;
    }
    try {
      const key = await options.encryption.decrypt(result.KMSCipherTextKey, {
        'aws:ssm:SessionId': request.sessionId,
        'aws:ssm:TargetId': request.target,
        ...(options.encryption.challenge === 'random' && result.ChallengeAcknowledgement === true
          ? { 'aws:ssm:RandomChallenge': random }
          : {}),
      });
      // The client decrypts with the first half and encrypts with the second.
      encryption = createSessionEncryption(key.subarray(0, 32), key.subarray(32));
    } catch (error) {
      finish(`the data key could not be opened: ${String(error)}`);
      return;
    }
    challenge = randomBytes(64);
    stream.send(
      PAYLOAD.encryptionChallengeRequest,
      Buffer.from(
        JSON.stringify({ Challenge: Buffer.from(encryption.encrypt(challenge)).toString('base64') }),
      ),
    );
  }

  function takeChallenge(payload: Uint8Array): void {
    const { Challenge } = JSON.parse(Buffer.from(payload).toString('utf8')) as { Challenge: string };
    const plain = encryption?.decrypt(Buffer.from(Challenge, 'base64'));
    if (plain?.ok && challenge && Buffer.compare(plain.value, challenge) === 0) complete();
    else finish('the answer to the encryption challenge is wrong');
  }

  function complete(): void {
    if (agreed) return;
    agreed = true;
    stream.send(
      PAYLOAD.handshakeComplete,
      Buffer.from(JSON.stringify({ HandshakeTimeToComplete: 1_000_000, CustomerMessage: '' })),
    );
    start();
  }

  if (shakesHands) {
    stream.send(
      PAYLOAD.handshakeRequest,
      Buffer.from(
        JSON.stringify({
          AgentVersion: options.agentVersion,
          RequestedClientActions: [
            ...(options.encryption
              ? [
                  {
                    ActionType: 'KMSEncryption',
                    ActionParameters: {
                      KMSKeyId: options.encryption.keyId,
                      ...(options.encryption.challenge === 'random' ? { Challenge: random } : {}),
                    },
                  },
                ]
              : []),
            {
              ActionType: 'SessionType',
              ActionParameters: {
                SessionType: kind,
                Properties: Object.fromEntries(
                  Object.entries(request.parameters).map(([key, value]) => [key, value[0] ?? '']),
                ),
              },
            },
          ],
        }),
      ),
    );
    owned.add(
      clock.after(HANDSHAKE_WITHIN_MS, () => {
        if (!agreed) finish('Timed out waiting for a response to the handshake.');
      }),
    );
  } else owned.add(clock.after(options.startDelayMs, start));

  return {
    attach: (transmit) => stream.attach(transmit),
    detach: () => stream.detach(),
    receive(message) {
      // Before there is a pty nothing is acknowledged, so it comes again.
      if (!started && !shakesHands && message.messageType === 'input_stream_data') return;
      stream.receive(message);
    },
    publish(next) {
      publishing = next;
      regulate();
    },
    get pid() {
      return pty?.pid ?? command?.pid;
    },
    dispose() {
      over = true;
      owned.dispose();
    },
  };
}

function sessionTypeOf(request: SessionRequest): string {
  switch (request.documentName) {
    case 'AWS-StartSSHSession':
    case 'AWS-StartPortForwardingSession':
    case 'AWS-StartPortForwardingSessionToRemoteHost':
      return 'Port';
    case 'AWS-StartNonInteractiveCommand':
      return 'NonInteractiveCommands';
    case 'AWS-StartInteractiveCommand':
      return 'InteractiveCommands';
    default:
      return 'Standard_Stream';
  }
}
