import { call, errorOf } from '../../stores/connection.ts';
import { usePanes } from '../../stores/panes.ts';
import { useUi } from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { focusActiveTerminal, openSpecifiedWindows } from './paneCommands.ts';
import { withHosts } from './saveLayout.ts';

/** Writes the windows of now into the workspace file; only when asked, since the file is the team's. */
export async function layoutToFile(): Promise<void> {
  try {
    const { path } = await call('layout.writeToFile', { layout: withHosts(usePanes.getState()) });
    useUi.setState({ notice: { text: `The layout is in ${path} now.`, tone: 'plain' } });
  } catch (thrown) {
    const { message, advice } = errorOf(thrown);
    const text = `The layout was not saved: ${message}${advice ? `. ${advice}` : ''}`;
    useUi.setState({ notice: { text, tone: 'warning' } });
  }
}

/** Puts the panes that are open where the file has them, and opens those that are missing; no shell ends. */
export async function layoutFromFile(): Promise<void> {
  await openSpecifiedWindows(useWorkspace.getState().view?.panes ?? []);
  focusActiveTerminal();
}
