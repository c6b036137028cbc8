import type { Snapshot } from '../../../shared/contract/commands.ts';
import type { ContractError } from '../../../shared/contract/errors.ts';
import type { WorkspaceProblem } from '../../../shared/model/workspace.ts';
import { applySnapshot, snapshotsApplied } from '../../stores/applySnapshot.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { closeDialog, openDialog, useUi } from '../../stores/ui.ts';
import { useOpening } from './opening.ts';

/** Opens a file. Problems lead to the open dialog, which shows them. */
export async function openWorkspace(path: string, partial = false): Promise<void> {
  useOpening.setState({ path, state: { kind: 'opening', since: Date.now() } });
  const before = snapshotsApplied();
  try {
    settle(await call('workspace.open', { path, partial }), before);
    useOpening.setState({ path: '', state: { kind: 'choosing' } });
  } catch (thrown) {
    const error = errorOf(thrown);
    useOpening.setState({ path, state: { kind: 'failed', error, problems: problemsOf(error) } });
    openDialog({ kind: 'openWorkspace' });
  }
}

export async function openMachine(): Promise<void> {
  const before = snapshotsApplied();
  try {
    settle(await call('workspace.openMachine', {}), before);
  } catch (thrown) {
    useUi.setState({
      notice: { text: `This machine could not be opened: ${errorOf(thrown).message}`, tone: 'warning' },
    });
  }
}

/** The event `workspace.opened` usually came first and said the same. */
function settle(snapshot: Snapshot, before: number): void {
  if (snapshotsApplied() === before) applySnapshot(snapshot);
  closeDialog();
}

function problemsOf(error: ContractError): WorkspaceProblem[] {
  if (error.code !== 'workspace_invalid') return [];
  const { data } = error;
  const list = Array.isArray(data) ? data : (data as { problems?: unknown } | undefined)?.problems;
  return Array.isArray(list) ? (list as WorkspaceProblem[]) : [];
}
