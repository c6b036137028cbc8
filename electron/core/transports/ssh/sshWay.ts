import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Clock } from '../../../../shared/base/clock.ts';
import type { Disposable } from '../../../../shared/base/disposable.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { HostId, LinkCause } from '../../../../shared/model/host.ts';
import type { ConnectFailure } from '../transport.ts';
import type { BastionLease } from './bastionPool.ts';
import { readJumpList } from './config/jumpList.ts';
import type { ForwardedAgent } from './forwardedAgent.ts';
import { openProxyCommand, type ProxyEnd, type ProxyWire } from './proxyCommand.ts';
import { resolveSshConfigRunning } from './sshConfig.ts';
import { describePlace, describeSocketError } from './sshFailure.ts';
import { connectHop, describeHop } from './sshHop.ts';
import type { SshTarget } from './sshTarget.ts';
import type { SshContext } from './sshTransport.ts';

/** A handshake is bounded by this, unless ConnectTimeout says otherwise. */
const HANDSHAKE_TIMEOUT_MS = 15_000;
/**
 * The kernel asks at 0, 1, 3, 7 and 15 s (tcp_syn_retries): waiting for the fifth would make a host that is back look
 * gone for eight seconds more.
 */
const TCP_TIMEOUT_MS = 8_000;
/** The second of the kernel's questions is asked after one second. */
const ADDRESS_TIMEOUT_MS = 2_500;
/** A greeting is the first thing that sshd sends: one that takes longer is no sshd in good health. */
const GREETING_MS = 4_000;
/** ssh itself stops at no number; a chain of more hops than this is a loop between aliases. */
const MAXIMUM_HOPS = 8;

/** One attempt's way to a host, through its jumps: it holds its bastions until it is disposed. */
export interface SshWay extends Disposable {
  connect(
    target: SshTarget,
    onAuthenticating: () => void,
    forwardedAgent?: ForwardedAgent,
  ): Promise<Result<Client, ConnectFailure>>;
  /** Whether the server greets who connects. `undefined`: it cannot be told. */
  probe(target: SshTarget): Promise<LinkCause | 'answers' | undefined>;
}

export function createSshWay(host: HostId, context: SshContext, signal: AbortSignal): SshWay {
  const leases: BastionLease[] = [];
  const environment = context.environment ?? process.env;

  async function openWire(target: SshTarget): Promise<Result<Wire, ConnectFailure>> {
    if (context.openSocket) return plainWire(await context.openSocket(signal));
    if (target.proxyCommand !== undefined)
      return ok(openProxyCommand(target.proxyCommand, environment, context.clock));
    if (target.jump.length === 0) return plainWire(await connectTcp(target, context.clock, signal));
    const hop = await nearestJump(target, context);
    const lease = await context.bastions.lease(bastionKey(hop), signal, async (bastionSignal) => {
      const way = createSshWay(host, context, bastionSignal);
      const connected = await way.connect(hop, () => {});
      if (!connected.ok) way.dispose();
      return connected.ok ? ok({ client: connected.value, dispose: () => way.dispose() }) : connected;
    });
    if (!lease.ok) {
      return fail({
        ...lease.error,
        reason: `the jump host on the way to ${describeHop(target)} failed: ${lease.error.reason}`,
      });
    }
    leases.push(lease.value);
    const place = await lease.value.handshake(signal);
    if (!place) return fail({ kind: 'retry', reason: 'cancelled', advice: '' });
    const forwarded = await forward(lease.value.client, hop, target, signal);
    if (forwarded.ok) return ok({ socket: forwarded.value, place });
    place.dispose();
    return forwarded;
  }

  return {
    async probe(target) {
      if (context.openSocket || target.proxyCommand !== undefined) return undefined;
      const wire = await openWire(target);
      if (!wire.ok) return wire.error.cause;
      const { socket, place } = wire.value;
      const greeted = await greets(socket, context.clock, signal);
      place?.dispose();
      socket.destroy();
      return greeted;
    },
    async connect(target, onAuthenticating, forwardedAgent) {
      const wire = await openWire(target);
      if (!wire.ok) return wire;
      const { socket, place, end } = wire.value;
      try {
        const hop = await connectHop({
          host,
          target,
          socket,
          prompter: context.prompter,
          keyRing: context.keyRing,
          agentSocket: agentSocket(target, environment),
          clock: context.clock,
          signal,
          timeoutMs: timeoutOf(target, HANDSHAKE_TIMEOUT_MS),
          onAuthenticating,
          // Whoever waits for a person does no work, and must not hold up the others.
          onAsking: () => place?.dispose(),
          ...(forwardedAgent ? { forwardedAgent } : {}),
        });
        return hop.ok || !end ? hop : fail(throughCommand(hop.error, await end(), target));
      } finally {
        place?.dispose();
      }
    },
    dispose() {
      for (const lease of leases.splice(0)) lease.dispose();
    },
  };
}

interface Wire {
  socket: Duplex;
  /** Held while the handshake goes on, where there is a jump host to spare. */
  place?: Disposable;
  /** How the command that is the wire fared. */
  end?: ProxyWire['end'];
}

const plainWire = (socket: Result<Duplex, ConnectFailure>): Result<Wire, ConnectFailure> =>
  socket.ok ? ok({ socket: socket.value }) : socket;

/**
 * The hop that a host is reached through. `ssh -J a,b host` reaches b through a, whatever b's own entry says; only
 * the first keeps its own way.
 */
