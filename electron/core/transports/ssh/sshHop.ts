import type { Duplex } from 'node:stream';
import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import type { Clock } from '../../../../shared/base/clock.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { PromptAnswer } from '../../../../shared/model/prompt.ts';
import type { Prompter, Question } from '../../sessions/prompter.ts';
import type { ConnectFailure } from '../transport.ts';
import type { ForwardedAgent } from './forwardedAgent.ts';
import { createHostKeyCheck } from './hostKeyCheck.ts';
import type { KeyRing } from './keyRing.ts';
import { closeRefusedChannels, keepKeyObjects, onLoginRefused, serverVersion } from './ssh2Internals.ts';
import { createAuthentication } from './sshAuthentication.ts';
import { describePlace, describeSshError, plain } from './sshFailure.ts';
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
  /** A person is asked something, so the rest may take minutes. */
  onAsking?(): void;
  /** What the server may forward connections to, if it is allowed to: the agent of this machine. */
  forwardedAgent?: ForwardedAgent;
}

/**
 * Authentication may wait for PAM, LDAP or a reverse look-up on a host in trouble: longer than a handshake, and
 * shorter than sshd's LoginGraceTime of 120 s.
 */
const AUTHENTICATION_TIMEOUT_MS = 60_000;
/** A one-time password may be followed by a question on a telephone, for which the server waits. */
const ANSWERED_TIMEOUT_MS = 120_000;

