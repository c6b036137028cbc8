import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { ControlHostArguments } from '../../../shared/model/remediation.ts';
import { type OpenedCore, openCore } from '../openCore.ts';
import { type DoubleCluster, type DoubleInstance, doubleInstance, doubleTask } from './doubleAccount.ts';
import { type AwsDouble, startAwsDouble } from './startAwsDouble.ts';

const INSTANCE = 'i-0123456789abcdef0';
const WAIT = { timeout: 20_000, interval: 20 };
let owned: DisposableStore;
let double: AwsDouble;
let opened: OpenedCore;
let instance: DoubleInstance;
let cluster: DoubleCluster;

beforeEach(async () => {
  owned = new DisposableStore();
  instance = doubleInstance(INSTANCE);
  cluster = {
    name: 'prod',
    services: [{ name: 'api', enableExecuteCommand: true, desiredCount: 1 }],
    tasks: [doubleTask('api', ['app'])],
  };
  double = owned.add(await startAwsDouble({ account: { instances: [instance], clusters: [cluster] } }));
  for (const [name, value] of Object.entries(double.service.environment)) vi.stubEnv(name, value);
  opened = await openCore();
  const file = join(mkdtempSync(join(opened.dataDirectory, 'w-')), 'w.yaml');
  writeFileSync(
    file,
    `version: 1\nname: prod\nhosts:\n  - { id: one, ssm: { instance: ${INSTANCE} } }\n  - { id: api, ecs: { cluster: prod, service: api } }\n  - { id: here, local: {} }\n`,
  );
  await opened.core.openWorkspace(file, false);
  await expect.poll(() => opened.core.hosts.map((h) => h.link.kind), WAIT).toEqual(['good', 'good', 'good']);
});
afterEach(async () => {
  await opened.close();
  vi.unstubAllEnvs();
  owned.dispose();
});

const planFor = (host: string, operation: ControlHostArguments['operation']) =>
  opened.window.call('remediation.plan', {
    host: host as HostId,
    request: { action: 'aws.control_host', arguments: { operation } },
  });

test('an instance is stopped: planned with AWS’s own word for it, done, verified, with the request’s id as evidence', async () => {
  const plan = await planFor('one', 'stop');
  expect(plan).toMatchObject({
    title: `Stop ${INSTANCE}`,
    command: `StopInstances {"InstanceIds":["${INSTANCE}"]}`,
    needs: 'The permission ec2:StopInstances.',
  });
  expect(plan.refusal).toBeUndefined();
  expect(instance.state).toBe('running');
  const record = await opened.window.call('remediation.execute', { plan: plan.id });
  expect(record).toMatchObject({ outcome: 'succeeded', verdict: 'it is stopped.' });
  const call = double.account.calls.findLast((c) => c.action === 'StopInstances');
  expect(record.output).toBe(`accepted, request ${call?.requestId}`);
  expect(instance.state).toBe('stopped');
  expect((await planFor('one', 'stop')).refusal).toBe('It is stopped, not running.');
}, 40_000);

test('a permission that is missing is found before anyone confirms', async () => {
  double.account.denied.add('ec2:RebootInstances');
  expect((await planFor('one', 'reboot')).refusal).toMatch(/The permission ec2:RebootInstances is missing/);
});

test('what changed since the plan is refused', async () => {
  const plan = await planFor('one', 'reboot');
  instance.state = 'stopping';
  const record = await opened.window.call('remediation.execute', { plan: plan.id });
  expect(record).toMatchObject({
    outcome: 'refused',
    verdict: expect.stringContaining('it is stopping by now'),
  });
});

test('a task is stopped, and only a task', async () => {
  const host = opened.core.hosts.find((h) => h.tags.includes('api'))?.id ?? '';
  expect((await planFor(host, 'reboot')).refusal).toBe('This host is not of that kind.');
  const plan = await planFor(host, 'stop_task');
  const record = await opened.window.call('remediation.execute', { plan: plan.id });
  expect(record).toMatchObject({ outcome: 'succeeded', verdict: 'it is STOPPED.' });
  expect(cluster.tasks[0]?.lastStatus).toBe('STOPPED');
}, 40_000);

test('a host that is not reached through AWS has no such thing', async () => {
  await expect(planFor('here', 'reboot')).rejects.toThrow('here is not reached through AWS');
});

test('a stale session is listed with its owner, ended by its own plan, and a stranger’s id is refused', async () => {
  const listed = () => opened.window.call('aws.sessions', { host: 'one' as HostId });
  // The newest may still be on its way: each command that runs at the same time has one.
  await expect
    .poll(async () => (await listed()).at(-1), WAIT)
    .toMatchObject({ owner: 'arn:aws:iam::111122223333:user/oncall', status: 'Connected' });
  const sessions = await listed();
  const request = (sessionId: string) => ({
    host: 'one' as HostId,
    request: { action: 'aws.terminate_session' as const, arguments: { sessionId } },
  });
  const other = double.agents.sessions.find((s) => s.target.startsWith('ecs:'))?.sessionId ?? '';
  expect((await opened.window.call('remediation.plan', request(other))).refusal).toBe(
    'It is no active session of this host.',
  );
  const id = sessions.at(-1)?.id ?? '';
  const plan = await opened.window.call('remediation.plan', request(id));
  expect(plan.touches[0]).toContain('user/oncall');
  const record = await opened.window.call('remediation.execute', { plan: plan.id });
  expect(record).toMatchObject({ outcome: 'succeeded', verdict: 'it has ended.' });
  expect(double.agents.sessions.find((s) => s.sessionId === id)?.status).toBe('Terminated');
}, 40_000);
