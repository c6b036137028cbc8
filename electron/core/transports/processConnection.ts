import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import * as pty from '@lydell/node-pty';
import type { Clock } from '../../../shared/base/clock.ts';
import { Emitter } from '../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import { createTerminalInput } from './terminalInput.ts';
import type { ChannelExit, ChannelFailure, Connection, ExecChannel, ShellChannel } from './transport.ts';

export interface ProcessContext {
  clock: Clock;
  homeDirectory: string;
  environment: Readonly<Record<string, string | undefined>>;
}

interface Commands {
  shell: readonly string[];
  exec(commandLine: string): string[];
  directory: string;
}

/** A process that does not heed SIGHUP and SIGTERM gets SIGKILL after this. */
const KILL_AFTER_MS = 3_000;

/** Channels that are processes of this machine. Each leads its own process group, and is ended by it. */
export function createProcessConnection(context: ProcessContext, commands: Commands): Connection {
  const closed = new Emitter<{ reason: string }>();
  const channels = new Set<{ dispose(): void }>();
  const environment = cleanEnvironment(context.environment);

  function keep<T extends { dispose(): void }>(channel: T): T {
    channels.add(channel);
    return channel;
  }

  return {
    onClose: closed.event,
    ping: async (signal) => {
      signal.throwIfAborted();
      return 0;
    },
    async openShell(size): Promise<Result<ShellChannel, ChannelFailure>> {
      const [file = '/bin/sh', ...args] = commands.shell;
      try {
        const terminal = pty.spawn(file, args, {
          name: 'xterm-256color',
          cols: size.columns,
          rows: size.rows,
          cwd: commands.directory,
          env: { ...environment, COLORTERM: 'truecolor' },
          encoding: null,
        });
        return ok(keep(createPtyChannel(context.clock, terminal, (done) => channels.delete(done))));
      } catch (error) {
        return fail({
          kind: 'refused',
          reason: `${file}: ${error instanceof Error ? error.message : String(error)}`,
        });
      }
    },
    openExec(commandLine): Promise<Result<ExecChannel, ChannelFailure>> {
      const [file = '/bin/sh', ...args] = commands.exec(commandLine);
      return new Promise((resolve) => {
        const child = spawn(file, args, {
          cwd: commands.directory,
          env: environment,
          stdio: ['pipe', 'pipe', 'pipe'],
          // A group of its own, so that what it starts can be ended with it.
          detached: true,
        });
        const channel = createChildChannel(context.clock, child, (done) => channels.delete(done));
        child.once('spawn', () => resolve(ok(keep(channel))));
        child.once('error', (error) =>
          resolve(fail({ kind: 'refused', reason: `${file}: ${error.message}` })),
        );
      });
    },
    dispose() {
      for (const channel of [...channels]) channel.dispose();
      closed.fire({ reason: 'closed here' });
      closed.dispose();
    },
  };
}

function createPtyChannel(
  clock: Clock,
  terminal: pty.IPty,
  forget: (channel: ShellChannel) => void,
): ShellChannel {
  const output = new Emitter<Uint8Array>();
  const exit = new Emitter<ChannelExit>();
  let ended = false;
  let disposed = false;
  keepLastBytes(clock, terminal);
  const input = createTerminalInput(clock, terminal);
  // Output before the first listener waits in the kernel's buffer.
  terminal.pause();
  let started = false;
  const start = () => {
    if (started) return;
    started = true;
    queueMicrotask(() => {
      if (!paused) terminal.resume();
    });
  };
  let paused = false;
  terminal.onData((data) => {
    // With `encoding: null` the data are bytes, whatever the type says.
    if (!disposed) output.fire(data as unknown as Buffer);
  });
  terminal.onExit(({ exitCode, signal }) => {
    ended = true;
    input.dispose();
    forget(channel);
    exit.fire({ ...(signal ? { signal: signalName(signal) } : { code: exitCode }), lost: false });
    for (const emitter of [output, exit]) emitter.dispose();
  });
  const channel: ShellChannel = {
    onOutput(listener) {
      start();
      return output.event(listener);
    },
    onExit(listener) {
      start();
      return exit.event(listener);
    },
    write: (data) => input.write(typeof data === 'string' ? Buffer.from(data) : data),
    interrupt: (data) => input.interrupt(data),
    pause() {
      paused = true;
      if (started) terminal.pause();
    },
    resume() {
      paused = false;
      if (started) terminal.resume();
    },
    resize({ columns, rows }) {
      if (!ended && !disposed) terminal.resize(columns, rows);
    },
    dispose() {
      if (disposed || ended) return;
      disposed = true;
      input.dispose();
      paused = false;
      started = true;
      terminal.resume();
      endGroup(clock, terminal.pid, 'SIGHUP', () => ended);
    },
  };
  return channel;
}

