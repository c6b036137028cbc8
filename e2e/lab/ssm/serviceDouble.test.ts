import { DescribeInstancesCommand, EC2Client, StopInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeTasksCommand,
  ECSClient,
  ExecuteCommandCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  DescribeInstanceInformationCommand,
  ResumeSessionCommand,
  SSMClient,
  StartSessionCommand,
} from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createDoubleAccount,
  DOUBLE_KEY,
  type DoubleAccount,
  doubleInstance,
  doubleTask,
} from './doubleAccount.ts';
import { type ServiceDouble, startServiceDouble } from './serviceDouble.ts';
import type { OpenedSession, SessionDoor } from './sessionDoor.ts';

const INSTANCE = 'i-0123456789abcdef0';
let account: DoubleAccount;
let double: ServiceDouble;
let door: SessionDoor & { sessions: OpenedSession[] };

beforeEach(async () => {
  account = createDoubleAccount({
    instances: [{ ...doubleInstance(INSTANCE), name: 'web-1' }],
    clusters: [
      {
        name: 'prod',
        services: [{ name: 'api', enableExecuteCommand: true, desiredCount: 2 }],
        tasks: [doubleTask('api', ['app']), doubleTask('api', ['app'])],
      },
    ],
    roles: [
      {
        arn: 'arn:aws:iam::111122223333:role/breakglass',
        mfaSerial: 'arn:aws:iam::111122223333:mfa/oncall',
        mfaCode: '123456',
        durationMs: 900_000,
      },
    ],
    kmsKeys: new Map([['key-1', new Uint8Array(32).fill(7)]]),
  });
  door = doorOf([]);
  double = await startServiceDouble(account, door);
});
afterEach(() => double.close());

/** Sessions that exist without an agent: what the API side alone needs. */
function doorOf(sessions: OpenedSession[]): SessionDoor & { sessions: OpenedSession[] } {
  const stream = (id: string, token: string) => ({
    streamUrl: `ws://127.0.0.1:1/v1/data-channel/${id}`,
    tokenValue: token,
  });
  return {
    sessions,
    async start({ sessionId, target, documentName, owner }) {
      sessions.push({ sessionId, target, documentName, owner, startedAt: Date.now(), status: 'Connected' });
      return stream(sessionId, 'token');
    },
    async resume(sessionId) {
      const session = sessions.find((s) => s.sessionId === sessionId);
      return session && stream(sessionId, session.status === 'Connected' ? 'token-2' : '');
    },
    async terminate(sessionId) {
      const session = sessions.find((s) => s.sessionId === sessionId);
      if (session) session.status = 'Terminated';
      return session !== undefined;
    },
  };
}

function settings(key: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = DOUBLE_KEY) {
  return { endpoint: double.endpoint, region: account.region, credentials: key, maxAttempts: 1 };
}

test('a session is started, resumed and listed by the SDK’s own client', async () => {
  const ssm = new SSMClient(settings());
  const listed = await ssm.send(new DescribeInstanceInformationCommand({}));
  expect(listed.InstanceInformationList).toMatchObject([
    { InstanceId: INSTANCE, PingStatus: 'Online', PlatformType: 'Linux' },
  ]);
  const started = await ssm.send(new StartSessionCommand({ Target: INSTANCE }));
  expect(started.SessionId).toMatch(/^oncall-[0-9a-f]{17}$/);
  const resumed = await ssm.send(new ResumeSessionCommand({ SessionId: started.SessionId }));
  expect(resumed.TokenValue).toBe('token-2');
  expect(account.calls.map((c) => c.action)).toEqual([
    'DescribeInstanceInformation',
    'StartSession',
    'ResumeSession',
  ]);
});

