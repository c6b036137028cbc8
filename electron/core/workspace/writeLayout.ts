import { chmod, realpath, stat } from 'node:fs/promises';
import { failure } from '../../../shared/contract/errors.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { LayoutSpec, WindowSpec, Workspace } from '../../../shared/model/workspace.ts';
import { panesOfSpec } from '../../../shared/panes/layoutFromSpec.ts';
import type { LayoutNode, LayoutState } from '../../../shared/panes/layoutState.ts';
import { ownAccount } from '../homes/ownAccount.ts';
import { saveWorkspaceFile } from './saveWorkspaceFile.ts';
import { type ParsedWorkspace, parseWorkspace, readWorkspaceFile } from './workspaceFile.ts';
import { writePanes } from './writePanes.ts';

/**
 * Writes the layout of a workspace's windows into its file. Panes of hosts that the file does not name (the tasks of a
 * service come and go) are left out. Lines that the file types into a pane, and the session that it is attached to, stay
 * with a pane of that host in that window, else in any. Throws `refused` when the file has changed since it was opened, or has errors.
 */
export async function writeLayout(workspace: Workspace, layout: LayoutState): Promise<Workspace> {
  const { path, contentHash } = workspace;
  if (path === undefined)
    throw failure('refused', 'this workspace has no file', 'Create one, then save the layout in it.');
  const file = await realpath(path).catch(() => path);
  const read = await readWorkspaceFile(file, { homeDirectory: ownAccount().home });
  if (!read.workspace || read.text === undefined || read.problems.some((p) => p.severity === 'error')) {
    const [first] = read.problems;
    const why = first ? `${first.line}:${first.column} ${first.message}` : 'it cannot be read';
    throw failure('refused', `${path} has errors: ${why}`, 'Mend them, open it again, then save the layout.');
  }
  if (read.workspace.contentHash !== contentHash)
    throw failure(
      'refused',
      `${path} has changed since it was opened`,
      'Open it again, then save the layout.',
    );
  const before = read.workspace.panes ?? [];
  const text = writePanes(
    read.text,
    before,
    windowSpecs(
      layout,
      read.workspace.hosts.map((h) => h.id),
      before,
    ),
  );
  const written = parseWorkspace(text, { file, homeDirectory: ownAccount().home });
  if (!written.workspace || !saysTheSameBesides(written, read))
    throw failure(
      'refused',
      `the windows cannot be written into ${path} and leave what else it says as it is`,
      'An anchor may stand in its panes: give it another place, or write the windows by hand.',
    );
  const { mode } = await stat(file);
  await saveWorkspaceFile(file, text, true);
  await chmod(file, mode & 0o7777);
  return { ...written.workspace, path };
}

/** Apart from its panes; a file that has come to have faults does not. */
function saysTheSameBesides(after: ParsedWorkspace, before: ParsedWorkspace): boolean {
  const rest = ({ workspace, problems }: ParsedWorkspace) =>
    JSON.stringify([
      { ...workspace, panes: undefined, contentHash: undefined },
      problems.filter((problem) => problem.severity === 'error').length,
    ]);
  return rest(after) === rest(before);
}

/** The windows of a layout, as a file says them. */
function windowSpecs(
  { windows, hosts }: LayoutState,
  known: readonly HostId[],
  before: readonly WindowSpec[],
): WindowSpec[] {
  const waiting = before.flatMap((window) =>
    panesOfSpec(window.layout).flatMap(({ host, ...more }) =>
      more.run || more.durable ? [{ window: window.name, host, more }] : [],
    ),
  );
  const take = (window: string | undefined, host: HostId) => {
    const index = waiting.findIndex((w) => w.host === host && (window === undefined || w.window === window));
    return index < 0 ? undefined : waiting.splice(index, 1)[0]?.more;
  };
  const specOf = (window: string, node: LayoutNode): LayoutSpec | undefined => {
    if (node.kind === 'pane') {
      const host = hosts?.[node.pane];
      if (host === undefined || !known.includes(host)) return undefined;
      return { host, ...take(window, host) };
    }
    const children = node.children.flatMap((child) => {
      const layout = specOf(window, child.node);
      return layout ? [{ size: child.weight, layout }] : [];
    });
    return children.length > 1 ? { split: node.direction, children } : children[0]?.layout;
  };
  const specs = windows.flatMap((window): WindowSpec[] => {
    const layout = specOf(window.name, window.root);
    return layout ? [{ name: window.name, layout }] : [];
  });
  // A pane that was moved to another window takes its lines along.
  for (const pane of specs.flatMap((spec) => panesOfSpec(spec.layout))) {
    if (!pane.run && !pane.durable) Object.assign(pane, take(undefined, pane.host));
  }
  return specs;
}
