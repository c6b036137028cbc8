import type { Brand } from '../base/brand.ts';
import type { HostId } from './host.ts';

/** Unique in a data directory, not only in a run: it names the recording. */
export type PaneId = Brand<string, 'PaneId'>;

export type PaneState =
  | { kind: 'opening'; since: number }
  | { kind: 'open'; since: number }
  /** The shell ended by itself. */
  | { kind: 'exited'; since: number; exitCode?: number; signal?: string }
  /** The link went: the shell is gone, a new one starts in the same pane when the link is back. */
  | { kind: 'lost'; since: number; reason: string }
  /** `full`: the server allows no more channels on the host's connection; another may be asked for. */
  | { kind: 'failed'; since: number; reason: string; advice: string; full?: true };

export interface PaneSummary {
  /** Small number that marks this pane's binary frames on the wire. */
  wire: number;
  id: PaneId;
  host: HostId;
  columns: number;
  rows: number;
  state: PaneState;
  title: string;
  /** False when the disk refused: the terminal goes on, the record says so. */
  recording: boolean;
  /** The named session on the host that it is attached to; without `keeper` there is none, and the shell ends with the link. */
  durable?: { name: string; keeper?: 'tmux' | 'screen' };
  /** Epoch ms, while the transport is about to end its shell: an idle session of Session Manager. */
  expiresAt?: number;
}
