import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Prompter, Question } from '../../../electron/core/sessions/prompter.ts';
import { createAwsAccess } from '../../../electron/core/transports/ssm/awsAccess.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PromptAnswer } from '../../../shared/model/prompt.ts';
import { acceleratedClock } from '../acceleratedClock.ts';
import { type AwsDouble, startAwsDouble } from './startAwsDouble.ts';

const START = 'https://acme.awsapps.com/start';
let double: AwsDouble;
let folder: string;
let signOn: NonNullable<AwsDouble['account']['signOn']>;

beforeEach(async () => {
  signOn = { startUrl: START, userCode: 'ABCD-EFGH', approved: false, roleMs: 3_600_000 };
  double = await startAwsDouble({ account: { signOn } });
  folder = mkdtempSync(join(tmpdir(), 'fireline-sso-'));
  writeFileSync(
    join(folder, 'config'),
    `[sso-session acme]\nsso_start_url = ${START}\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access\n[profile oncall]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = Operator\nregion = eu-west-1\n`,
  );
  const { AWS_ACCESS_KEY_ID: _key, AWS_SECRET_ACCESS_KEY: _secret, ...settings } = double.service.environment;
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  // Where the CLI keeps its tokens: none.
  vi.stubEnv('HOME', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  double.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function access(whenAsked: (question: Question, cancel: () => void) => void) {
  const asked: Question[] = [];
  let withdrawn = 0;
  const prompter: Prompter = {
    interactive: true,
    waiting: [],
    ask: (question, signal) =>
      new Promise<PromptAnswer>((resolve) => {
        asked.push(question);
        signal.addEventListener('abort', () => {
          withdrawn++;
          resolve(null);
        });
        whenAsked(question, () => resolve(null));
      }),
  };
  const aws = createAwsAccess({
    place: { profile: 'oncall' },
    host: 'web1' as HostId,
    prompter,
    clock: acceleratedClock(20),
  });
  return { aws, asked, withdrawn: () => withdrawn };
}

test('who has no token signs in by the browser once, and is let in', async () => {
  const { aws, asked, withdrawn } = access(() => {
    setTimeout(() => {
      signOn.approved = true;
    }, 150);
  });
  await Promise.all([(await aws.ssm()).send(new DescribeInstanceInformationCommand({})), aws.credentials()]);
  expect(asked).toMatchObject([
    {
      kind: 'browserSignIn',
      hop: 'AWS profile oncall',
      userCode: 'ABCD-EFGH',
      url: 'https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH',
    },
  ]);
  expect(withdrawn()).toBe(1);
  expect(double.account.calls.at(-1)).toMatchObject({ action: 'DescribeInstanceInformation' });
  // New credentials by the same token: nobody is asked again.
  aws.forgetCredentials();
  await aws.credentials();
  expect(asked).toHaveLength(1);
});

test('it can be cancelled, and it can be refused', async () => {
  await expect(access((_question, cancel) => setTimeout(cancel, 20)).aws.credentials()).rejects.toThrow(
    'the sign-in was cancelled',
  );
  signOn.denied = true;
  await expect(access(() => {}).aws.credentials()).rejects.toThrow('the sign-in was refused: denied by user');
});
