/**
 * A port or socket that is carried over a host's connection, whichever transport carries it.
 * - `local`: listens on this machine, and connections come out at the host
 * - `remote`: listens on the host, and connections come out here
 * - `dynamic`: listens on this machine as a SOCKS proxy
 */
export interface Forward {
  /** The same through every reconnect; unique within its host. */
  id: string;
  kind: 'local' | 'remote' | 'dynamic';
  /** For people: `127.0.0.1:5433`, or a socket's path. */
  listen: string;
  /** Where connections come out, as the far end names it. Absent for a SOCKS proxy: each says where to. */
  target?: string;
  state: ForwardState;
  /** Connections through it: now, and since its host was opened. */
  open: number;
  total: number;
  /** Bytes towards the target, and from it, since its host was opened. */
  sentBytes: number;
  receivedBytes: number;
  /** The latest connection that could not be carried, while the forward itself stands. Epoch milliseconds. */
  lastFailure?: { at: number; reason: string };
}

/** `waiting`: there is no connection to carry it. */
export type ForwardState =
  | { kind: 'waiting' }
  | { kind: 'opening' }
  | { kind: 'listening' }
  | { kind: 'failed'; reason: string; advice: string };

/** What a host's connection does besides panes, commands and samples. */
export interface ConnectionExtras {
  forwards: Forward[];
  /**
   * Set while programs on the host can use an agent of this machine. `socket` is the agent's; `uses` counts how often
   * the host asked it.
   */
  agentForwarding?: { socket: string; uses: number };
  /** What the configuration asks for and is not done, or was refused; a line each. */
  notices: string[];
}
