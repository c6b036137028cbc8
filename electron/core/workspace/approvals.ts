import type { HostId } from '../../../shared/model/host.ts';
import type { Workspace } from '../../../shared/model/workspace.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';

/**
 * Hosts whose connection runs a program of the workspace file's choosing on this machine, with what would run, for
 * people. They are held until the user approves this very content (`contentHash`). A workspace that came from no file
 * is Fireline's own.
 */
export function heldHosts(
  workspace: Workspace,
  isApproved: (contentHash: string) => boolean,
): { host: HostId; command: string }[] {
  if (workspace.contentHash === undefined || isApproved(workspace.contentHash)) return [];
  return workspace.hosts.flatMap(({ id, transport }) =>
    transport.kind === 'command'
      ? [{ host: id, command: `${quoteCommand(transport.shell)}\n${quoteCommand(transport.exec)} …` }]
      : [],
  );
}
