import type { WorkspaceProblem } from './workspace.ts';

/**
 * What a person has set for themselves, on this machine: `settings.yaml` in the data directory. Keys are a habit of the
 * hand, so they are no part of a workspace, which a team shares and which must not change what a key does.
 */
export interface UserSettings {
  /** As in shared/panes/keyNotation.ts; absent: tmux's Ctrl+B. */
  prefix?: string;
  /** Action → its keys; an empty list takes them away. */
  keys: Record<string, string[]>;
  problems: WorkspaceProblem[];
}
