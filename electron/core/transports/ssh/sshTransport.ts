import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { Clock } from '../../../../shared/base/clock.ts';
import { Emitter } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { TransportSpec } from '../../../../shared/model/workspace.ts';
import type { Prompter } from '../../sessions/prompter.ts';
import type { ChannelFailure, ConnectFailure, Connection, Transport } from '../transport.ts';
import type { BastionLease, BastionPool } from './bastionPool.ts';
import type { KeyRing } from './keyRing.ts';
import { openProxyCommand } from './proxyCommand.ts';
import { sendKeepalive } from './ssh2Internals.ts';
import { createExecChannel, createShellChannel } from './sshChannels.ts';
import { resolveSshConfig, type SshConfigOptions } from './sshConfig.ts';
import { describeSocketError } from './sshFailure.ts';
import { connectHop, describeHop } from './sshHop.ts';
import type { SshTarget } from './sshTarget.ts';

export interface SshContext {
  prompter: Prompter;
  clock: Clock;
  keyRing: KeyRing;
  bastions: BastionPool;
  sshConfig: SshConfigOptions;
  /** The wire to the host, in place of TCP, jumps and ProxyCommand. */
  openSocket?: (signal: AbortSignal) => Promise<Result<Duplex, ConnectFailure>>;
  /** Default: this process's. */
  environment?: Readonly<Record<string, string | undefined>>;
}

type SshSpec = Extract<TransportSpec, { kind: 'ssh' }>;

/** A TCP connection and a handshake are bounded each by this, unless ConnectTimeout says otherwise. */
const CONNECT_TIMEOUT_MS = 15_000;
/** ssh itself stops at no number; a chain of more hops than this is a loop between aliases. */
const MAXIMUM_HOPS = 8;

/** SSH through ssh2, with jumps, known_hosts, the agent and ssh_config as ssh(1) takes them. */
export function createSshTransport(host: HostId, spec: SshSpec, context: SshContext): Transport {
  const resolve = () => resolveSpec(spec, context.sshConfig);
  return {
    kind: 'ssh',
    address: describeHop(resolve()),
    async connect(signal, onPhase) {
      // Read again each time: at 3 a.m. the file is what gets edited between two tries.
      const target = resolve();
      const circle = context.openSocket ? undefined : findCircle(target, context.sshConfig);
      if (circle) return fail(circle);
      const way = createWay(host, context, signal);
      const hop = await way.connect(target, () => onPhase('authenticating'));
      if (!hop.ok) {
        way.dispose();
        return hop;
      }
      return ok(createConnection(hop.value, target, context, () => way.dispose()));
    },
  };
}

function resolveSpec(spec: SshSpec, config: SshConfigOptions): SshTarget {
  if ('alias' in spec) return resolveSshConfig(spec.alias, config);
  return resolveSshConfig(spec.host, config, {
    ...(spec.port === undefined ? {} : { port: spec.port }),
    ...(spec.user === undefined ? {} : { user: spec.user }),
    ...(spec.identityFile === undefined ? {} : { identityFiles: [spec.identityFile] }),
    ...(spec.knownHostsFile === undefined ? {} : { userKnownHostsFiles: [spec.knownHostsFile] }),
    ...(spec.jump === undefined ? {} : { jump: spec.jump }),
    ...(spec.hostKeyAlias === undefined ? {} : { hostKeyAlias: spec.hostKeyAlias }),
  });
}

/** `[user@]host[:port]`, `[user@][v6]:port` or `ssh://…`, as ProxyJump has them; the host may be an alias. */
export function resolveJump(jump: string, config: SshConfigOptions): SshTarget {
  const text = jump.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const at = text.lastIndexOf('@');
  const user = at > 0 ? text.slice(0, at) : undefined;
  const rest = text.slice(at + 1);
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(rest);
  const plain = /^([^:]+):(\d+)$/.exec(rest);
  const name = bracketed?.[1] ?? plain?.[1] ?? rest;
  const port = bracketed?.[2] ?? plain?.[2];
  return resolveSshConfig(name, config, {
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  });
}

