import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RpcClient } from '../../shared/contract/rpc.ts';
import type { HostId } from '../../shared/model/host.ts';
import { isUp } from '../../shared/model/host.ts';
import type {
  PlanId,
  RemediationOutcome,
  RemediationPlan,
  RemediationRecord,
  RemediationRequest,
} from '../../shared/model/remediation.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { startTarget, type Target } from './scenarios/target.ts';
import { waitUntil } from './waitUntil.ts';

const WEB1 = 'web1' as HostId;
const RUNBOOK = `runbooks:
  - name: mark
    title: Mark it
    run: touch /run/lab/marked
    verify: while [ -e /run/lab/hold ]; do sleep 0.1; done; test -e /run/lab/marked
    timeout: 8
`;

describe.skipIf(!labIsWanted)('what may happen between a plan and its verification, on a real host', () => {
  let lab: Lab;
  let host: LabHost;
  let opened: OpenedCore;
  const records = new Map<PlanId, RemediationRecord>();

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 });
    host = lab.host('web1');
    appendFileSync(lab.workspaceFile, RUNBOOK);
    opened = await openCore();
    opened.window.on('remediation', (record) => records.set(record.plan.id, record));
    const { problems } = await opened.core.openWorkspace(lab.workspaceFile, false);
    expect(problems).toEqual([]);
    await linkIsUp();
  });
  afterAll(async () => {
    await opened?.close();
    await lab?.stop();
  });

  const linkIsUp = () =>
    waitUntil('the link', 60_000, () =>
      opened.core.hosts.every((one) => isUp(one.link)) ? true : undefined,
    );
  const linkIsDown = () =>
    waitUntil('the loss of the link', 30_000, () =>
      opened.core.hosts.some((one) => isUp(one.link)) ? undefined : true,
    );
  async function dropLink(): Promise<void> {
    await host.stopSshd();
    await host.dropLinks();
    await linkIsDown();
  }
  async function restoreLink(): Promise<void> {
    await host.startSshd();
    await opened.window.call('host.reconnect', { host: WEB1 });
    await linkIsUp();
  }
  const planOf = (request: RemediationRequest, window: RpcClient = opened.window) =>
    window.call('remediation.plan', { host: WEB1, request });
  const kill = (target: Target, window?: RpcClient) =>
    planOf({ action: 'process.kill', arguments: { target: target.identity, signal: 'TERM' } }, window);
  const execute = (plan: RemediationPlan, window: RpcClient = opened.window): Promise<RemediationRecord> =>
    window.call('remediation.execute', { plan: plan.id });
  const settled = (plan: RemediationPlan) =>
    waitUntil('the outcome, by itself', 60_000, () => {
      const record = records.get(plan.id);
      return record?.outcome === undefined || record.outcome === 'unknown' ? undefined : record;
    });
  const outcome = (is: RemediationOutcome, verdict: string) => ({
    outcome: is,
    verdict: expect.stringContaining(verdict),
  });

  it('a pid that was given to another process is left alone, and named', async () => {
    const target = await startTarget(host);
    const plan = await kill(target);
    target.end();
    await target.gone();
    const title = '<b>other</b> $(id) `id` \u202eevil';
    const other = await startTarget(host, { pid: target.identity.pid, title });
    expect(other.identity.pid).toBe(target.identity.pid);
    const record = await execute(plan);
    expect(record).toMatchObject(outcome('refused', 'is now another: <b>other</b> $(id) `id` ‹U+202E›evil'));
    expect(record.verdict).toContain('No signal was sent.');
    expect(await other.heard()).toBe('');
    // And so says the next plan of what was chosen before.
    expect((await kill(target)).refusal).toContain('is now another');
    other.end();
  });

  it('what ended by itself before it was confirmed is not signalled', async () => {
    const target = await startTarget(host);
    const plan = await kill(target);
    target.end();
    await target.gone();
    expect(await execute(plan)).toMatchObject(outcome('refused', 'was gone already. No signal was sent.'));
  });

  it('a host that has rebooted since, with the same number at the same tick, is left alone', async () => {
    const target = await startTarget(host);
    const plan = await kill(target);
    const before = (await host.exec('cat /run/lab/etc/boot_id')).stdout;
    try {
      await host.exec(
        'tr 0-9a-f 1-9a-f0 </run/lab/etc/boot_id >/run/lab/next; cat /run/lab/next >/run/lab/etc/boot_id',
      );
      expect(await execute(plan)).toMatchObject(outcome('refused', 'The host has rebooted since'));
      expect((await kill(target)).refusal).toContain('rebooted since');
    } finally {
      await host.exec('cat >/run/lab/etc/boot_id', { stdin: before });
    }
    expect(await target.heard()).toBe('');
    target.end();
  });

  it('two windows of one core: the second is told, and there is one signal', async () => {
    const target = await startTarget(host, { term: 'ignored' });
    const second = opened.openWindow();
    const [mine, theirs] = [await kill(target), await kill(target, second)];
    const doing = execute(mine);
    await target.signalled();
    await expect(execute(theirs, second)).rejects.toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('It is being worked on') },
    });
    await expect(execute(mine, second)).rejects.toMatchObject({ error: { code: 'refused' } });
    expect(await doing).toMatchObject({ outcome: 'failed' });
    expect(await target.heard()).toBe('TERM\n');
    second.dispose();
    target.end();
  });

  it('the link is down before the plan, or between plan and confirmation: nothing runs, and it says so', async () => {
    const target = await startTarget(host);
    const plan = await kill(target);
    await dropLink();
    await expect(kill(target)).rejects.toMatchObject({ error: { code: 'not_connected' } });
    expect(await execute(plan)).toMatchObject(outcome('failed', 'nothing was run'));
    expect(await target.heard()).toBe('');
    await restoreLink();
    expect((await kill(target)).refusal).toBeUndefined();
    target.end();
  });

  it('the link drops after the confirmation, before the host has seen it: not known, then that it stands', async () => {
    const target = await startTarget(host);
    const plan = await kill(target);
    await host.stallLink();
    const done = execute(plan);
    await waitUntil('the intent on record', 5000, () => records.get(plan.id));
    await dropLink();
    expect(await done).toMatchObject(outcome('unknown', 'what it did is not known'));
    expect(await target.heard()).toBe('');
    await restoreLink();
    expect(await settled(plan)).toMatchObject(outcome('failed', 'still stands'));
    target.end();
  });

  it('the link drops while the command runs: not known, and settled by itself when it is back', async () => {
    const target = await startTarget(host, { term: 'ignored' });
    const plan = await kill(target);
    const done = execute(plan);
    await target.signalled();
    await dropLink();
    expect(await done).toMatchObject(outcome('unknown', 'what it did is not known'));
    target.end();
    await target.gone();
    await restoreLink();
    expect(await settled(plan)).toMatchObject(
      outcome('succeeded', 'is gone; whether by this signal is not known'),
    );
    await opened.event(
      'the outcome on the timeline',
      (e) => e.kind === 'remediation.succeeded' && e.detail['plan'] === plan.id,
    );
  });

  it('the link drops before the verification: what was done is not known, and is seen later', async () => {
    await host.exec('touch /run/lab/hold');
    const plan = await planOf({ action: 'runbook.run', arguments: { runbook: 'mark', parameters: {} } });
    const done = execute(plan);
    await waitUntil('the deed', 10_000, async () =>
      (await host.exec('test -e /run/lab/marked')).code === 0 ? true : undefined,
    );
    await dropLink();
    expect(await done).toMatchObject({ outcome: 'unknown' });
    await host.exec('rm /run/lab/hold');
    await restoreLink();
    expect(await settled(plan)).toMatchObject(outcome('succeeded', 'Its own check says yes'));
  });
});
