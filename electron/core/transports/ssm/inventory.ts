import type {
  AwsInstance,
  AwsInventory,
  AwsService,
  Missing,
} from '../../../../shared/model/awsInventory.ts';
import type { AwsAccess } from './awsAccess.ts';
import { awsFailure } from './awsFailure.ts';

/** DescribeServices takes no more at once; DescribeTasks ten times as many. */
const SERVICES_AT_ONCE = 10;
const TASKS_AT_ONCE = 100;
const MOST = 2000;

/** Lists what Session Manager knows. A part that may not be listed is a problem that is told, and no more. */
export async function readInventory(aws: AwsAccess): Promise<AwsInventory> {
  const problems: string[] = [];
  const region = await aws.region();
  async function part<T>(doing: string, read: () => Promise<T[]>): Promise<T[]> {
    try {
      return await read();
    } catch (error) {
      const { reason, advice } = awsFailure(error, doing);
      problems.push(`${reason}. ${advice}`);
      return [];
    }
  }
  const [instances, services] = await Promise.all([
    part('list the managed instances', () => listInstances(aws, problems)),
    part('list the services of ECS', () => listServices(aws)),
  ]);
  return { region, instances, services, problems };
}

async function listInstances(aws: AwsAccess, problems: string[]): Promise<AwsInstance[]> {
  const { paginateDescribeInstanceInformation } = await import('@aws-sdk/client-ssm');
  const found: AwsInstance[] = [];
  for await (const page of paginateDescribeInstanceInformation({ client: await aws.ssm() }, {})) {
    for (const one of page.InstanceInformationList ?? []) {
      const ping = one.PingStatus ?? 'unknown';
      const platform = one.PlatformType ?? 'unknown';
      const missing = instanceMissing(ping, platform);
      found.push({
        id: one.InstanceId ?? '',
        ...(one.ComputerName === undefined ? {} : { name: one.ComputerName }),
        tags: {},
        ping,
        platform,
        agentVersion: one.AgentVersion ?? '',
        ...(missing ? { missing } : {}),
      });
    }
    if (found.length >= MOST) break;
  }
  try {
    await nameThem(aws, found);
  } catch (error) {
    const { reason, advice } = awsFailure(error, 'read the names of the instances');
    problems.push(`${reason}. ${advice}`);
  }
  return found;
}

/** Names and tags are EC2's; what is managed outside of it has none. */
async function nameThem(aws: AwsAccess, instances: readonly AwsInstance[]): Promise<void> {
  const { paginateDescribeInstances } = await import('@aws-sdk/client-ec2');
  const byId = new Map(instances.filter((i) => i.id.startsWith('i-')).map((i) => [i.id, i]));
  if (byId.size === 0) return;
  for await (const page of paginateDescribeInstances({ client: await aws.ec2() }, {}))
    for (const one of (page.Reservations ?? []).flatMap((r) => r.Instances ?? [])) {
      const instance = byId.get(one.InstanceId ?? '');
      if (!instance) continue;
      for (const { Key, Value } of one.Tags ?? [])
        if (Key === 'Name') instance.name = Value ?? '';
        else if (Key !== undefined) instance.tags[Key] = Value ?? '';
    }
}

function instanceMissing(ping: string, platform: string): Missing | undefined {
  if (platform !== 'Linux') return { reason: `it runs ${platform}`, advice: 'Fireline watches Linux hosts.' };
  if (ping === 'Online') return undefined;
  return {
    reason: 'its agent is not connected',
    advice:
      'Check that the instance runs, that amazon-ssm-agent runs on it, and that it reaches the ssmmessages endpoint.',
  };
}

async function listServices(aws: AwsAccess): Promise<AwsService[]> {
  const { DescribeServicesCommand, paginateListClusters, paginateListServices } = await import(
    '@aws-sdk/client-ecs'
  );
  const client = await aws.ecs();
  const found: AwsService[] = [];
  for await (const clusters of paginateListClusters({ client }, {}))
    for (const cluster of clusters.clusterArns ?? []) {
      const arns: string[] = [];
      for await (const page of paginateListServices({ client }, { cluster }))
        arns.push(...(page.serviceArns ?? []));
      for (let at = 0; at < arns.length && found.length < MOST; at += SERVICES_AT_ONCE) {
        const answer = await client.send(
          new DescribeServicesCommand({ cluster, services: arns.slice(at, at + SERVICES_AT_ONCE) }),
        );
        for (const one of answer.services ?? []) {
          const name = one.serviceName ?? '';
          const running = one.runningCount ?? 0;
          const tasks = running > 0 ? await tasksOf(aws, cluster, name) : undefined;
          const executeCommand = one.enableExecuteCommand ?? false;
          const missing = serviceMissing(executeCommand, running, tasks);
          found.push({
            cluster: cluster.split('/').at(-1) ?? cluster,
            name,
            running,
            desired: one.desiredCount ?? 0,
            executeCommand,
            containers: tasks?.containers ?? [],
            ...(missing ? { missing } : {}),
          });
        }
      }
    }
  return found;
}

interface Tasks {
  containers: string[];
  /** Tasks that were started with ExecuteCommand, and whose agent runs. */
  enabled: number;
  connected: number;
}

async function tasksOf(aws: AwsAccess, cluster: string, serviceName: string): Promise<Tasks> {
  const { DescribeTasksCommand, ListTasksCommand } = await import('@aws-sdk/client-ecs');
  const client = await aws.ecs();
  const { taskArns = [] } = await client.send(
    new ListTasksCommand({ cluster, serviceName, maxResults: TASKS_AT_ONCE }),
  );
  if (taskArns.length === 0) return { containers: [], enabled: 0, connected: 0 };
  const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  const agentRuns = (task: (typeof tasks)[number]) =>
    (task.containers ?? []).some((c) =>
      (c.managedAgents ?? []).some((a) => a.name === 'ExecuteCommandAgent' && a.lastStatus === 'RUNNING'),
    );
  return {
    containers: [...new Set(tasks.flatMap((t) => (t.containers ?? []).map((c) => c.name ?? '')))].filter(
      Boolean,
    ),
    enabled: tasks.filter((t) => t.enableExecuteCommand).length,
    connected: tasks.filter(agentRuns).length,
  };
}

function serviceMissing(
  executeCommand: boolean,
  running: number,
  tasks: Tasks | undefined,
): Missing | undefined {
  if (!executeCommand)
    return {
      reason: 'ExecuteCommand is off',
      advice:
        'Set enableExecuteCommand on the service and start new tasks: aws ecs update-service --enable-execute-command --force-new-deployment.',
    };
  if (running === 0) return { reason: 'it runs no task', advice: 'It can be opened as soon as one runs.' };
  if (tasks && tasks.enabled === 0)
    return {
      reason: 'its tasks were started before ExecuteCommand was turned on',
      advice: 'Start new ones: a running task cannot be changed.',
    };
  if (tasks && tasks.connected === 0)
    return {
      reason: 'the ExecuteCommand agent of its tasks does not run',
      advice: 'Check that the task role allows ssmmessages, and that the subnet reaches that endpoint.',
    };
  return undefined;
}