/** One attempt's way to a host: it holds its bastions until it is disposed. */
function createWay(host: HostId, context: SshContext, signal: AbortSignal) {
  const leases: BastionLease[] = [];

  async function connect(
    target: SshTarget,
    onAuthenticating: () => void,
  ): Promise<Result<Client, ConnectFailure>> {
    const wire = await openWire(target);
    if (!wire.ok) return wire;
    return connectHop({
      host,
      target,
      socket: wire.value,
      prompter: context.prompter,
      keyRing: context.keyRing,
      agentSocket: agentSocket(target, context.environment ?? process.env),
      clock: context.clock,
      signal,
      timeoutMs: timeoutOf(target),
      onAuthenticating,
    });
  }

  async function openWire(target: SshTarget): Promise<Result<Duplex, ConnectFailure>> {
    if (context.openSocket) return context.openSocket(signal);
    if (target.proxyCommand !== undefined) return ok(openProxyCommand(target.proxyCommand));
    if (target.jump.length === 0) return connectTcp(target, context.clock, signal);
    const hop = nearestJump(target, context.sshConfig);
    const lease = await context.bastions.lease(bastionKey(hop), signal, async (bastionSignal) => {
      const way = createWay(host, context, bastionSignal);
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
    return forward(lease.value.client, hop, target, signal);
  }

  return {
    connect,
    dispose() {
      for (const lease of leases.splice(0)) lease.dispose();
    },
  };
}

/**
 * The hop that a host is reached through. `ssh -J a,b host` reaches b through a, whatever b's own entry says; only
 * the first keeps its own way.
 */
function nearestJump(target: SshTarget, config: SshConfigOptions): SshTarget {
  const hop = resolveJump(target.jump[target.jump.length - 1] ?? '', config);
  const before = target.jump.slice(0, -1);
  if (before.length > 0) {
    hop.jump = before;
    delete hop.proxyCommand;
  }
  return hop;
}

/** Looked for before anything connects: hosts that jump through each other would wait for each other for ever. */
function findCircle(target: SshTarget, config: SshConfigOptions): ConnectFailure | undefined {
  const chain = [describeHop(target)];
  for (let hop = target; hop.jump.length > 0 && hop.proxyCommand === undefined; ) {
    hop = nearestJump(hop, config);
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

const timeoutOf = (target: SshTarget) =>
  target.connectTimeoutSeconds === undefined ? CONNECT_TIMEOUT_MS : target.connectTimeoutSeconds * 1_000;

function agentSocket(
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
    const place = `${target.hostname}:${target.port}`;
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
      resolve(ok(socket));
    };
    const onAbort = () => done({ kind: 'retry', reason: 'cancelled', advice: '' });
    const timer = clock.after(timeoutOf(target), () =>
      done(describeSocketError(Object.assign(new Error(), { code: 'ETIMEDOUT' }), target)),
    );
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort);
    socket.on('error', (error: NodeJS.ErrnoException) => done(describeSocketError(error, target)));
    socket.on('connect', () => done());
    socket.connect({ host: target.hostname, port: target.port });
  });
}

function createConnection(
  client: Client,
  target: SshTarget,
  context: SshContext,
  release: () => void,
): Connection {
  const closed = new Emitter<{ reason: string }>();
  const place = describeHop(target);
  let open = true;
  let channels = 0;
  let everOpened = false;
  let lastError: string | undefined;

  client.on('error', (error) => {
    lastError = error.message;
  });
  client.on('close', () =>
    end(
      lastError === undefined
        ? `${place} closed the connection`
        : `the connection to ${place} broke: ${lastError}`,
    ),
  );

  function end(reason: string): void {
    if (!open) return;
    open = false;
    release();
    closed.fire({ reason });
    closed.dispose();
  }

  function opened<T>(
    start: (done: (error: Error | undefined, stream: ClientChannel) => void) => void,
    make: (stream: ClientChannel) => T & { onExit: (listener: () => void) => unknown },
  ): Promise<Result<T, ChannelFailure>> {
    return new Promise((resolve) => {
      if (!open) {
        resolve(fail({ kind: 'closed', reason: `the connection to ${place} has ended` }));
        return;
      }
      try {
        start((error, stream) => {
          if (error) {
            resolve(fail(describeChannelError(error)));
            return;
          }
          channels++;
          everOpened = true;
          const channel = make(stream);
          stream.once('close', () => channels--);
          resolve(ok(channel));
        });
      } catch (error) {
        resolve(fail({ kind: 'closed', reason: error instanceof Error ? error.message : String(error) }));
      }
    });
  }

  function describeChannelError(error: Error): ChannelFailure {
    if (!open) return { kind: 'closed', reason: `the connection to ${place} ended` };
    // sshd answers `open failed` when MaxSessions is reached, whatever the code (serverloop.c); on a connection
    // that never had a channel it means that sessions are not allowed at all.
    if ('reason' in error) {
      return everOpened
        ? { kind: 'full', reason: `${place} allows no more than ${channels} channels on one connection` }
        : { kind: 'refused', reason: `${place} allows no sessions: ${error.message}` };
    }
    return { kind: 'refused', reason: `${place}: ${error.message}` };
  }

  return {
    onClose: closed.event,
    ping(signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        if (!open) {
          reject(new Error('the connection has ended'));
          return;
        }
        const started = context.clock.monotonic();
        const onAbort = () => reject(signal.reason as Error);
        signal.addEventListener('abort', onAbort, { once: true });
        sendKeepalive(client, (lost) => {
          signal.removeEventListener('abort', onAbort);
          if (lost) reject(new Error('the connection has ended'));
          else resolve(context.clock.monotonic() - started);
        });
      });
    },
    openShell: (size) =>
      opened(
        (done) =>
          client.shell(
            { term: 'xterm-256color', cols: size.columns, rows: size.rows, width: 0, height: 0 },
            { env: terminalEnvironment(target, context.environment ?? process.env) },
            done,
          ),
        (stream) => createShellChannel(client, stream, closed.event),
      ),
    openExec: (commandLine) =>
      opened(
        (done) => client.exec(commandLine, done),
        (stream) => createExecChannel(client, stream, closed.event),
      ),
    dispose() {
      if (!open) return;
      client.end();
      // A peer that has gone does not answer the disconnection; the socket must not wait for it.
      client.destroy();
      end('closed here');
    },
  };
}

/** What the server is offered; it takes what its AcceptEnv allows. */
function terminalEnvironment(
  target: SshTarget,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const offered: Record<string, string> = { COLORTERM: 'truecolor' };
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (
      target.sendEnv.some((pattern) =>
        new RegExp(
          `^${pattern
            .replace(/[^A-Za-z0-9_*?]/g, '')
            .replaceAll('*', '.*')
            .replaceAll('?', '.')}$`,
        ).test(name),
      )
    ) {
      offered[name] = value;
    }
  }
  return { ...offered, ...target.setEnv };
}
