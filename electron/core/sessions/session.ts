import type { Disposable } from '../../../shared/base/disposable.ts';
import type { Event } from '../../../shared/base/emitter.ts';
import type { Result } from '../../../shared/base/result.ts';
import type { HostId, LinkState } from '../../../shared/model/host.ts';
import type { ChannelFailure, ExecChannel, ShellChannel, TerminalSize } from '../transports/transport.ts';

/** What the rest of the core may ask of a host's session. Implemented by HostSession. */
export interface Session extends Disposable {
  readonly host: HostId;
  readonly address: string;
  readonly link: LinkState;
  readonly onLink: Event<LinkState>;
  /** Fires each time a connection is up and usable, first time and after every reconnect. */
  readonly onConnected: Event<void>;
  start(): void;
  /** Tries at once, whatever the state. */
  reconnect(): void;
  disconnect(): void;
  openShell(size: TerminalSize): Promise<Result<ShellChannel, SessionFailure>>;
  /**
   * The user agrees to one more connection to this host, with a login of its own, for panes that the server allows no
   * place for on the first. It ends with its last pane. Nothing happens while there is no link.
   */
  allowAnotherConnection(): void;
  /** A command, as an argument vector, in a terminal. `refused` where the transport has none but its shell's. */
  openTerminal(argv: readonly string[], size: TerminalSize): Promise<Result<ShellChannel, SessionFailure>>;
  /**
   * A long-lived or streaming command, as an argument vector (quoted here). Waits for its place in the channel
   * budget. `purpose` is for people: `sampler`, `kernel log`.
   */
  openExec(argv: readonly string[], purpose: string): Promise<Result<ExecChannel, SessionFailure>>;
  /** Runs to the end, bounded in time and output. */
  run(argv: readonly string[], options: RunOptions): Promise<Result<RunResult, SessionFailure>>;
}

export interface RunOptions {
  purpose: string;
  stdin?: string;
  /** Default 15,000. */
  timeoutMs?: number;
  /** Per stream; more is cut and said so. Default 1 MiB. */
  maximumBytes?: number;
  signal?: AbortSignal;
}

export interface RunResult {
  /** Absent when a signal ended it. */
  exitCode?: number;
  stdout: string;
  stderr: string;
  truncated: boolean;
}

/**
 * - `lost`: the link dropped while it ran: what it did is unknown
 * - `timeout`: it was still running at the bound; it was told to end. `soFar`: what it had said by then, where it had begun
 */
export type SessionFailure =
  | ChannelFailure
  | { kind: 'not_connected' | 'lost' | 'aborted'; reason: string }
  | { kind: 'timeout'; reason: string; soFar?: Omit<RunResult, 'exitCode'> };
