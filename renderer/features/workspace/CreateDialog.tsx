import { NEW_WORKSPACE } from '../../../shared/model/newWorkspace.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { Sheet } from '../shell/Sheet.tsx';
import { WorkspaceEditor } from './WorkspaceEditor.tsx';

export function CreateDialog() {
  const open = useUi((s) => s.dialog?.kind === 'createWorkspace');
  if (!open) return null;
  return (
    <Sheet
      wide
      title="Create a workspace"
      hint="One YAML file that can be reviewed in git. It holds no secrets."
      onLeave={closeDialog}
    >
      <WorkspaceEditor initial={NEW_WORKSPACE} onCancel={closeDialog} />
    </Sheet>
  );
}
