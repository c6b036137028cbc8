import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCore } from '../../../electron/core/core.ts';
import { createAwsAccess } from '../../../electron/core/transports/ssm/awsAccess.ts';
import { followServiceTasks } from '../../../electron/core/transports/ssm/serviceTasks.ts';
import { ManualClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { type DoubleCluster, doubleTask } from './doubleAccount.ts';
import { type AwsDouble, startAwsDouble } from './startAwsDouble.ts';

const WAIT = { timeout: 15_000, interval: 10 };
let owned: DisposableStore;
let double: AwsDouble;
let cluster: DoubleCluster;

beforeEach(async () => {
  owned = new DisposableStore();
  cluster = {
    name: 'prod',
    services: [{ name: 'api', enableExecuteCommand: true, desiredCount: 2 }],
    tasks: [doubleTask('api', ['app']), doubleTask('api', ['app']), doubleTask('other', ['x'])],
  };
  double = owned.add(await startAwsDouble({ account: { clusters: [cluster] } }));
  for (const [name, value] of Object.entries(double.service.environment)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  owned.dispose();
});

function follow(service = 'api') {
  const clock = new ManualClock(Date.now());
  const host = 'api' as HostId;
  const aws = createAwsAccess({
    place: {},
    host,
    clock,
    prompter: { interactive: false, waiting: [], ask: async () => null },
  });
  const tasks = owned.add(
    followServiceTasks(
      { id: host, tags: ['web'], transport: { kind: 'ecs', cluster: 'prod', service, container: 'app' } },
      { aws, clock, diagnostic: () => {} },
    ),
  );
  const started: string[] = [];
  const stopped: unknown[] = [];
  tasks.onStarted((task) => started.push(task.id));
  tasks.onStopped((task) => stopped.push(task));
  return { clock, tasks, started, stopped };
}

const idOf = (index: number) => `api.${cluster.tasks[index]?.id.slice(0, 8)}`;

test('a service is its running tasks, and follows a deployment', async () => {
  const { clock, tasks, started, stopped } = follow();
  expect(await tasks.look()).toEqual({ ok: true, value: 2 });
  expect(started).toEqual([idOf(0), idOf(1)]);
  const [old] = cluster.tasks;
  if (old)
    Object.assign(old, { lastStatus: 'STOPPED', stoppedReason: 'Scaling activity initiated by deployment' });
  cluster.tasks.push(doubleTask('api', ['app']));
  clock.advance(15_000);
  await expect.poll(() => started, WAIT).toEqual([idOf(0), idOf(1), idOf(3)]);
  expect(stopped).toEqual([{ host: idOf(0), reason: 'Scaling activity initiated by deployment' }]);
  expect(tasks.stopped(idOf(0) as HostId)).toBe('Scaling activity initiated by deployment');
});

test('a service that is not there, and a permission that is missing, say so', async () => {
  expect(await follow('nobody').tasks.look()).toMatchObject({
    ok: false,
    error: { kind: 'refused', reason: expect.stringContaining('there is no such service in the cluster') },
  });
  double.account.denied.add('ecs:ListTasks');
  expect(await follow().tasks.look()).toMatchObject({
    ok: false,
    error: { kind: 'refused', advice: expect.stringContaining('The permission ecs:ListTasks is missing') },
  });
});

test('in a workspace each task is a host with its panes, and one that stops is marked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fireline-ecs-'));
  owned.addStop(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'w.yaml');
  writeFileSync(
    file,
    'version: 1\nname: prod\nhosts:\n  - { id: api, tags: [web], ecs: { cluster: prod, service: api, container: app } }\n',
  );
  const core = await createCore({
    home: 'cli',
    interactive: false,
    dataDirectory: join(folder, 'data'),
    diagnostic: () => {},
  });
  owned.addStop(() => void core.close());
  await core.openWorkspace(file, false);
  await expect
    .poll(() => core.hosts.map((h) => [h.id, h.link.kind]), WAIT)
    .toEqual([
      [idOf(0), 'good'],
      [idOf(1), 'good'],
    ]);
  expect(core.hosts[0]).toMatchObject({ transport: 'ssm', tags: ['web', 'api'] });
  await expect.poll(() => core.hosts[1]?.sampler.kind, WAIT).toBe('running');
  await core.close();
});
