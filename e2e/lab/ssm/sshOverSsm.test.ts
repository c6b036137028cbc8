import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHostSession, type HostSession } from '../../../electron/core/sessions/hostSession.ts';
import { startTestSshd, type TestSshd } from '../../../electron/core/transports/ssh/testSshd.ts';
import { createTransport } from '../../../electron/core/transports/transports.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { doubleInstance } from './doubleAccount.ts';
import { type AwsDouble, startAwsDouble } from './startAwsDouble.ts';

const INSTANCE = 'i-0123456789abcdef0';
const WAIT = { timeout: 15_000, interval: 10 };
let owned: DisposableStore;
let double: AwsDouble;
let sshd: TestSshd;

beforeEach(async () => {
  owned = new DisposableStore();
  sshd = await startTestSshd();
  owned.addStop(() => void sshd.stop());
  double = owned.add(
    await startAwsDouble({
      account: {
        instances: [doubleInstance(INSTANCE)],
      },
    }),
  );
  for (const [name, value] of Object.entries(double.service.environment)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  owned.dispose();
});

function session(knownHosts: string): HostSession {
  const knownHostsFile = join(sshd.directory, 'known_hosts_of_instances');
  writeFileSync(knownHostsFile, knownHosts);
  const opened = owned.add(
    createHostSession({
      host: 'web1' as HostId,
      clock: systemClock,
      transport: createTransport(
        {
          id: 'web1' as HostId,
          tags: [],
          transport: {
            kind: 'ssm',
            target: INSTANCE,
            ssh: { user: sshd.user, port: sshd.port, identityFile: sshd.identity, knownHostsFile },
          },
        },
        {
          prompter: { interactive: false, waiting: [], ask: async () => null },
          clock: systemClock,
          homeDirectory: sshd.directory,
          environment: {},
          sshConfigFiles: { user: '/dev/null', system: '/dev/null' },
        },
      ),
    }),
  );
  opened.start();
  return opened;
}

const known = () => sshd.knownHostsLine.replace(/^\S+/, INSTANCE);

test('many channels on one session, the key checked under the instance’s id', async () => {
  const host = session(known());
  await expect.poll(() => host.link, WAIT).toMatchObject({ kind: 'good' });
  expect(host.address).toBe(`ssh to ${INSTANCE}`);
  const answers = await Promise.all(
    [1, 2, 3].map((n) => host.run(['sh', '-c', `echo ${n}; echo e >&2; exit ${n}`], { purpose: 'test' })),
  );
  expect(answers.map((a) => a.ok && [a.value.exitCode, a.value.stdout, a.value.stderr])).toEqual([
    [1, '1\n', 'e\n'],
    [2, '2\n', 'e\n'],
    [3, '3\n', 'e\n'],
  ]);
  expect(double.agents.sessions.map((s) => s.documentName)).toEqual(['AWS-StartSSHSession']);
});

test('ssh does not notice that its session was resumed', async () => {
  const host = session(known());
  await expect.poll(() => host.link, WAIT).toMatchObject({ kind: 'good' });
  const running = host.run(['sh', '-c', 'sleep 0.3; seq 1 20000'], { purpose: 'test' });
  double.agents.breakConnections();
  const answer = await running;
  expect(answer.ok && answer.value.stdout).toBe(
    Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join(''),
  );
  expect(double.account.calls.map((c) => c.action)).toContain('ResumeSession');
});

test('another key than the one filed for the instance refuses the host', async () => {
  const other = await startTestSshd();
  owned.addStop(() => void other.stop());
  const host = session(other.knownHostsLine.replace(/^\S+/, INSTANCE));
  await expect.poll(() => host.link, WAIT).toMatchObject({ kind: 'refused' });
  expect(host.link).toMatchObject({ reason: expect.stringMatching(/key/) });
});
