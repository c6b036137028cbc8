import type { HostId } from '../../../shared/model/host.ts';
import type { WorkspaceHost } from '../../../shared/model/workspace.ts';
import { canBeHost, canBeUser } from './entryValues.ts';

/**
 * Hosts whose jumps lead back to themselves, each with the way round (`web1 → web2 → web1`). A jump that names the
 * id of another host of the workspace goes through that host; any other name leaves the workspace.
 */
export function membersOfJumpCycles(hosts: readonly WorkspaceHost[]): Map<HostId, string[]> {
  const next = new Map<string, string[]>();
  for (const { id, transport } of hosts) {
    const jumps = transport.kind === 'ssh' && 'host' in transport ? (transport.jump ?? []) : [];
    if (!next.has(id))
      next.set(
        id,
        jumps.map(jumpHost).filter((name) => name !== undefined),
      );
  }
  const circles = new Map<HostId, string[]>();
  for (const { id } of hosts) {
    const way = wayBack(id, next);
    if (way) circles.set(id, way);
  }
  return circles;
}

/** The host part of `[user@]host[:port]`, or `undefined` when it is not of that form. */
export function jumpHost(jump: string): string | undefined {
  const [, user, address, name, port = '22'] =
    /^(?:([^:,]+)@)?(?:\[([0-9A-Fa-f:.%]+)\]|([^@:[\],]+))(?::(\d{1,5}))?$/.exec(jump) ?? [];
  const host = address ?? name;
  if (host === undefined || !canBeHost(host) || !canBeUser(user ?? '')) return undefined;
  return Number(port) >= 1 && Number(port) <= 65_535 ? host : undefined;
}

/** The shortest way from a host back to itself. */
function wayBack(start: string, next: ReadonlyMap<string, string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let here = queue.shift(); here !== undefined; here = queue.shift()) {
    for (const to of next.get(here) ?? []) {
      if (to === start) {
        const way = [start];
        for (
          let step: string | undefined = here;
          step !== undefined && step !== start;
          step = cameFrom.get(step)
        ) {
          way.unshift(step);
        }
        return [start, ...way];
      }
      if (next.has(to) && !cameFrom.has(to)) {
        cameFrom.set(to, here);
        queue.push(to);
      }
    }
  }
  return undefined;
}
