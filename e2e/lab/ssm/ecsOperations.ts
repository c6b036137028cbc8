import type { DoubleCluster, DoubleTask } from './doubleAccount.ts';
import {
  type Call,
  type Operations,
  optionalTextOf,
  pageOf,
  ServiceError,
  textOf,
  textsOf,
} from './doubleCall.ts';
import type { SessionDoor } from './sessionDoor.ts';
import { newSessionId } from './ssmOperations.ts';

/** Elastic Container Service, JSON 1.1, target prefix `AmazonEC2ContainerServiceV20141113`. */
export function ecsOperations(door: SessionDoor): Operations {
  return {
    ListClusters(call) {
      const { page, next } = pageOf(call.account.clusters, call, LIST);
      return { clusterArns: page.map((c) => clusterArn(call, c)), ...(next ? { nextToken: next } : {}) };
    },

    ListServices(call) {
      const cluster = clusterOf(call);
      const { page, next } = pageOf(cluster.services, call, { ...LIST, most: 10 });
      return {
        serviceArns: page.map((s) => `${arnOf(call, 'service')}/${cluster.name}/${s.name}`),
        ...(next ? { nextToken: next } : {}),
      };
    },

    DescribeServices(call) {
      const cluster = clusterOf(call);
      const wanted = textsOf(call, 'services').map(lastPart);
      if (wanted.length > 10)
        throw new ServiceError('InvalidParameterException', 'Services cannot be more than 10.');
      const found = cluster.services.filter((s) => wanted.includes(s.name));
      return {
        services: found.map((s) => ({
          serviceName: s.name,
          serviceArn: `${arnOf(call, 'service')}/${cluster.name}/${s.name}`,
          clusterArn: clusterArn(call, cluster),
          status: 'ACTIVE',
          desiredCount: s.desiredCount,
          runningCount: cluster.tasks.filter((t) => t.service === s.name && t.lastStatus === 'RUNNING')
            .length,
          enableExecuteCommand: s.enableExecuteCommand,
          launchType: 'FARGATE',
        })),
        failures: wanted
          .filter((name) => !found.some((s) => s.name === name))
          .map((name) => ({ arn: `${arnOf(call, 'service')}/${cluster.name}/${name}`, reason: 'MISSING' })),
      };
    },

    ListTasks(call) {
      const cluster = clusterOf(call);
      const service = optionalTextOf(call, 'serviceName');
      const desired = optionalTextOf(call, 'desiredStatus') ?? 'RUNNING';
      if (service !== undefined && !cluster.services.some((s) => s.name === lastPart(service)))
        throw new ServiceError('ServiceNotFoundException', 'Service not found.');
      const wanted = cluster.tasks.filter(
        (t) =>
          (service === undefined || t.service === lastPart(service)) &&
          (desired === 'STOPPED') === (t.lastStatus === 'STOPPED'),
      );
      const { page, next } = pageOf(wanted, call, LIST);
      return { taskArns: page.map((t) => taskArn(call, cluster, t)), ...(next ? { nextToken: next } : {}) };
    },

    DescribeTasks(call) {
      const cluster = clusterOf(call);
      const wanted = textsOf(call, 'tasks').map(lastPart);
      const found = cluster.tasks.filter((t) => wanted.includes(t.id));
      return {
        tasks: found.map((t) => describeTask(call, cluster, t)),
        failures: wanted
          .filter((id) => !found.some((t) => t.id === id))
          .map((id) => ({ arn: `${arnOf(call, 'task')}/${cluster.name}/${id}`, reason: 'MISSING' })),
      };
    },

    async ExecuteCommand(call) {
      const cluster = clusterOf(call);
      const task = taskOf(call, cluster);
      if (task.lastStatus !== 'RUNNING' || !task.enableExecuteCommand)
        throw new ServiceError(
          'InvalidParameterException',
          'The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.',
        );
      const name = optionalTextOf(call, 'container') ?? task.containers[0]?.name;
      if (optionalTextOf(call, 'container') === undefined && task.containers.length > 1)
        throw new ServiceError(
          'InvalidParameterException',
          'The execute command failed because the container name was not specified and the task has more than one container.',
        );
      const container = task.containers.find((c) => c.name === name);
      if (!container)
        throw new ServiceError('InvalidParameterException', 'The container name was not found in the task.');
      if (container.agentStatus !== 'RUNNING')
        throw new ServiceError(
          'TargetNotConnectedException',
          'The execute command failed due to an internal error. Try again later.',
        );
      if (call.input['interactive'] !== true)
        throw new ServiceError(
          'InvalidParameterException',
          'Interactive is the only mode supported currently.',
        );
      const sessionId = `ecs-execute-command-${newSessionId(call).split('-').at(-1) ?? ''}`;
      const stream = await door.start({
        sessionId,
        target: `ecs:${cluster.name}_${task.id}_${container.runtimeId}`,
        documentName: 'AmazonECS-ExecuteInteractiveCommand',
        parameters: {},
        command: textOf(call, 'command'),
        owner: call.arn,
      });
      return {
        clusterArn: clusterArn(call, cluster),
        taskArn: taskArn(call, cluster, task),
        containerName: container.name,
        containerArn: `${arnOf(call, 'container')}/${cluster.name}/${task.id}/${container.name}`,
        interactive: true,
        session: { sessionId, streamUrl: stream.streamUrl, tokenValue: stream.tokenValue },
      };
    },

    StopTask(call) {
      const cluster = clusterOf(call);
      const task = taskOf(call, cluster);
      task.lastStatus = 'STOPPED';
      task.stoppedReason = optionalTextOf(call, 'reason') ?? 'Task stopped by user';
      for (const container of task.containers) {
        container.lastStatus = 'STOPPED';
        if (container.agentStatus) container.agentStatus = 'STOPPED';
      }
      for (const session of door.sessions)
        if (session.target.includes(task.id)) void door.terminate(session.sessionId);
      return { task: describeTask(call, cluster, task) };
    },
  };
}