test('a wrong secret, an unknown key and a region that is not the account’s are refused', async () => {
  const wrong = new SSMClient(settings({ ...DOUBLE_KEY, secretAccessKey: `${DOUBLE_KEY.secretAccessKey}x` }));
  await expect(wrong.send(new StartSessionCommand({ Target: INSTANCE }))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
  const unknown = new SSMClient(settings({ ...DOUBLE_KEY, accessKeyId: 'AKIASTRANGER' }));
  await expect(unknown.send(new StartSessionCommand({ Target: INSTANCE }))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  const elsewhere = new SSMClient({ ...settings(), region: 'us-east-1' });
  await expect(elsewhere.send(new StartSessionCommand({ Target: INSTANCE }))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
  expect(door.sessions).toEqual([]);
});

test('an agent that is not connected, a denied and a throttled call answer as the service does', async () => {
  const ssm = new SSMClient(settings());
  await expect(ssm.send(new StartSessionCommand({ Target: 'i-0feedfacefeedface' }))).rejects.toMatchObject({
    name: 'TargetNotConnected',
  });
  account.denied.add('ssm:StartSession');
  await expect(ssm.send(new StartSessionCommand({ Target: INSTANCE }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  account.denied.clear();
  account.throttled.set('ssm:StartSession', 1);
  await expect(ssm.send(new StartSessionCommand({ Target: INSTANCE }))).rejects.toMatchObject({
    name: 'ThrottlingException',
  });
  await expect(ssm.send(new StartSessionCommand({ Target: INSTANCE }))).resolves.toBeDefined();
});

test('tasks of a service are listed, described and entered', async () => {
  const ecs = new ECSClient(settings());
  const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: 'prod', serviceName: 'api' }));
  expect(taskArns).toHaveLength(2);
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'prod', tasks: taskArns }));
  expect(tasks?.[0]?.containers?.[0]?.managedAgents).toMatchObject([{ lastStatus: 'RUNNING' }]);
  const entered = await ecs.send(
    new ExecuteCommandCommand({
      cluster: 'prod',
      task: taskArns?.[0],
      command: '/bin/sh',
      interactive: true,
    }),
  );
  expect(entered.session?.sessionId).toMatch(/^ecs-execute-command-/);
  expect(door.sessions[0]?.target).toMatch(/^ecs:prod_[0-9a-f]{32}_[0-9a-f]{32}-\d+$/);
});

test('a data key is bound to its encryption context', async () => {
  const kms = new KMSClient(settings());
  const EncryptionContext = { 'aws:ssm:SessionId': 's', 'aws:ssm:TargetId': INSTANCE };
  const made = await kms.send(
    new GenerateDataKeyCommand({ KeyId: 'key-1', NumberOfBytes: 64, EncryptionContext }),
  );
  const opened = await kms.send(
    new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }),
  );
  expect(opened.Plaintext).toEqual(made.Plaintext);
  await expect(
    kms.send(
      new DecryptCommand({
        CiphertextBlob: made.CiphertextBlob,
        EncryptionContext: { ...EncryptionContext, 'aws:ssm:SessionId': 'another' },
      }),
    ),
  ).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
});

test('a role is assumed with a code, and its credentials work until they expire', async () => {
  const sts = new STSClient(settings());
  await expect(sts.send(new GetCallerIdentityCommand({}))).resolves.toMatchObject({
    Arn: 'arn:aws:iam::111122223333:user/oncall',
  });
  const RoleArn = 'arn:aws:iam::111122223333:role/breakglass';
  const SerialNumber = 'arn:aws:iam::111122223333:mfa/oncall';
  await expect(
    sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'a', SerialNumber, TokenCode: '000000' })),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'a', SerialNumber, TokenCode: '123456' }),
  );
  const key = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  const ssm = new SSMClient(settings(key));
  await expect(ssm.send(new StartSessionCommand({ Target: INSTANCE }))).resolves.toBeDefined();
  const stored = account.keys.get(key.accessKeyId);
  if (stored) stored.expiresAt = Date.now() - 1;
  await expect(ssm.send(new StartSessionCommand({ Target: INSTANCE }))).rejects.toMatchObject({
    name: 'ExpiredTokenException',
  });
});

test('an instance is described and stopped through the query protocol', async () => {
  const ec2 = new EC2Client(settings());
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [INSTANCE] }));
  expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
    State: { Name: 'running' },
    Tags: [{ Key: 'Name', Value: 'web-1' }],
  });
  const stopped = await ec2.send(new StopInstancesCommand({ InstanceIds: [INSTANCE] }));
  expect(stopped.StoppingInstances?.[0]?.CurrentState?.Name).toBe('stopped');
  await expect(
    ec2.send(new DescribeInstancesCommand({ InstanceIds: ['i-0feedfacefeedface'] })),
  ).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
});
