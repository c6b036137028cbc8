import { type Disposable, DisposableStore, toDisposable } from '../base/disposable.ts';
import {
  COMMANDS,
  type CommandArguments,
  type CommandInput,
  type CommandName,
  type CommandResult,
} from './commands.ts';
import { type ContractError, ContractFailure, failure } from './errors.ts';
import type { ContractEventName, ContractEvents } from './events.ts';
import { frameRoom } from './frameRoom.ts';
import {
  decodeTerminalFrame,
  encodedLength,
  encodeTerminalFrame,
  type FrameChannel,
  type TerminalFrame,
} from './wire.ts';

/**
 * Text frames: `{"call":ID,"name":NAME,"arguments":…}` → `{"reply":ID,"result":…}` or `{"reply":ID,"error":{code,message,advice?}}`;
 * `{"event":NAME,"data":…}` from the core. Two verbs: call and listen.
 */
type ClientMessage = { call: number; name: string; arguments: unknown };
type ServerMessage =
  | { reply: number; result: unknown }
  | { reply: number; error: ContractError }
  | { event: string; data: unknown };

/** The window's end. */
export interface RpcClient extends Disposable {
  call<Name extends CommandName>(name: Name, args: CommandInput<Name>): Promise<CommandResult<Name>>;
  on<Name extends ContractEventName>(name: Name, listener: (data: ContractEvents[Name]) => void): Disposable;
  onTerminal(listener: (frame: TerminalFrame) => void): Disposable;
  sendTerminal(frame: TerminalFrame): void;
  onClose(listener: () => void): Disposable;
}

/** Of one frame. A paste may have any length, and a channel ends where a frame is longer than it takes. */
const MOST_INPUT_BYTES = 1024 * 1024;

/** Calls that wait when the channel closes are rejected with `closed`. */
export function createRpcClient(channel: FrameChannel): RpcClient {
  let nextCall = 1;
  let closed = false;
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, Set<(data: unknown) => void>>();
  const terminalListeners = new Set<(frame: TerminalFrame) => void>();
  const closeListeners = new Set<() => void>();

  channel.onFrame((frame) => {
    if (typeof frame !== 'string') {
      const decoded = decodeTerminalFrame(frame);
      if (decoded) for (const listener of [...terminalListeners]) listener(decoded);
      return;
    }
    const message = JSON.parse(frame) as ServerMessage;
    if ('event' in message) {
      for (const listener of [...(listeners.get(message.event) ?? [])]) listener(message.data);
      return;
    }
    const call = waiting.get(message.reply);
    waiting.delete(message.reply);
    if ('error' in message) call?.reject(new ContractFailure(message.error));
    else call?.resolve(message.result);
  });

  function end(): void {
    if (closed) return;
    closed = true;
    for (const call of waiting.values()) call.reject(failure('closed', 'the connection to Fireline closed'));
    waiting.clear();
    for (const listener of [...closeListeners]) listener();
  }
  channel.onClose(end);

  return {
    call(name, args) {
      if (closed) return Promise.reject(failure('closed', 'the connection to Fireline is closed'));
      const id = nextCall++;
      const message: ClientMessage = { call: id, name, arguments: args };
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        channel.send(JSON.stringify(message));
      });
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener as (data: unknown) => void);
      return toDisposable(() => set.delete(listener as (data: unknown) => void));
    },
    onTerminal(listener) {
      terminalListeners.add(listener);
      return toDisposable(() => terminalListeners.delete(listener));
    },
    sendTerminal(frame) {
      if (frame.type !== 'input') {
        if (!closed) channel.send(encodeTerminalFrame(frame));
        return;
      }
      for (let from = 0; from < frame.bytes.length && !closed; from += MOST_INPUT_BYTES) {
        const bytes = frame.bytes.subarray(from, from + MOST_INPUT_BYTES);
        channel.send(encodeTerminalFrame({ ...frame, bytes }));
      }
    },
    onClose(listener) {
      closeListeners.add(listener);
      return toDisposable(() => closeListeners.delete(listener));
    },
    dispose() {
      end();
      channel.close();
    },
  };
}

/** What the core does with a command from one window. */
export type CommandHandlers = {
  [Name in CommandName]: (args: CommandArguments<Name>, window: WindowLink) => Promise<CommandResult<Name>>;
};

/** One window, as the core's services see it. */
export interface WindowLink {
  readonly id: number;
  emit<Name extends ContractEventName>(name: Name, data: ContractEvents[Name]): void;
  /** The frame's bytes are the caller's again when it returns. */
  sendTerminal(frame: TerminalFrame): void;
  /** Stopped when the window goes. */
  readonly lifetime: DisposableStore;
}

export interface RpcServerOptions {
  handlers: CommandHandlers;
  onTerminal: (frame: TerminalFrame, window: WindowLink) => void;
  /** A command that failed in a way nobody declared: a bug. Diagnostics only; the window sees `internal`. */
  onBug: (name: string, error: unknown) => void;
}

let nextWindow = 1;

/** Binds one window to the core. Malformed frames are answered or ignored; they never throw into the channel. */
export function serveWindow(channel: FrameChannel, options: RpcServerOptions): WindowLink {
  const lifetime = new DisposableStore();
  const reply = (message: ServerMessage) => {
    if (!lifetime.isDisposed) channel.send(JSON.stringify(message));
  };
  const window: WindowLink = {
    id: nextWindow++,
    lifetime,
    emit: (name, data) => reply({ event: name, data }),
    sendTerminal(frame) {
      if (lifetime.isDisposed) return;
      const room = frameRoom.take(encodedLength(frame));
      channel.send(encodeTerminalFrame(frame, room.bytes), room.giveBack);
    },
  };
  channel.onClose(() => lifetime.dispose());
  channel.onFrame((frame) => {
    if (typeof frame !== 'string') {
      const decoded = decodeTerminalFrame(frame);
      if (decoded) options.onTerminal(decoded, window);
      return;
    }
    const message = parseClientMessage(frame);
    if (!message) return;
    void answer(message, window, options).then(reply);
  });
  return window;
}

async function answer(
  message: ClientMessage,
  window: WindowLink,
  options: RpcServerOptions,
): Promise<ServerMessage> {
  const reply = message.call;
  if (!Object.hasOwn(COMMANDS, message.name)) {
    return {
      reply,
      error: { code: 'unknown_command', message: `unknown command ${message.name.slice(0, 80)}` },
    };
  }
  const name = message.name as CommandName;
  const parsed = COMMANDS[name].args.safeParse(message.arguments);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') || 'arguments';
    return {
      reply,
      error: { code: 'bad_arguments', message: `${name}: ${where}: ${issue?.message ?? 'invalid'}` },
    };
  }
  try {
    const handle = options.handlers[name] as (args: unknown, window: WindowLink) => Promise<unknown>;
    return { reply, result: (await handle(parsed.data, window)) ?? null };
  } catch (error) {
    if (error instanceof ContractFailure) return { reply, error: error.error };
    options.onBug(name, error);
    return {
      reply,
      error: { code: 'internal', message: `${name} failed`, advice: 'See the diagnostics of the core.' },
    };
  }
}

function parseClientMessage(frame: string): ClientMessage | undefined {
  try {
    const value: unknown = JSON.parse(frame);
    if (typeof value !== 'object' || value === null) return undefined;
    const { call, name, arguments: args } = value as Record<string, unknown>;
    if (typeof call !== 'number' || !Number.isSafeInteger(call) || typeof name !== 'string') return undefined;
    return { call, name, arguments: args ?? {} };
  } catch {
    return undefined;
  }
}
