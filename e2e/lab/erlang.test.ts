import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAwsAccess } from '../../electron/core/transports/ssm/awsAccess.ts';
import { startSession } from '../../electron/core/transports/ssm/startSession.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { DisposableStore } from '../../shared/base/disposable.ts';
import type { HostId } from '../../shared/model/host.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { type ErlangService, startErlangService } from './scenarios/erlangService.ts';
import { type DoubleCluster, doubleTask } from './ssm/doubleAccount.ts';
import { type AwsDouble, startAwsDouble } from './ssm/startAwsDouble.ts';

const WAIT = { timeout: 20_000, interval: 20 };
let owned: DisposableStore;
let double: AwsDouble;
let cluster: DoubleCluster;
let opened: OpenedCore;
let service: ErlangService;
let serial = 0;

beforeEach(async () => {
  owned = new DisposableStore();
  cluster = {
    name: 'prod',
    services: [{ name: 'api', enableExecuteCommand: true, desiredCount: 1 }],
    tasks: [doubleTask('api', ['app'])],
  };
  double = owned.add(await startAwsDouble({ account: { clusters: [cluster] } }));
  for (const [name, value] of Object.entries(double.service.environment)) vi.stubEnv(name, value);
  service = await startErlangService(`svc${process.pid}x${serial++}`);
  opened = await openCore();
  const file = join(opened.dataDirectory, 'w.yaml');
  writeFileSync(
    file,
    'version: 1\nname: prod\nhosts:\n  - { id: api, ecs: { cluster: prod, service: api, container: app } }\n',
  );
  await opened.core.openWorkspace(file, false);
  await expect.poll(() => opened.core.hosts[0]?.sampler.kind, WAIT).toBe('running');
});
afterEach(async () => {
  await opened.close();
  await service.stop();
  killNodesOf(service.cookie);
  vi.unstubAllEnvs();
  owned.dispose();
});

/** Debug nodes outlive their session on purpose: they are found by the cookie that only this test has. */
function killNodesOf(cookie: string): void {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  for (const line of lines) {
    if (!line.includes(`-setcookie ${cookie}`)) continue;
    try {
      process.kill(Number(line.trim().split(' ')[0]), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** Someone's own session with the task: it ends, and what was started in it stays. */
async function typeInSession(text: string): Promise<string> {
  const aws = createAwsAccess({
    place: {},
    host: 'someone' as HostId,
    clock: systemClock,
    prompter: { interactive: false, waiting: [], ask: async () => null },
  });
  const started = await startSession(
    { kind: 'ecs', cluster: 'prod', task: cluster.tasks[0]?.id ?? '', container: 'app' },
    { kind: 'shell' },
    { aws, clock: systemClock, diagnostic: () => {} },
  );
  if (!started.ok) throw new Error(started.error.reason);
  owned.add(started.value.channel);
  started.value.channel.write(Buffer.from(text));
  return started.value.channel.sessionId;
}

test('an expired session leaves a debug node, which is told, disconnected and stays away', async () => {
  const host = opened.core.hosts[0]?.id;
  const session = await typeInSession(`${service.debugCommand(`debug${serial}`)}\n`);
  const up = await opened.event(
    'the node that joined',
    // Its name and its process may each be known later than its connection.
    ({ kind, detail }) =>
      kind === 'erlang.node_up' && detail['node'] !== undefined && detail['terminal'] !== undefined,
  );
  expect(up).toMatchObject({ host, severity: 'info', detail: { hidden: false, terminal: true } });

  await double.agents.terminate(session);
  const orphan = await opened.event('the orphan', (e) => e.kind === 'erlang.orphan_remote_shell');
  expect(orphan.title).toMatch(/is still connected to svc\S+, but its terminal is gone/);
  expect(JSON.stringify(orphan)).not.toContain(service.cookie);

  const action = orphan.actions.find((a) => a.action === 'erlang.disconnect_node');
  if (!action) throw new Error('no disconnection was offered');
  const { label: _, host: on, ...request } = action;
  const plan = await opened.window.call('remediation.plan', { host: on, request, event: orphan.id });
  expect(plan.refusal).toBeUndefined();
  expect(plan.command).not.toContain(service.cookie);
  const record = await opened.window.call('remediation.execute', { plan: plan.id });
  expect(record).toMatchObject({ outcome: 'succeeded', verdict: expect.stringContaining('stayed away') });
  expect(record).toMatchObject({ cpuBefore: expect.any(Number), cpuAfter: expect.any(Number) });
  // Of the service itself: a machine that does other things as well says little by its own figure.
  const ticksOfOneSecond = async () => {
    const used = service.cpuTicks();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return service.cpuTicks() - used;
  };
  await expect.poll(ticksOfOneSecond, WAIT).toBeLessThan(10);
  await opened.event('its leaving', (e) => e.kind === 'erlang.node_down');
});
