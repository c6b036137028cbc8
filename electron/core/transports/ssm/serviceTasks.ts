import type { Task } from '@aws-sdk/client-ecs';
import type { Clock } from '../../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../../shared/base/emitter.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { EcsSpec, WorkspaceHost } from '../../../../shared/model/workspace.ts';
import type { ConnectFailure } from '../transport.ts';
import type { AwsAccess } from './awsAccess.ts';
import { awsFailure } from './awsFailure.ts';

/** Follows which tasks a service runs, through deployments: each is a host of its own. */
export interface ServiceTasks extends Disposable {
  /** Tasks that were not there at the last look. */
  readonly onStarted: Event<WorkspaceHost>;
  /** A task that we had has stopped, with what ECS says of it. */
  readonly onStopped: Event<{ host: HostId; reason: string }>;
  /** Why this host's task is gone; `undefined` while it runs. */
  stopped(host: HostId): string | undefined;
  /** Looks now. `ok`: how many run. */
  look(): Promise<Result<number, ConnectFailure>>;
}

/** A deployment takes minutes; ECS allows a few such calls a second to an account. */
const LOOK_EVERY_MS = 15_000;
/** DescribeTasks takes no more at once. */
const DESCRIBED_AT_ONCE = 100;

export function followServiceTasks(
  entry: WorkspaceHost & { transport: EcsSpec },
  { aws, clock, diagnostic }: { aws: AwsAccess; clock: Clock; diagnostic(line: string): void },
): ServiceTasks {
  const { cluster, service = '', container } = entry.transport;
  const owned = new DisposableStore();
  const started = owned.add(new Emitter<WorkspaceHost>());
  const gone = owned.add(new Emitter<{ host: HostId; reason: string }>());
  const running = new Map<string, HostId>();
  const ended = new Map<HostId, string>();
  let looking: Promise<Result<number, ConnectFailure>> | undefined;

  async function lookNow(): Promise<Result<number, ConnectFailure>> {
    try {
      const { DescribeTasksCommand, paginateListTasks } = await import('@aws-sdk/client-ecs');
      const client = await aws.ecs();
      const arns: string[] = [];
      for await (const page of paginateListTasks({ client }, { cluster, serviceName: service }))
        arns.push(...(page.taskArns ?? []));
      const known = [...running.keys()].filter((arn) => !arns.includes(arn));
      const wanted = [...arns, ...known];
      const tasks: Task[] = [];
      for (let at = 0; at < wanted.length; at += DESCRIBED_AT_ONCE) {
        const answer = await client.send(
          new DescribeTasksCommand({ cluster, tasks: wanted.slice(at, at + DESCRIBED_AT_ONCE) }),
        );
        tasks.push(...(answer.tasks ?? []));
      }
      if (owned.isDisposed) return ok(0);
      for (const task of tasks) take(task);
      // ECS forgets stopped tasks after an hour.
      for (const arn of known)
        if (!tasks.some((task) => task.taskArn === arn)) leave(arn, 'ECS no longer knows the task');
      return ok(running.size);
    } catch (error) {
      return fail(awsFailure(error, `list the tasks of ${service}`));
    }
  }

  function take(task: Task): void {
    const arn = task.taskArn ?? '';
    if (task.lastStatus === 'STOPPED' || task.desiredStatus === 'STOPPED') {
      if (running.has(arn)) leave(arn, task.stoppedReason ?? 'the task is being stopped');
      return;
    }
    if (running.has(arn) || task.lastStatus !== 'RUNNING') return;
    const taskId = arn.split('/').at(-1) ?? arn;
    const host = hostIdOf(entry.id, taskId);
    running.set(arn, host);
    ended.delete(host);
    started.fire({
      id: host,
      tags: [...new Set([...entry.tags, entry.id as string])],
      transport: {
        kind: 'ecs',
        cluster,
        task: taskId,
        ...(container === undefined ? {} : { container }),
        ...(entry.transport.region === undefined ? {} : { region: entry.transport.region }),
        ...(entry.transport.profile === undefined ? {} : { profile: entry.transport.profile }),
      },
    });
  }

  function leave(arn: string, reason: string): void {
    const host = running.get(arn);
    if (host === undefined) return;
    running.delete(arn);
    ended.set(host, reason);
    gone.fire({ host, reason });
  }

  async function look(): Promise<Result<number, ConnectFailure>> {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return await looking;
  }

  owned.add(
    clock.every(LOOK_EVERY_MS, () => {
      // Until the first look has found some, whoever opens the entry's own host asks.
      if (running.size === 0) return;
      void look().then((result) => {
        if (!result.ok) diagnostic(result.error.reason);
      });
    }),
  );

  return {
    onStarted: started.event,
    onStopped: gone.event,
    stopped: (host) => ended.get(host),
    look,
    dispose: () => owned.dispose(),
  };
}

/** `api` and a task's first eight digits: `api.1a2b3c4d`, within the 64 characters of an id. */
function hostIdOf(entry: HostId, taskId: string): HostId {
  return `${entry.slice(0, 55)}.${taskId.slice(0, 8)}` as HostId;
}
