import type { HostId } from '../../../shared/model/host.ts';
import type { Workspace } from '../../../shared/model/workspace.ts';
import { panesOfSpec } from '../../../shared/panes/layoutFromSpec.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';

/**
 * Hosts whose connection runs a program of the workspace file's choosing on this machine, with what would run, for
 * people. They are held until the user approves this very content (`contentHash`). A workspace that came from no file
 * is Fireline's own.
 */
export function heldCommands(
  workspace: Workspace,
  approvals: { isApproved(contentHash: string): boolean },
): Map<HostId, string> {
  const held = new Map<HostId, string>();
  if (workspace.contentHash === undefined || approvals.isApproved(workspace.contentHash)) return held;
  for (const { id, transport } of workspace.hosts) {
    if (transport.kind !== 'command') continue;
    held.set(id, `${quoteCommand(transport.shell)}\n${quoteCommand(transport.exec)} …`);
  }
  return held;
}

/** What the file would have typed into panes of its hosts, held likewise: those lines run on the hosts, as the user. */
export function heldStartUps(
  workspace: Workspace,
  approvals: { isApproved(contentHash: string): boolean },
): { host: HostId; command: string; typed: true }[] {
  if (workspace.contentHash === undefined || approvals.isApproved(workspace.contentHash)) return [];
  return (workspace.panes ?? [])
    .flatMap((window) => panesOfSpec(window.layout))
    .flatMap(({ host, run }) =>
      run === undefined ? [] : [{ host, command: run.join('\n'), typed: true as const }],
    );
}
