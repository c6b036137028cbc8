import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeInstanceInformationCommand, StartSessionCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Prompter, Question } from '../../../electron/core/sessions/prompter.ts';
import { type AwsAccess, createAwsAccess } from '../../../electron/core/transports/ssm/awsAccess.ts';
import { awsFailure } from '../../../electron/core/transports/ssm/awsFailure.ts';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { AwsPlace } from '../../../shared/model/workspace.ts';
import { createDoubleAccount, DOUBLE_KEY, type DoubleAccount, doubleInstance } from './doubleAccount.ts';
import { type ServiceDouble, startServiceDouble } from './serviceDouble.ts';

const INSTANCE = 'i-0123456789abcdef0';
const ROLE = 'arn:aws:iam::111122223333:role/breakglass';
const MFA = 'arn:aws:iam::111122223333:mfa/oncall';

let account: DoubleAccount;
let double: ServiceDouble;
let folder: string;
let clock: ManualClock;
let asked: Question[];
let answers: (string[] | null)[];

beforeEach(async () => {
  account = createDoubleAccount({
    instances: [doubleInstance(INSTANCE)],
    roles: [{ arn: ROLE, mfaSerial: MFA, mfaCode: '123456', durationMs: 900_000 }],
  });
  double = await startServiceDouble(account, {
    sessions: [],
    start: async () => ({ streamUrl: 'ws://127.0.0.1:1/', tokenValue: 't' }),
    resume: async () => undefined,
    terminate: async () => false,
  });
  folder = mkdtempSync(join(tmpdir(), 'fireline-aws-'));
  const config = join(folder, 'config');
  const keys = join(folder, 'credentials');
  writeFileSync(
    config,
    `[profile breakglass]\nrole_arn = ${ROLE}\nsource_profile = base\nmfa_serial = ${MFA}\nregion = eu-west-1\n`,
  );
  writeFileSync(
    keys,
    `[base]\naws_access_key_id = ${DOUBLE_KEY.accessKeyId}\naws_secret_access_key = ${DOUBLE_KEY.secretAccessKey}\n`,
  );
  for (const [name, value] of Object.entries(double.environment)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_CONFIG_FILE', config);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', keys);
  clock = new ManualClock(Date.now());
  asked = [];
  answers = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await double.close();
  rmSync(folder, { recursive: true, force: true });
});

const prompter: Prompter = {
  interactive: true,
  waiting: [],
  async ask(question) {
    asked.push(question);
    return answers.shift() ?? null;
  },
};

function access(place: AwsPlace): AwsAccess {
  return createAwsAccess({ place, host: 'web1' as HostId, prompter, clock });
}

async function failureOf(attempt: Promise<unknown>) {
  return await attempt.then(
    () => {
      throw new Error('it was meant to fail');
    },
    (error: unknown) => awsFailure(error, `start a session with ${INSTANCE}`),
  );
}

test('keys of the environment, the region and the endpoint setting are the SDK’s own', async () => {
  const aws = access({});
  expect(await aws.region()).toBe('eu-west-1');
  expect(aws.onLoopback('ssm')).toBe(false);
  await (await aws.ssm()).send(new StartSessionCommand({ Target: INSTANCE }));
  expect(account.calls.at(-1)).toMatchObject({ action: 'StartSession', accessKeyId: DOUBLE_KEY.accessKeyId });
  expect(aws.onLoopback('ssm')).toBe(true);
  expect(asked).toEqual([]);
});

test('a role with a second factor asks once, whoever needs it, and again only when it runs out', async () => {
  // A profile that is named comes before keys of the environment.
  const aws = access({ profile: 'breakglass' });
  answers = [['123456'], ['123456']];
  await Promise.all([
    (await aws.ssm()).send(new StartSessionCommand({ Target: INSTANCE })),
    (await aws.ssm()).send(new DescribeInstanceInformationCommand({})),
    aws.credentials(),
  ]);
  expect(asked).toMatchObject([
    {
      kind: 'keyboardInteractive',
      host: 'web1',
      hop: 'AWS profile breakglass',
      questions: [{ text: 'Code' }],
    },
  ]);
  clock.advance(11 * 60_000);
  await aws.credentials();
  expect(asked).toHaveLength(2);
});

test('credentials in use are asked for ahead of their end, once, and not at all when nothing is open', async () => {
  const aws = access({ profile: 'breakglass' });
  answers = [['123456'], null, ['123456']];
  await aws.credentials();
  const session = aws.use();
  const another = aws.use();
  await aws.credentials();
  // The role's keys hold for fifteen minutes; five before, the next code is asked for.
  clock.advance(9 * 60_000);
  expect(asked).toHaveLength(1);
  clock.advance(2 * 60_000);
  await expect.poll(() => asked.length).toBe(2);
  expect(asked[1]).toMatchObject({
    instructions: expect.stringMatching(/^The credentials in use run out at \d\d:\d\d UTC/),
  });
  // Nobody answered: the next call asks again.
  await aws.credentials();
  expect(asked).toHaveLength(3);
  session.dispose();
  another.dispose();
  clock.advance(60 * 60_000);
  expect(asked).toHaveLength(3);
});

test('a code that is refused, and one that nobody gives, are told apart', async () => {
  const aws = access({ profile: 'breakglass' });
  answers = [['000000'], null];
  expect(await failureOf(aws.credentials())).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('the code of the second factor was not accepted'),
  });
  expect((await failureOf(aws.credentials())).reason).toMatch(/no code of the second factor was given/);
});

test('a profile that is not there is named', async () => {
  const failure = await failureOf(access({ profile: 'nobody' }).credentials());
  expect(failure).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('there is no profile nobody on this machine'),
    advice: expect.stringContaining('~/.aws/config'),
  });
});

test('each refusal of the service says what is missing and how to mend it', async () => {
  const send = async () =>
    await failureOf((await access({}).ssm()).send(new StartSessionCommand({ Target: INSTANCE })));
  account.denied.add('ssm:StartSession');
  expect(await send()).toMatchObject({
    kind: 'refused',
    code: 'AccessDeniedException',
    advice: expect.stringContaining('The permission ssm:StartSession is missing'),
    requestId: account.calls.at(-1)?.requestId,
  });
  account.denied.clear();
  const [instance] = account.instances;
  if (instance) instance.pingStatus = 'ConnectionLost';
  expect(await send()).toMatchObject({
    kind: 'retry',
    code: 'TargetNotConnected',
    advice: expect.stringContaining('amazon-ssm-agent'),
  });
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
  expect(await send()).toMatchObject({
    kind: 'refused',
    code: 'InvalidSignatureException',
    reason: expect.stringContaining('the signature is wrong'),
  });
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', 'http://127.0.0.1:9');
  expect(await send()).toMatchObject({ kind: 'retry', code: 'ECONNREFUSED' });
});

test('throttling is waited out by the client itself', async () => {
  account.throttled.set('ssm:StartSession', 2);
  await (await access({}).ssm()).send(new StartSessionCommand({ Target: INSTANCE }));
  expect(account.calls.map((c) => c.refusal)).toEqual([
    'ThrottlingException',
    'ThrottlingException',
    undefined,
  ]);
});
