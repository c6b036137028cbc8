import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ContractFailure } from '../../../shared/contract/errors.ts';
import { HERE, openRemediationBed, type RemediationBed, startTicks } from './remediationBed.ts';

let bed: RemediationBed;
const { host, bootId: BOOT_ID } = HERE;

beforeEach(async () => {
  bed = await openRemediationBed();
});
afterEach(() => bed.dispose());

const planOf = (pid: number, over: { startTicks?: number; bootId?: string; signal?: 'TERM' | 'KILL' } = {}) =>
  bed.service.plan({
    host,
    request: {
      action: 'process.kill',
      arguments: {
        target: { bootId: over.bootId ?? BOOT_ID, pid, startTicks: over.startTicks ?? startTicks(pid) },
        signal: over.signal ?? 'TERM',
      },
    },
  });

describe('killing a process', () => {
  test('shows what would run, puts the intent on record first, kills, verifies and audits', async () => {
    const target = await bed.start('');
    const plan = await planOf(target.pid);
    expect(plan.refusal).toBeUndefined();
    expect(plan.title).toContain(`Kill pid ${target.pid}`);
    expect(plan.command).toContain(String(target.pid));
    expect(plan.command).toContain(BOOT_ID);
    const done = bed.service.execute(plan.id);
    expect(await target.ended).toBe('SIGTERM');
    expect(bed.onRecordAtRun).toMatchObject({ actor: 'tester', plan: { id: plan.id } });
    expect(bed.onRecordAtRun?.outcome).toBeUndefined();
    const record = await done;
    expect(record).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(record.steps.map((s) => s.name)).toEqual(
      expect.arrayContaining(['intent', 'guard', 'execute', 'verify']),
    );
    expect(bed.store.readRemediation(plan.id)?.outcome).toBe('succeeded');
    expect(bed.events.map((e) => e.kind)).toEqual(
      expect.arrayContaining(['remediation.started', 'remediation.succeeded']),
    );
    await expect(bed.service.execute(plan.id)).rejects.toBeInstanceOf(ContractFailure);
  }, 40_000);

  test('refuses a pid that was reused, and says what it is now', async () => {
    const target = await bed.start('', 'somebody-else');
    const plan = await planOf(target.pid, { startTicks: startTicks(target.pid) - 1 });
    expect(plan.refusal).toContain('somebody-else');
    await expect(bed.service.execute(plan.id)).rejects.toMatchObject({ error: { code: 'refused' } });
    expect(() => process.kill(target.pid, 0)).not.toThrow();
  });

  test('refuses a process of another boot, pid 1, and the workbench itself', async () => {
    const target = await bed.start('');
    expect((await planOf(target.pid, { bootId: 'another-boot' })).refusal).toBeDefined();
    expect((await planOf(1)).refusal).toBeDefined();
    expect((await planOf(process.pid)).refusal).toBeDefined();
    expect(() => process.kill(target.pid, 0)).not.toThrow();
  });

  test('checks again on the host: a target that went after the plan was made is not signalled', async () => {
    const target = await bed.start('');
    const plan = await planOf(target.pid);
    process.kill(target.pid, 'SIGKILL');
    await target.ended;
    const record = await bed.service.execute(plan.id);
    expect(record.outcome).toBe('refused');
    expect(bed.events.some((e) => e.kind === 'remediation.refused')).toBe(true);
  }, 40_000);

  test('offers SIGKILL to a process that ignores SIGTERM, and not before', async () => {
    const target = await bed.start('$SIG{TERM} = "IGNORE"');
    const plan = await planOf(target.pid);
    const record = await bed.service.execute(plan.id);
    expect(record).toMatchObject({
      outcome: 'failed',
      offers: [{ action: 'process.kill', arguments: { signal: 'KILL' } }],
    });
    expect(() => process.kill(target.pid, 0)).not.toThrow();
    const stronger = await planOf(target.pid, { signal: 'KILL' });
    const [second, signal] = await Promise.all([bed.service.execute(stronger.id), target.ended]);
    expect(signal).toBe('SIGKILL');
    expect(second.outcome).toBe('succeeded');
  }, 60_000);

  test('says that it does not know when the link drops in the middle, and settles it by looking again', async () => {
    const target = await bed.start('$SIG{TERM} = sub { print "got it\\n" }');
    const plan = await planOf(target.pid);
    const done = bed.service.execute(plan.id);
    const signalled = new Promise<void>((resolve) =>
      bed.children.at(-1)?.stdout?.once('data', () => resolve()),
    );
    await signalled;
    bed.session.disconnect();
    expect(await done).toMatchObject({ outcome: 'unknown' });
    expect(bed.store.readRemediation(plan.id)?.outcome).toBe('unknown');
    const up = new Promise<void>((resolve) => bed.session.onConnected(() => resolve()));
    bed.session.reconnect();
    await up;
    expect(await bed.service.verify(plan.id)).toMatchObject({ outcome: 'failed' });
    process.kill(target.pid, 'SIGKILL');
    await target.ended;
  }, 40_000);

  test('shows a hostile title as text', async () => {
    const target = await bed.start('', '<img src=x onerror=1>\u001b[2J\n\u202e');
    const plan = await planOf(target.pid);
    const shown = [plan.title, ...plan.touches].join(' ');
    expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
    expect(plan.refusal).toBeUndefined();
  });
});
