import type { Clock } from '../../../../shared/base/clock.ts';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import type { EcsSpec, SsmSpec } from '../../../../shared/model/workspace.ts';
import type { ConnectFailure } from '../transport.ts';
import type { AwsAccess } from './awsAccess.ts';
import { type AwsFailure, awsFailure } from './awsFailure.ts';
import { type DataChannel, openDataChannel, type StreamAddress } from './dataChannel.ts';
import { signUpgrade } from './signedUpgrade.ts';

/** What a session is to be, by the service's own documents. */
export type SessionPurpose =
  | { kind: 'shell' }
  /** Raw bytes to sshd's port, for ssh over the session. */
  | { kind: 'ssh'; port: number }
  /** To a port of the instance, or of `host` as the instance reaches it. */
  | { kind: 'port'; port: number; host?: string }
  /** One command, its output apart from its errors, and an exit code. */
  | { kind: 'command'; commandLine: string };

export interface StartedSession {
  channel: DataChannel;
  /** TerminateSession: a shell takes no notice of anything else. */
  terminate(): Promise<void>;
}

export interface SessionStart {
  aws: AwsAccess;
  clock: Clock;
  diagnostic(line: string): void;
}

/** StartSession, or ECS's ExecuteCommand, and the data channel that it names. */
export async function startSession(
  spec: SsmSpec | EcsSpec,
  purpose: SessionPurpose,
  { aws, clock, diagnostic }: SessionStart,
): Promise<Result<StartedSession, ConnectFailure>> {
  const opened =
    spec.kind === 'ssm' ? await openInstance(spec, purpose, aws) : await openTask(spec, purpose, aws);
  if (!opened.ok) return opened;
  const { sessionId, target, first } = opened.value;

  async function terminate(): Promise<void> {
    try {
      const { TerminateSessionCommand } = await import('@aws-sdk/client-ssm');
      await (await aws.ssm()).send(new TerminateSessionCommand({ SessionId: sessionId }));
    } catch (error) {
      // It ends by its idle time-out all the same.
      diagnostic(awsFailure(error, `end the session ${sessionId}`).reason);
    }
  }

  const channel = await openDataChannel({
    sessionId,
    target,
    first,
    clock,
    diagnostic,
    loopback: aws.onLoopback(spec.kind),
    async renew() {
      try {
        const { ResumeSessionCommand } = await import('@aws-sdk/client-ssm');
        const answer = await (await aws.ssm()).send(new ResumeSessionCommand({ SessionId: sessionId }));
        return ok({ streamUrl: answer.StreamUrl ?? '', tokenValue: answer.TokenValue ?? '' });
      } catch (error) {
        return fail(refusalOf(error, `resume the session ${sessionId}`, aws));
      }
    },
    sign: async (url) =>
      await signUpgrade(url, {
        region: await aws.region(),
        credentials: await aws.credentials(),
        now: Date.now(),
      }),
    keys: {
      async generate(keyId, context) {
        const { GenerateDataKeyCommand } = await import('@aws-sdk/client-kms');
        const answer = await (await aws.kms()).send(
          new GenerateDataKeyCommand({ KeyId: keyId, NumberOfBytes: 64, EncryptionContext: context }),
        );
        return {
          plain: answer.Plaintext ?? new Uint8Array(0),
          sealed: answer.CiphertextBlob ?? new Uint8Array(0),
        };
      },
    },
  });
  if (channel.ok) {
    const using = aws.use();
    channel.value.onEnd(() => using.dispose());
    return ok({ channel: channel.value, terminate });
  }
  await terminate();
  return fail({ kind: 'retry', ...channel.error });
}

interface Opened {
  sessionId: string;
  target: string;
  first: StreamAddress;
}

async function openInstance(
  spec: SsmSpec,
  purpose: SessionPurpose,
  aws: AwsAccess,
): Promise<Result<Opened, ConnectFailure>> {
  try {
    const { StartSessionCommand } = await import('@aws-sdk/client-ssm');
    const answer = await (await aws.ssm()).send(
      new StartSessionCommand({ Target: spec.target, Reason: 'Fireline', ...documentOf(purpose) }),
    );
    return ok({
      sessionId: answer.SessionId ?? '',
      target: spec.target,
      first: { streamUrl: answer.StreamUrl ?? '', tokenValue: answer.TokenValue ?? '' },
    });
  } catch (error) {
    return fail(refusalOf(error, `start a session with ${spec.target}`, aws));
  }
}

function documentOf(purpose: SessionPurpose): {
  DocumentName?: string;
  Parameters?: Record<string, string[]>;
} {
  switch (purpose.kind) {
    case 'shell':
      // The account's own preferences.
      return {};
    case 'ssh':
      return { DocumentName: 'AWS-StartSSHSession', Parameters: { portNumber: [String(purpose.port)] } };
    case 'port':
      return {
        DocumentName:
          purpose.host === undefined
            ? 'AWS-StartPortForwardingSession'
            : 'AWS-StartPortForwardingSessionToRemoteHost',
        Parameters: {
          portNumber: [String(purpose.port)],
          type: ['LocalPortForwarding'],
          ...(purpose.host === undefined ? {} : { host: [purpose.host] }),
        },
      };
    case 'command':
      return {
        DocumentName: 'AWS-StartNonInteractiveCommand',
        Parameters: { command: [purpose.commandLine] },
      };
  }
}

async function openTask(
  spec: EcsSpec,
  purpose: SessionPurpose,
  aws: AwsAccess,
): Promise<Result<Opened, ConnectFailure>> {
  const { cluster, task = '' } = spec;
  if (purpose.kind !== 'shell')
    return fail({
      kind: 'refused',
      reason: 'ECS opens shells only',
      advice: 'Reach the port from inside the task, or through an instance of its network.',
    });
  try {
    const { DescribeTasksCommand, ExecuteCommandCommand } = await import('@aws-sdk/client-ecs');
    const ecs = await aws.ecs();
    const answer = await ecs.send(
      new ExecuteCommandCommand({
        cluster,
        task,
        interactive: true,
        command: '/bin/sh',
        ...(spec.container === undefined ? {} : { container: spec.container }),
      }),
    );
    // Only the description knows the runtime id, which the encryption's context needs.
    const described = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [task] }));
    const runtimeId = described.tasks?.[0]?.containers?.find(
      (c) => c.name === answer.containerName,
    )?.runtimeId;
    const taskId = (answer.taskArn ?? task).split('/').at(-1) ?? task;
    const clusterName = (answer.clusterArn ?? cluster).split('/').at(-1) ?? cluster;
    return ok({
      sessionId: answer.session?.sessionId ?? '',
      target: `ecs:${clusterName}_${taskId}_${runtimeId ?? ''}`,
      first: { streamUrl: answer.session?.streamUrl ?? '', tokenValue: answer.session?.tokenValue ?? '' },
    });
  } catch (error) {
    return fail(refusalOf(error, `enter the task ${task}`, aws));
  }
}

function refusalOf(error: unknown, doing: string, aws: AwsAccess): AwsFailure {
  const failure = awsFailure(error, doing);
  if (failure.code.startsWith('ExpiredToken')) aws.forgetCredentials();
  return failure;
}
