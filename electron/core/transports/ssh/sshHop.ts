import type { Duplex } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import type { Clock } from '../../../../shared/base/clock.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { PromptAnswer } from '../../../../shared/model/prompt.ts';
import type { Prompter, Question } from '../../sessions/prompter.ts';
import type { ConnectFailure } from '../transport.ts';
import { createHostKeyCheck, type HOST_KEY_ALGORITHMS } from './hostKeyCheck.ts';
import type { KeyRing } from './keyRing.ts';
import { serverVersion } from './ssh2Internals.ts';
import { createAuthentication } from './sshAuthentication.ts';
import { describeSshError } from './sshFailure.ts';
import type { SshTarget } from './sshTarget.ts';

/** A server that has authenticated us. */
export interface SshHopOptions {
  host: HostId;
  target: SshTarget;
  /** The wire to it, connected. It ends with the hop, whatever comes of it. */
  socket: Duplex;
  prompter: Prompter;
  keyRing: KeyRing;
  agentSocket: string | undefined;
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
  onAuthenticating(): void;
}

/**
 * Authentication may wait for PAM, LDAP or a reverse look-up on a host in trouble: longer than a handshake, and
 * shorter than sshd's LoginGraceTime of 120 s.
 */
const AUTHENTICATION_TIMEOUT_MS = 60_000;

/**
 * aes-gcm measured 260 MB/s and aes-ctr 106 in Node. Never chacha20: BoringSSL under Electron has no such cipher,
 * and ssh2 would offer it and fail.
 */
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

/** Handshake, host key and authentication with one server, over a wire that is there. */
export async function connectHop(options: SshHopOptions): Promise<Result<Client, ConnectFailure>> {
  const { target, socket, signal, clock } = options;
  const client = new ssh2.Client();
  const ending = new AbortController();
  const place = describeHop(target);

  return new Promise((resolve) => {
    let settled = false;
    let failure: ConnectFailure | undefined;
    let phase: 'handshake' | 'authentication' = 'handshake';
    const deadline = createDeadline(clock, () =>
      settle({
        kind: 'retry',
        reason:
          phase === 'handshake'
            ? serverVersion(client) === undefined
              ? `${place} accepted the connection and said nothing for ${seconds(options.timeoutMs)}`
              : `${place} did not finish the handshake within ${seconds(options.timeoutMs)}`
            : `${place} did not decide about the login within ${seconds(AUTHENTICATION_TIMEOUT_MS)}`,
        advice:
          'The host may be starved of memory or CPU, or something between drops packets. Fireline tries again.',
      }),
    );

    function settle(result: ConnectFailure | 'ready'): void {
      if (settled) return;
      settled = true;
      deadline.dispose();
      signal.removeEventListener('abort', onAbort);
      ending.abort();
      if (result === 'ready') {
        resolve(ok(client));
        return;
      }
      client.on('error', () => {});
      client.destroy();
      socket.destroy();
      resolve(fail(result));
    }

    const onAbort = () => settle({ kind: 'retry', reason: 'cancelled', advice: '' });
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort);

    const ask = async (question: WithoutPlace<Question>): Promise<PromptAnswer> => {
      const resume = deadline.hold();
      try {
        const asked = { ...question, host: options.host, hop: place } as Question;
        return await options.prompter.ask(asked, ending.signal);
      } finally {
        resume();
      }
    };

    const hostKey = createHostKeyCheck({ target, ask, interactive: options.prompter.interactive });
    const authentication = createAuthentication({
      target,
      keyRing: options.keyRing,
      agentSocket: options.agentSocket,
      ask,
      interactive: options.prompter.interactive,
    });

    client.on('handshake', () => {
      if (phase === 'authentication') return;
      phase = 'authentication';
      options.onAuthenticating();
      deadline.restart(AUTHENTICATION_TIMEOUT_MS);
    });
    client.on('ready', () => settle('ready'));
    client.on('error', (error) => {
      // A key that could not sign is passed over; ssh2 goes on to the next by itself.
      if ((error as { level?: string }).level === 'agent') return;
      failure ??= hostKey.failure() ?? describeSshError(error, place, target, phase, authentication.story);
    });
    client.on('close', () =>
      settle(
        failure ??
          describeSshError(
            new Error('the connection was closed'),
            place,
            target,
            phase,
            authentication.story,
          ),
      ),
    );

    deadline.restart(options.timeoutMs);
    try {
      client.connect({
        sock: socket,
        username: target.user,
        authHandler: authentication.handler,
        // Our own deadline stops while a person is asked; ssh2's would not.
        readyTimeout: 0,
        keepaliveInterval: 0,
        hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
          void hostKey.check(key).then(verify, () => verify(false));
        },
        algorithms: {
          cipher: [...CIPHERS],
          serverHostKey: hostKey.algorithms as (typeof HOST_KEY_ALGORITHMS)[number][],
        },
      });
    } catch (error) {
      settle({
        kind: 'refused',
        reason: `${place}: ${error instanceof Error ? error.message : String(error)}`,
        advice: 'Check the entry of this host.',
      });
    }
  });
}

type WithoutPlace<T> = T extends unknown ? Omit<T, 'host' | 'hop'> : never;

/** `deploy@10.0.0.1:22`. */
export const describeHop = (target: SshTarget): string => `${target.user}@${target.hostname}:${target.port}`;

const seconds = (milliseconds: number) => `${Math.round(milliseconds / 1_000)} s`;

/** A bound that stands still while someone is asked. */
function createDeadline(clock: Clock, onExpired: () => void) {
  let timer: { dispose(): void } | undefined;
  let held = 0;
  let limit = 0;
  const arm = () => {
    timer?.dispose();
    timer = held === 0 ? clock.after(limit, onExpired) : undefined;
  };
  return {
    restart(milliseconds: number) {
      limit = milliseconds;
      arm();
    },
    hold() {
      held++;
      arm();
      return () => {
        held--;
        arm();
      };
    },
    dispose() {
      held = Number.POSITIVE_INFINITY;
      timer?.dispose();
    },
  };
}
