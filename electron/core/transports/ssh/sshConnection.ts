import type {
  Client,
  ClientCallback,
  ClientChannel,
  ExecOptions,
  PseudoTtyOptions,
  ShellOptions,
} from 'ssh2';
import { Emitter } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { ChannelFailure, Connection, ShellChannel, TerminalSize } from '../transport.ts';
import { matchPattern } from './matchPattern.ts';
import { sendKeepalive } from './ssh2Internals.ts';
import { createExecChannel, createShellChannel } from './sshChannels.ts';
import { inPlainWords } from './sshFailure.ts';
import { describeHop } from './sshHop.ts';
import type { SshTarget } from './sshTarget.ts';
import type { SshContext } from './sshTransport.ts';

/** An authenticated client of ssh2 as a connection. */
export function createSshConnection(
  client: Client,
  target: SshTarget,
  context: SshContext,
  options: {
    /** The connection has ended, or is about to. */
    release: () => void;
    /** Programs in panes may use the agent of this machine. */
    forwardAgent: boolean;
    onAgentRefused: () => void;
  },
): Connection {
  const closed = new Emitter<{ reason: string }>();
  const place = describeHop(target);
  let open = true;
  let channels = 0;
  let everOpened = false;
  let { forwardAgent } = options;
  let lastError: string | undefined;

  client.on('error', (error) => {
    lastError = error.message;
  });
  client.on('close', () =>
    end(
      lastError === undefined
        ? `${place} closed the connection`
        : `the connection to ${place} broke: ${inPlainWords(lastError)}`,
    ),
  );

  function end(reason: string): void {
    if (!open) return;
    open = false;
    options.release();
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
        const why = error instanceof Error ? error.message : String(error);
        resolve(fail({ kind: 'closed', reason: `the connection to ${place} has ended (${why})` }));
      }
    });
  }

  async function openTerminal(
    size: TerminalSize,
    start: (pty: PseudoTtyOptions, more: object, done: ClientCallback) => void,
  ): Promise<Result<ShellChannel, ChannelFailure>> {
    const terminal = () =>
      opened(
        (done) =>
          start(
            { term: 'xterm-256color', cols: size.columns, rows: size.rows, width: 0, height: 0 },
            {
              env: terminalEnvironment(target, context.environment ?? process.env),
              ...(forwardAgent ? { agentForward: true } : {}),
            },
            done,
          ),
        (stream) => createShellChannel(client, stream, closed.event),
      );
    const first = await terminal();
    if (first.ok || !forwardAgent || !/agent forwarding/.test(first.error.reason)) return first;
    // A server that forbids it (AllowAgentForwarding) is no reason to have no shell; ssh goes on too.
    forwardAgent = false;
    options.onAgentRefused();
    return terminal();
  }

  function describeChannelError(error: Error): ChannelFailure {
    if (!open) return { kind: 'closed', reason: `the connection to ${place} ended` };
    // sshd answers `open failed` when MaxSessions is reached, whatever the code (serverloop.c); on a connection
    // that never had a channel it means that sessions are not allowed at all.
    if ('reason' in error) {
      return everOpened
        ? { kind: 'full', reason: `${place} allows no more than ${channels} channels on one connection` }
        : { kind: 'refused', reason: `${place} allows no sessions (MaxSessions 0)` };
    }
    if (/pseudo-terminal/.test(error.message))
      return {
        kind: 'refused',
        reason: `${place} gives this login no terminal (PermitTTY, or it has no more)`,
      };
    if (/^Unable to (exec|open shell)$/.test(error.message))
      return {
        kind: 'refused',
        reason: `${place} could not start a process: it may have too many, or no memory`,
      };
    return { kind: 'refused', reason: `${place}: ${error.message}` };
  }

  return {
    onClose: closed.event,
    ...(target.serverAliveIntervalSeconds === undefined || target.serverAliveCountMax < 1
      ? {}
      : { patienceMs: target.serverAliveIntervalSeconds * target.serverAliveCountMax * 1_000 }),
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
      openTerminal(size, (pty, more, done) => client.shell(pty, more as ShellOptions, done)),
    openTerminal: (commandLine, size) =>
      openTerminal(size, (pty, more, done) =>
        client.exec(commandLine, { pty, ...more } as ExecOptions, done),
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
    if (target.sendEnv.some((pattern) => matchPattern(name, pattern, true))) offered[name] = value;
  }
  return { ...offered, ...target.setEnv };
}
