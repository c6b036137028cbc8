import type { HostId } from '../../../shared/model/host.ts';
import type { RemediationPlan } from '../../../shared/model/remediation.ts';

export interface CommandGroup {
  command: string;
  needs: string;
  hosts: HostId[];
}

/**
 * What would run where: one action is another command on a host that needs sudo for it, or that has no perl. Equal commands
 * are one, in the order of the hosts; what a plan refuses runs nowhere.
 */
export function commandGroups(
  plans: readonly Pick<RemediationPlan, 'host' | 'command' | 'needs' | 'refusal'>[],
): CommandGroup[] {
  const groups = new Map<string, CommandGroup>();
  for (const { host, command, needs, refusal } of plans) {
    if (refusal !== undefined) continue;
    const key = JSON.stringify([command, needs]);
    const group = groups.get(key) ?? { command, needs, hosts: [] };
    group.hosts.push(host);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** `each host`, `web1`, `web1, web2, web3 and 5 more`. */
export function hostWords(hosts: readonly HostId[], all: number): string {
  if (hosts.length === all) return 'each host';
  const [named, more] = [hosts.slice(0, 4), hosts.length - 4];
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}
