import type { AwsSession } from '../../../../shared/model/awsInventory.ts';
import type { EcsSpec, SsmSpec } from '../../../../shared/model/workspace.ts';
import type { AwsAccess } from './awsAccess.ts';

const MOST = 200;

/** Who has a session with this host now, by DescribeSessions. Newest first. */
export async function listSessions(spec: SsmSpec | EcsSpec, aws: AwsAccess): Promise<AwsSession[]> {
  const { paginateDescribeSessions } = await import('@aws-sdk/client-ssm');
  const found: AwsSession[] = [];
  // A task's target holds a runtime id that only ECS knows: its sessions are found by the task's own id.
  const filter = spec.kind === 'ssm' ? { Filters: [{ key: 'Target' as const, value: spec.target }] } : {};
  const taskId = spec.kind === 'ecs' ? (spec.task ?? '').split('/').at(-1) : undefined;
  for await (const page of paginateDescribeSessions(
    { client: await aws.ssm() },
    { State: 'Active', ...filter },
  )) {
    for (const one of page.Sessions ?? []) {
      if (taskId !== undefined && !(one.Target ?? '').includes(`_${taskId}_`)) continue;
      found.push({
        id: one.SessionId ?? '',
        owner: one.Owner ?? '',
        status: one.Status ?? '',
        document: one.DocumentName ?? '',
        ...(one.StartDate ? { startedAt: one.StartDate.getTime() } : {}),
      });
    }
    if (found.length >= MOST) break;
  }
  return found.sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0));
}