async function nearestJump(target: SshTarget, context: SshContext): Promise<SshTarget> {
  const written = target.jump[target.jump.length - 1] ?? '';
  const { host, user, port } = readJumpList(written)?.[0] ?? { host: written };
  const hop = await resolveSshConfigRunning(
    host,
    context.sshConfig,
    { ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) },
    context.clock,
  );
  const before = target.jump.slice(0, -1);
  if (before.length > 0) {
    hop.jump = before;
    delete hop.proxyCommand;
  }
  return hop;
}

/** A failure behind a ProxyCommand: what the wire did is the command's doing, and tells nothing of the host's sshd. */
function throughCommand(failure: ConnectFailure, end: ProxyEnd, target: SshTarget): ConnectFailure {
  if (failure.kind === 'refused' || failure.cause === 'turned_away') return failure;
  const { cause: _, ...error } = failure;
  if (end.with !== undefined && end.with !== 'status 0') {
    return {
      ...error,
      reason: `the ProxyCommand of ${describeHop(target)} ended with ${end.with}${end.words === '' ? '' : `: ${end.words}`}`,
      advice: `ssh -v ${target.alias} runs the same command. Fireline tries again.`,
    };
  }
  const says = end.words === '' ? ', through its ProxyCommand' : `; its ProxyCommand says: ${end.words}`;
  return { ...error, reason: `${error.reason}${says}` };
}

/** Looked for before anything connects: hosts that jump through each other would wait for each other for ever. */
export async function findCircle(
  target: SshTarget,
  context: SshContext,
): Promise<ConnectFailure | undefined> {
  const chain = [describeHop(target)];
  for (let hop = target; hop.jump.length > 0 && hop.proxyCommand === undefined; ) {
    hop = await nearestJump(hop, context);
    const circle = chain.includes(describeHop(hop));
    chain.push(describeHop(hop));
    if (circle || chain.length > MAXIMUM_HOPS) {
      return {
        kind: 'refused',
        reason: `the jumps ${circle ? 'go in a circle' : 'are too many'}: ${chain.join(' → ')}`,
        advice: 'Remove one ProxyJump or `jump` entry of these hosts.',
      };
    }
  }
  return undefined;
}

/** Connections to a bastion are shared by what decides who answers there and as whom. */
const bastionKey = (hop: SshTarget) =>
  [describeHop(hop), hop.alias, ...hop.jump, hop.proxyCommand ?? ''].join(' ');

const timeoutOf = (target: SshTarget, milliseconds: number) =>
  target.connectTimeoutSeconds === undefined ? milliseconds : target.connectTimeoutSeconds * 1_000;

function greets(
  socket: Duplex,
  clock: Clock,
  signal: AbortSignal,
): Promise<LinkCause | 'answers' | undefined> {
  return new Promise((resolve) => {
    const done = (verdict: LinkCause | 'answers' | undefined) => {
      timer.dispose();
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      resolve(verdict);
    };
    const onAbort = () => done(undefined);
    const timer = clock.after(GREETING_MS, () => done('ssh_dying'));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', () => done('ssh_dying'));
    socket.on('close', () => done('ssh_dying'));
    socket.once('data', (data: Buffer) =>
      done(/^Exceeded MaxStartups/.test(data.toString('latin1')) ? 'turned_away' : 'answers'),
    );
  });
}

/** The agent that holds keys to log in with, if any. */
export function agentSocket(
  target: SshTarget,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (target.identityAgent === 'none') return undefined;
  return target.identityAgent ?? (environment['SSH_AUTH_SOCK'] || undefined);
}

function forward(
  bastion: Client,
  hop: SshTarget,
  target: SshTarget,
  signal: AbortSignal,
): Promise<Result<Duplex, ConnectFailure>> {
  return new Promise((resolve) => {
    const place = describePlace(target);
    const failed = (message: string) =>
      resolve(
        fail({
          kind: 'retry',
          reason: `${describeHop(hop)} cannot reach ${place}: ${message}`,
          advice: `Does the host run, and does the jump host allow forwarding (AllowTcpForwarding)?`,
        }),
      );
    const onAbort = () => failed('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      bastion.forwardOut('127.0.0.1', 0, target.hostname, target.port, (error, stream) => {
        signal.removeEventListener('abort', onAbort);
        if (error) failed(error.message.replace('(SSH) Channel open failure: ', ''));
        else if (signal.aborted) stream.destroy();
        else resolve(ok(stream));
      });
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    }
  });
}

function connectTcp(
  target: SshTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<Result<Duplex, ConnectFailure>> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const done = (failure?: ConnectFailure) => {
      timer.dispose();
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      if (failure) {
        socket.on('error', () => {});
        socket.destroy();
        resolve(fail(failure));
        return;
      }
      // A keystroke must not wait for the acknowledgement of the one before it.
      socket.setNoDelay(true);
      socket.setKeepAlive(target.tcpKeepAlive);
      resolve(ok(socket));
    };
    const onAbort = () => done({ kind: 'retry', reason: 'cancelled', advice: '' });
    const timer = clock.after(timeoutOf(target, TCP_TIMEOUT_MS), () =>
      done(describeSocketError(Object.assign(new Error(), { code: 'ETIMEDOUT' }), target)),
    );
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort);
    socket.on('error', (error: NodeJS.ErrnoException) => done(describeSocketError(error, target)));
    socket.on('connect', () => done());
    try {
      socket.connect({
        host: target.hostname,
        port: target.port,
        // A name with several addresses: Node leaves the first after 250 ms, which is less than a round trip to a host
        // across the world, and then fails with the last.
        autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
        family: target.addressFamily === 'any' ? 0 : target.addressFamily === 'inet' ? 4 : 6,
        ...(target.bindAddress === undefined ? {} : { localAddress: target.bindAddress }),
      });
    } catch (error) {
      // A BindAddress that is no address.
      done(describeSocketError(error as NodeJS.ErrnoException, target));
    }
  });
}
