import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { doubleInstance } from './doubleAccount.ts';
import { type AwsDouble, startAwsDouble } from './startAwsDouble.ts';

const ENTRY = fileURLToPath(new URL('../../../electron/cli/main.ts', import.meta.url));
const INSTANCE = 'i-0123456789abcdef0';
let double: AwsDouble;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-doctor-'));
  double = await startAwsDouble({
    account: {
      instances: [doubleInstance(INSTANCE)],
      clusters: [{ name: 'prod', services: [], tasks: [] }],
    },
  });
});
afterEach(() => {
  double.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Title, entry, words to be found, what is wrong, environment. */
type Case = [string, string, RegExp, ((d: AwsDouble) => void) | undefined, Record<string, string>];

/** The command itself, in a process of its own. */
async function doctor(
  entry: string,
  environment: Record<string, string> = {},
): Promise<{ code: number; text: string }> {
  const file = join(folder, 'w.yaml');
  writeFileSync(file, `version: 1\nname: w\nhosts:\n  - { id: one, ${entry} }\n`);
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      [ENTRY, 'doctor', file, '--timeout', '12s'],
      { env: { ...process.env, ...double.service.environment, FIRELINE_HOME: folder, ...environment } },
      (error, stdout, stderr) =>
        resolve({
          code: error ? Number(error.code ?? 1) : 0,
          text: `${stdout}${stderr}`.replace(/\s+/g, ' '),
        }),
    );
  });
}

const SSM = `ssm: { instance: ${INSTANCE} }`;

test('a host through Session Manager is examined like any other', async () => {
  const { code, text } = await doctor(SSM);
  expect(text).toMatch(/perl/);
  expect(code).toBe(0);
});

test.each<Case>([
  [
    'a permission is missing',
    SSM,
    /The permission ssm:StartSession is missing/,
    (d) => void d.account.denied.add('ssm:StartSession'),
    {},
  ],
  [
    'the agent is offline',
    SSM,
    /amazon-ssm-agent runs on it/,
    (d) => {
      const [instance] = d.account.instances;
      if (instance) instance.pingStatus = 'ConnectionLost';
    },
    {},
  ],
  [
    'the profile is not there',
    `ssm: { instance: ${INSTANCE}, profile: nobody }`,
    /there is no profile nobody/,
    undefined,
    {},
  ],
  [
    'the secret is wrong',
    SSM,
    /The secret access key does not belong to the key id/,
    undefined,
    { AWS_SECRET_ACCESS_KEY: 'wrong' },
  ],
  ['no region is set', SSM, /no region is set/, undefined, { AWS_REGION: '', AWS_DEFAULT_REGION: '' }],
  ['nothing answers', SSM, /Check the network/, undefined, { AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:9' }],
  [
    'the cluster is not there',
    'ecs: { cluster: nowhere, service: api }',
    /there is no such cluster/,
    undefined,
    {},
  ],
  [
    'the service is not there',
    'ecs: { cluster: prod, service: api }',
    /there is no such service in the cluster/,
    undefined,
    {},
  ],
])('%s: what and what to do', async (_, entry, words, change, environment) => {
  change?.(double);
  const { code, text } = await doctor(entry, environment);
  expect(text).toMatch(words);
  expect(code).not.toBe(0);
});
