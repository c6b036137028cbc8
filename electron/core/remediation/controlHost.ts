import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type {
  ControlHostArguments,
  PlanText,
  RemediationPlan,
  RemediationRecord,
} from '../../../shared/model/remediation.ts';
import type { EcsSpec, SsmSpec } from '../../../shared/model/workspace.ts';
import type { AwsAccess } from '../transports/ssm/awsAccess.ts';
import { type AwsFailure, awsFailure } from '../transports/ssm/awsFailure.ts';
import { type ExecutionContext, openAudit, wait } from './audit.ts';

type ControlPlan = Extract<RemediationPlan, { action: 'aws.control_host' }>;
type Operation = ControlHostArguments['operation'];
type Words = Omit<PlanText, 'id' | 'host' | 'createdAt' | 'event'>;

/** The AWS resource that a host is. It comes from the workspace, never from a window. */
export interface AwsHost {
  spec: SsmSpec | EcsSpec;
  aws: AwsAccess;
}

const LOOK_EVERY_MS = 5_000;
/** An instance that stops writes its disks first. */
const VERIFIED_WITHIN_MS = 180_000;

const OPERATIONS: Record<
  Operation,
  { verb: string; call: string; permission: string; from: string; to: string; touches: readonly string[] }
> = {
  reboot: {
    verb: 'Reboot',
    call: 'RebootInstances',
    permission: 'ec2:RebootInstances',
    from: 'running',
    to: 'running',
    touches: [
      'Every process on it ends, and what is only in memory is gone.',
      'Its addresses and disks stay.',
    ],
  },
  stop: {
    verb: 'Stop',
    call: 'StopInstances',
    permission: 'ec2:StopInstances',
    from: 'running',
    to: 'stopped',
    touches: [
      'Every process on it ends, and it stays down until it is started.',
      'A public address that is not an Elastic IP changes, and instance-store disks are lost.',
    ],
  },
  start: {
    verb: 'Start',
    call: 'StartInstances',
    permission: 'ec2:StartInstances',
    from: 'stopped',
    to: 'running',
    touches: ['It boots, and is paid for again.'],
  },
  stop_task: {
    verb: 'Stop task',
    call: 'StopTask',
    permission: 'ecs:StopTask',
    from: 'RUNNING',
    to: 'STOPPED',
    touches: [
      'Its containers get SIGTERM, and SIGKILL after their stop time-out, 30 s unless set otherwise.',
      'A service starts another task in its place.',
    ],
  },
};

/** Reads the state; for an instance, AWS is also asked whether it would allow it (DryRun). */
export async function planControl(
  { operation }: ControlHostArguments,
  { spec, aws }: AwsHost,
): Promise<{ words: Words }> {
  const { verb, call, permission, from, touches } = OPERATIONS[operation];
  const target = spec.kind === 'ssm' ? spec.target : (spec.task ?? '');
  const words: Words = {
    title: `${verb} ${visibleText(target, 80)}`,
    command: `${call} ${JSON.stringify(requestOf(operation, spec))}`,
    touches: [...touches],
    needs: `The permission ${permission}${spec.profile === undefined ? '' : ` in the profile ${spec.profile}`}.`,
    verification: `AWS is asked for its state until it is what it should be, for ${VERIFIED_WITHIN_MS / 60_000} minutes at most.`,
  };
  if ((operation === 'stop_task') !== (spec.kind === 'ecs'))
    return { words: { ...words, refusal: 'This host is not of that kind.' } };
  if (spec.kind === 'ssm' && spec.target.startsWith('mi-'))
    return {
      words: {
        ...words,
        refusal: 'It is a managed machine outside of EC2: AWS can neither stop nor start it.',
      },
    };
  try {
    const state = await stateOf(spec, aws);
    if (state !== from)
      return { words: { ...words, refusal: `It is ${state ?? 'not known to AWS'}, not ${from}.` } };
    if (spec.kind === 'ssm') await send(operation, spec, aws, true);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'DryRunOperation') {
      const { reason, advice } = awsFailure(error, `look at ${target}`);
      return { words: { ...words, refusal: `${reason}. ${advice}` } };
    }
  }
  return { words };
}