const LIST = { size: 'maxResults', token: 'nextToken', most: 100 };

function describeTask(call: Call, cluster: DoubleCluster, task: DoubleTask): object {
  return {
    taskArn: taskArn(call, cluster, task),
    clusterArn: clusterArn(call, cluster),
    ...(task.service === undefined ? {} : { group: `service:${task.service}`, startedBy: 'ecs-svc/1' }),
    lastStatus: task.lastStatus,
    desiredStatus: task.lastStatus === 'STOPPED' ? 'STOPPED' : 'RUNNING',
    enableExecuteCommand: task.enableExecuteCommand,
    ...(task.platformFamily === undefined ? {} : { platformFamily: task.platformFamily }),
    ...(task.stoppedReason === undefined ? {} : { stoppedReason: task.stoppedReason }),
    startedAt: task.startedAt / 1000,
    launchType: 'FARGATE',
    containers: task.containers.map((container) => ({
      name: container.name,
      runtimeId: container.runtimeId,
      lastStatus: container.lastStatus,
      ...(container.agentStatus === undefined
        ? {}
        : { managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: container.agentStatus }] }),
    })),
  };
}

function clusterOf(call: Call): DoubleCluster {
  const wanted = lastPart(optionalTextOf(call, 'cluster') ?? 'default');
  const cluster = call.account.clusters.find((c) => c.name === wanted);
  if (!cluster) throw new ServiceError('ClusterNotFoundException', 'Cluster not found.');
  return cluster;
}

function taskOf(call: Call, cluster: DoubleCluster): DoubleTask {
  const wanted = lastPart(textOf(call, 'task'));
  const task = cluster.tasks.find((t) => t.id === wanted);
  if (!task) throw new ServiceError('InvalidParameterException', 'The referenced task was not found.');
  return task;
}

function arnOf(call: Call, kind: string): string {
  return `arn:aws:ecs:${call.account.region}:${call.account.accountId}:${kind}`;
}
function clusterArn(call: Call, cluster: DoubleCluster): string {
  return `${arnOf(call, 'cluster')}/${cluster.name}`;
}
function taskArn(call: Call, cluster: DoubleCluster, task: DoubleTask): string {
  return `${arnOf(call, 'task')}/${cluster.name}/${task.id}`;
}
/** Names and ARNs are taken alike. */
function lastPart(nameOrArn: string): string {
  return nameOrArn.split('/').at(-1) ?? nameOrArn;
}
