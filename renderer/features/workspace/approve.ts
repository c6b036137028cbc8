import { call, errorOf } from '../../stores/connection.ts';
import { useUi } from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';

/** Approves the held commands of the open file, for exactly the content that was shown. */
export async function approveHeld(): Promise<void> {
  const { view } = useWorkspace.getState();
  if (!view?.contentHash) return;
  try {
    await call('workspace.approve', { contentHash: view.contentHash });
    useWorkspace.setState({ view: { ...view, held: [] } });
  } catch (thrown) {
    useUi.setState({ notice: { text: `Not approved: ${errorOf(thrown).message}`, tone: 'warning' } });
  }
}
