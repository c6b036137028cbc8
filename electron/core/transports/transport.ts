import type { Disposable } from '../../../shared/base/disposable.ts';
import type { Event } from '../../../shared/base/emitter.ts';
import type { JsonObject } from '../../../shared/base/json.ts';
import type { Result } from '../../../shared/base/result.ts';
import type { ConnectionExtras } from '../../../shared/model/forward.ts';
import type { LinkCause, TransportKind } from '../../../shared/model/host.ts';
import type { EventKind, Severity } from '../../../shared/model/timelineEvent.ts';

/**
 * A way to a host: ssh, command (kubectl exec …), local, later ssm. It makes connections and knows nothing of
 * sessions, reconnects or panes.
 */
export interface Transport {
  readonly kind: TransportKind;
  /** For people: `deploy@10.0.0.1:22`. */
  readonly address: string;
  /** Forwards and the like, where this transport has them; they follow its connections. */
  readonly extras?: { readonly current: ConnectionExtras; readonly onChange: Event<void> };
  /** `onPhase` is told when the wire is up and authentication starts. */
  connect(
    signal: AbortSignal,
    onPhase: (phase: 'authenticating') => void,
  ): Promise<Result<Connection, ConnectFailure>>;
  /**
   * Looks whether a new connection would be answered, without logging in: what stands in its way, or `answers`.
   * `undefined` where that cannot be told. Absent where looking would cost something or ask someone.
   */
  probe?(signal: AbortSignal): Promise<LinkCause | 'answers' | undefined>;
}

/**
 * - `retry`: the network or the host may come back
 * - `refused`: trying again cannot help until a person does something
 */
export interface ConnectFailure {
  kind: 'retry' | 'refused';
  reason: string;
  advice: string;
  /** What stands in the way, where the failure tells. */
  cause?: LinkCause;
  /** Of a refusal: what was there has ended, as was meant. No trouble. */
  gone?: true;
}

/** One authenticated connection. It ends once; after that every channel has ended too. */
export interface Connection extends Disposable {
  readonly onClose: Event<{ reason: string }>;
  /** It comes back by itself after the network went, with nothing lost: silence alone is no reason to give it up. */
  readonly resumes?: boolean;
  /** How long a silence may last where the user said so (ServerAliveInterval × ServerAliveCountMax); then it is lost. */
  readonly patienceMs?: number;
  /** What happened to it that a person should know, beside being up or down. */
  readonly onNotice?: Event<ConnectionNotice>;
  /** Milliseconds there and back; rejects with the signal's reason. */
  ping(signal: AbortSignal): Promise<number>;
  openShell(size: TerminalSize): Promise<Result<ShellChannel, ChannelFailure>>;
  /** Runs one command line in a terminal. Absent where only the host's own shell can have one. */
  openTerminal?(commandLine: string, size: TerminalSize): Promise<Result<ShellChannel, ChannelFailure>>;
  /** Runs one command line with the host's shell. Build it with `quoteCommand`. */
  openExec(commandLine: string): Promise<Result<ExecChannel, ChannelFailure>>;
}

/** For the timeline, as it stands. `title` names no host: its place in the timeline does. */
export interface ConnectionNotice {
  kind: Extract<EventKind, `session.${string}`>;
  severity: Severity;
  title: string;
  detail: JsonObject;
}

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** `full`: the server allows no more channels on this connection. */
export interface ChannelFailure {
  kind: 'full' | 'closed' | 'refused';
  reason: string;
}

export interface ChannelExit {
  /** Absent when killed by a signal or when the connection ended first. */
  code?: number;
  signal?: string;
  /** True when the connection ended under it: what it did is not known. */
  lost: boolean;
  /** Why, where the transport knows: `the session timed out at the other end`. */
  reason?: string;
}

/** Fires `onExit` exactly once, after the last byte was delivered. Bytes are only valid during the event unless copied. */
export interface Channel extends Disposable {
  readonly onOutput: Event<Uint8Array>;
  readonly onExit: Event<ChannelExit>;
  write(data: Uint8Array | string): void;
  /** Stops reading: the window closes and the remote process blocks. */
  pause(): void;
  resume(): void;
}

export interface ShellChannel extends Channel {
  /** When the transport will end it, epoch ms, as that draws near; `undefined` when it no longer does. */
  readonly onExpiry?: Event<number | undefined>;
  readonly expiresAt?: number | undefined;
  /** From now on it is kept from ending for want of use, as far as that can be done. */
  keepAlive?(): void;
  resize(size: TerminalSize): void;
  /**
   * Input that overtakes what waits on our side, and discards it, as a terminal discards typed-ahead input at its
   * interrupt character (termios(3), NOFLSH): the rest of a paste must not run at the prompt that Ctrl-C brings.
   */
  interrupt(data: Uint8Array): void;
}

export interface ExecChannel extends Channel {
  readonly onErrorOutput: Event<Uint8Array>;
  /** End of file on its stdin. */
  end(): void;
}