/** Handshake, host key and authentication with one server, over a wire that is there. */
export async function connectHop(options: SshHopOptions): Promise<Result<Client, ConnectFailure>> {
  const { target, socket, signal, clock } = options;
  const client = new ssh2.Client();
  keepKeyObjects(client);
  closeRefusedChannels(client);
  const ending = new AbortController();
  const place = describeHop(target);

  return new Promise((resolve) => {
    let settled = false;
    let start: ReturnType<typeof readStart> | undefined;
    let said = '';
    let failure: ConnectFailure | undefined;
    let accepted: Buffer | undefined;
    let phase: 'handshake' | 'authentication' = 'handshake';
    const deadline = createDeadline(clock, () => settle(describeTimeout()));

    function describeTimeout(): ConnectFailure {
      if (phase === 'authentication' && authentication.story.person === 'answered') {
        return {
          kind: 'refused',
          reason: `${place} did not decide about the login within ${seconds(ANSWERED_TIMEOUT_MS)} after the answer`,
          advice: 'Does something else wait for you, on a telephone say? Connect again to be asked again.',
        };
      }
      const words = phase === 'handshake' ? plain(start?.words() ?? '').trim() : '';
      if (words !== '') {
        return {
          kind: 'retry',
          reason: `${place} says "${words.slice(0, 160)}" and no more for ${seconds(options.timeoutMs)}: it does not speak version 2 of SSH`,
          advice: 'Is this the port of sshd? Fireline tries again.',
        };
      }
      return {
        kind: 'retry',
        reason:
          phase === 'handshake'
            ? serverVersion(client) === undefined
              ? `${place} accepted the connection and said nothing for ${seconds(options.timeoutMs)}`
              : `${place} did not finish the handshake within ${seconds(options.timeoutMs)}`
            : `${place} did not decide about the login within ${seconds(AUTHENTICATION_TIMEOUT_MS)}`,
        advice:
          'The host may be starved of memory or CPU, or something between drops packets. Fireline tries again.',
        cause: 'ssh_dying',
      };
    }

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
      options.onAsking?.();
      try {
        const asked = { ...question, host: options.host, hop: place } as Question;
        return await options.prompter.ask(asked, ending.signal);
      } finally {
        if (phase === 'authentication') deadline.restart(ANSWERED_TIMEOUT_MS);
        resume();
      }
    };

    const interactive = options.prompter.interactive && !target.batchMode;
    const hostKey = createHostKeyCheck({ target, ask, interactive });
    const authentication = createAuthentication({
      target,
      keyRing: options.keyRing,
      agentSocket: options.agentSocket,
      ask,
      abandon: () => client.end(),
      interactive,
      clock,
    });
    onLoginRefused(client, authentication.refused);

    client.on('handshake', () => {
      start?.stop();
      if (phase === 'authentication') return;
      phase = 'authentication';
      options.onAuthenticating();
      deadline.restart(AUTHENTICATION_TIMEOUT_MS);
    });
    client.on('ready', () => settle('ready'));
    // What is said once a proof was given is about it: an account that has expired, a host that is shutting down.
    client.on('banner', (words: string) => {
      if (authentication.story.tried.length > 0) said = words;
    });
    // Some servers want a new password before they let anybody in; ssh2 would wait for it for ever.
    client.on('change password', (words: string) =>
      settle({
        kind: 'refused',
        reason: `the password of ${target.user} has expired: ${place} asks for a new one ("${plain(words)}")`,
        advice: `Change it with ssh ${target.alias}, then connect again. Fireline sets no passwords.`,
      }),
    );
    const describe = (error: Error) =>
      describeSshError(error, {
        place,
        target,
        phase,
        story: authentication.story,
        said: phase === 'handshake' ? (start?.words() ?? '') : said,
        start: start?.bytes(),
      });
    client.on('error', (error) => {
      // A key that could not sign is passed over; ssh2 goes on to the next by itself.
      if ((error as { level?: string }).level === 'agent') return;
      failure ??= hostKey.failure() ?? describe(error);
    });
    client.on('close', () => settle(failure ?? describe(new Error('the connection was closed'))));

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
          // A connection changes its keys now and then, and shows its host key each time. It must be answered at once:
          // while ssh2 waits, it sends what is to be sent without its header, and the server hangs up.
          if (accepted?.equals(key)) return verify(true);
          const shown = Buffer.from(key);
          void hostKey.check(shown).then(
            (valid) => {
              if (valid) accepted = shown;
              verify(valid);
            },
            () => verify(false),
          );
        },
        ...(options.forwardedAgent ? { agent: options.forwardedAgent } : {}),
        // Names that were checked against what ssh2 can do, in algorithms.ts.
        algorithms: {
          cipher: target.ciphers,
          hmac: target.macs,
          kex: target.keyExchanges,
          serverHostKey: hostKey.algorithms,
          compress: target.compression
            ? ['zlib@openssh.com', 'zlib', 'none']
            : ['none', 'zlib@openssh.com', 'zlib'],
        } as NonNullable<ConnectConfig['algorithms']>,
      });
      start = readStart(socket, () => {
        if (serverVersion(client) !== undefined) return;
        settle({
          kind: 'retry',
          reason: `${place} went on for more than ${LONGEST_GREETING / 1024} KiB without naming itself as an SSH server`,
          advice: 'Is this the port of sshd? What it says before "SSH-2.0" must be short.',
        });
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

/** More than any refusal of sshd's. */
const MOST_WORDS = 512;
/** Servers may greet before they name themselves (RFC 4253, 4.2); a longer greeting is no SSH server, or hostile. */
const LONGEST_GREETING = 64 * 1024;
/** Versions of the protocol that ssh2 speaks (RFC 4253, 5.1). */
const NAMES_ITSELF = /^SSH-(2\.0|1\.99)-/m;

/**
 * What a server says at first, in the clear. To be called when ssh2 reads the stream already, or what came early would
 * be lost to it; it is heard before ssh2 hears it.
 */
function readStart(socket: Duplex, onTooLong: () => void) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = () => void socket.off('data', listen);
  function listen(data: Buffer): void {
    chunks.push(data);
    bytes += data.length;
    if (bytes <= LONGEST_GREETING) return;
    stop();
    onTooLong();
  }
  socket.prependListener('data', listen);
  return {
    stop,
    bytes: () => Buffer.concat(chunks),
    /** What it said instead of its name: where it hangs up then, that is why. */
    words() {
      const text = Buffer.concat(chunks).toString('latin1');
      return NAMES_ITSELF.test(text) ? '' : text.slice(0, MOST_WORDS).trim();
    },
  };
}

type WithoutPlace<T> = T extends unknown ? Omit<T, 'host' | 'hop'> : never;

/** `deploy@10.0.0.1:22`. */
export const describeHop = (target: SshTarget): string => `${target.user}@${describePlace(target)}`;

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