export async function executeControl(
  plan: ControlPlan,
  { spec, aws }: AwsHost,
  context: ExecutionContext,
): Promise<RemediationRecord> {
  const { operation } = plan.arguments;
  const { from, to } = OPERATIONS[operation];
  const audit = openAudit(plan, 'Asking AWS whether it is still in the state that was planned for', context);
  const { step, conclude } = audit;
  const failed = (failure: AwsFailure, name: 'guard' | 'execute') => {
    step(name, 'failed', failure.reason);
    audit.add({
      output: `${failure.code}${failure.requestId === undefined ? '' : `, request ${failure.requestId}`}`,
    });
    conclude('failed', `${failure.reason}. ${failure.advice}`);
  };
  try {
    const state = await stateOf(spec, aws);
    if (state !== from) {
      step('guard', 'failed', `It is ${state ?? 'gone'} by now`);
      conclude('refused', `it is ${state ?? 'gone'} by now, not ${from}. Nothing was asked for.`);
      return await audit.finish();
    }
  } catch (error) {
    failed(awsFailure(error, 'read its state'), 'guard');
    return await audit.finish();
  }
  step('guard', 'done', `It was still ${from}`);
  try {
    const requestId = await send(operation, spec, aws, false);
    audit.add({ output: `accepted, request ${requestId ?? 'unknown'}` });
    step('execute', 'done', `AWS accepted it (request ${requestId ?? 'unknown'})`);
  } catch (error) {
    failed(awsFailure(error, plan.title), 'execute');
    return await audit.finish();
  }
  if (operation === 'reboot') {
    step('verify', 'done', 'Its boot is told on the timeline when it is back');
    conclude('succeeded', 'AWS reboots it; its link comes back by itself.');
    return await audit.finish();
  }
  step('verify', 'running', `Waiting until it is ${to}`);
  context.publishRecord(audit.record);
  const verdict = await untilState({ spec, aws }, to, context);
  step('verify', verdict === to ? 'done' : 'unknown', `It is ${verdict ?? 'not known'}`);
  if (verdict === to) conclude('succeeded', `it is ${to}.`);
  else conclude('unknown', `AWS accepted it; it is ${verdict ?? 'not known'} so far. Verify it.`);
  return await audit.finish();
}

export async function verifyControl(
  { operation }: ControlHostArguments,
  { spec, aws }: AwsHost,
): Promise<{ helped: boolean; verdict: string }> {
  const { to } = OPERATIONS[operation];
  const state = await stateOf(spec, aws);
  return { helped: state === to, verdict: `It is ${state ?? 'not known to AWS'}.` };
}

async function untilState(
  host: AwsHost,
  wanted: string,
  context: ExecutionContext,
): Promise<string | undefined> {
  const until = context.clock.monotonic() + VERIFIED_WITHIN_MS;
  let state: string | undefined;
  while (!context.ended.aborted && context.clock.monotonic() < until) {
    state = await stateOf(host.spec, host.aws).catch(() => state);
    if (state === wanted) return state;
    await wait(context.clock, LOOK_EVERY_MS, context.ended);
  }
  return state;
}

async function stateOf(spec: SsmSpec | EcsSpec, aws: AwsAccess): Promise<string | undefined> {
  if (spec.kind === 'ssm') {
    const { DescribeInstancesCommand } = await import('@aws-sdk/client-ec2');
    const answer = await (await aws.ec2()).send(new DescribeInstancesCommand({ InstanceIds: [spec.target] }));
    return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name;
  }
  const { DescribeTasksCommand } = await import('@aws-sdk/client-ecs');
  const answer = await (await aws.ecs()).send(
    new DescribeTasksCommand({ cluster: spec.cluster, tasks: [spec.task ?? ''] }),
  );
  return answer.tasks?.[0]?.lastStatus;
}

function requestOf(operation: Operation, spec: SsmSpec | EcsSpec): object {
  return operation === 'stop_task' && spec.kind === 'ecs'
    ? { cluster: spec.cluster, task: spec.task, reason: 'stopped from Fireline' }
    : { InstanceIds: [spec.kind === 'ssm' ? spec.target : ''] };
}

/** The request's id. With `dryRun` EC2 answers DryRunOperation where it would allow it. */
async function send(
  operation: Operation,
  spec: SsmSpec | EcsSpec,
  aws: AwsAccess,
  dryRun: boolean,
): Promise<string | undefined> {
  if (spec.kind === 'ecs') {
    const { StopTaskCommand } = await import('@aws-sdk/client-ecs');
    const answer = await (await aws.ecs()).send(
      new StopTaskCommand({ cluster: spec.cluster, task: spec.task, reason: 'stopped from Fireline' }),
    );
    return answer.$metadata.requestId;
  }
  const { RebootInstancesCommand, StartInstancesCommand, StopInstancesCommand } = await import(
    '@aws-sdk/client-ec2'
  );
  const client = await aws.ec2();
  const input = { InstanceIds: [spec.target], DryRun: dryRun };
  const answer =
    operation === 'reboot'
      ? await client.send(new RebootInstancesCommand(input))
      : operation === 'stop'
        ? await client.send(new StopInstancesCommand(input))
        : await client.send(new StartInstancesCommand(input));
  return answer.$metadata.requestId;
}

export type AwsHostOf = (host: HostId) => AwsHost | undefined;
