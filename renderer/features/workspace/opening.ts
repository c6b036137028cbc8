import { create } from 'zustand';
import type { ContractError } from '../../../shared/contract/errors.ts';
import type { WorkspaceProblem } from '../../../shared/model/workspace.ts';

export type OpeningState =
  | { kind: 'choosing' }
  | { kind: 'opening'; since: number }
  | { kind: 'failed'; error: ContractError; problems: WorkspaceProblem[] };

/** A workspace on its way in: kept outside the dialog, since the menu and the palette open files too. */
export const useOpening = create<{ path: string; state: OpeningState }>(() => ({
  path: '',
  state: { kind: 'choosing' },
}));