/**
 * node-pty destroys the terminal's socket 200 ms after the process ended, with what a pause still held back in it.
 * Read that first: at most the kernel's buffer and one of Node's.
 */
function keepLastBytes(clock: Clock, terminal: pty.IPty): void {
  const socket = (
    terminal as unknown as {
      _socket?: { destroy(): unknown; resume(): unknown; on(name: 'data', listener: () => void): unknown };
    }
  )._socket;
  if (!socket) return;
  const destroy = socket.destroy.bind(socket);
  let going = false;
  socket.destroy = () => {
    if (going) return socket;
    going = true;
    socket.resume();
    let quiet = clock.after(50, destroy);
    socket.on('data', () => {
      quiet.dispose();
      quiet = clock.after(50, destroy);
    });
    return socket;
  };
}

function createChildChannel(
  clock: Clock,
  child: ChildProcess,
  forget: (channel: ExecChannel) => void,
): ExecChannel {
  const output = new Emitter<Uint8Array>();
  const errorOutput = new Emitter<Uint8Array>();
  const exit = new Emitter<ChannelExit>();
  let ended = false;
  let disposed = false;
  let started = false;
  let paused = false;
  const { stdin, stdout, stderr } = child;
  // A process that does not read what it is sent is its own affair (EPIPE).
  stdin?.on('error', () => {});
  const start = () => {
    if (started) return;
    started = true;
    queueMicrotask(() => {
      stdout?.on('data', (data: Buffer) => !disposed && output.fire(data));
      stderr?.on('data', (data: Buffer) => !disposed && errorOutput.fire(data));
      if (!paused) return;
      stdout?.pause();
      stderr?.pause();
    });
  };
  // `close` comes after both streams have ended: every byte was delivered.
  child.on('close', (code, signal) => {
    ended = true;
    forget(channel);
    exit.fire({ ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }), lost: false });
    for (const emitter of [output, errorOutput, exit]) emitter.dispose();
  });
  const listen =
    <T>(emitter: Emitter<T>) =>
    (listener: (value: T) => void) => {
      start();
      return emitter.event(listener);
    };
  const channel: ExecChannel = {
    onOutput: listen(output),
    onErrorOutput: listen(errorOutput),
    onExit: listen(exit),
    write(data) {
      if (!ended && !disposed) stdin?.write(data);
    },
    end() {
      if (!ended && !disposed) stdin?.end();
    },
    pause() {
      paused = true;
      if (!started) return;
      stdout?.pause();
      stderr?.pause();
    },
    resume() {
      paused = false;
      if (!started) return;
      stdout?.resume();
      stderr?.resume();
    },
    dispose() {
      if (disposed || ended) return;
      disposed = true;
      start();
      stdout?.destroy();
      stderr?.destroy();
      stdin?.destroy();
      if (child.pid !== undefined) endGroup(clock, child.pid, 'SIGTERM', () => ended);
    },
  };
  return channel;
}

/** By the group's id, which is the leader's pid: both kinds of process were made leaders. */
function endGroup(clock: Clock, leader: number, signal: NodeJS.Signals, hasEnded: () => boolean): void {
  const send = (name: NodeJS.Signals) => {
    try {
      process.kill(-leader, name);
    } catch {
      // The group has ended.
    }
  };
  send(signal);
  clock.after(KILL_AFTER_MS, () => {
    // Its id may be another's by now, unless it is still ours.
    if (!hasEnded()) send('SIGKILL');
  });
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}

/** What a terminal must not inherit from the one that Fireline was started in. */
const NOT_INHERITED = [
  'TMUX',
  'TMUX_PANE',
  'STY',
  'WINDOW',
  'WINDOWID',
  'TERMCAP',
  'COLUMNS',
  'LINES',
  'ELECTRON_RUN_AS_NODE',
  'NODE_OPTIONS',
];

function cleanEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const cleaned: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !NOT_INHERITED.includes(name)) cleaned[name] = value;
  }
  return cleaned;
}
