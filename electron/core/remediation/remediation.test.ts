import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { ContractFailure } from '../../../shared/contract/errors.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { RemediationRecord } from '../../../shared/model/remediation.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { createHostSession } from '../sessions/hostSession.ts';
import { createPromptQueue } from '../sessions/promptQueue.ts';
import { openRecord } from '../store/recordStore.ts';
import type { RecordStore } from '../store/store.types.ts';
import { createTransport } from '../transports/transports.ts';
import { createRemediationService, type RemediationService } from './remediation.ts';

/** On real processes of this machine, over a real session and a real record. */
const host = 'here' as HostId;
const BOOT_ID = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

let owned: DisposableStore;
let directory: string;
let store: RecordStore;
let service: RemediationService;
let session: ReturnType<typeof createHostSession>;
let events: TimelineEvent[];
let records: RemediationRecord[];
let children: ChildProcess[];
/** What was on record when a command was about to run. */
let onRecordAtRun: RemediationRecord | undefined;

beforeEach(async () => {
  owned = new DisposableStore();
  directory = mkdtempSync(join(tmpdir(), 'fireline-remediation-'));
  const opened = openRecord(directory, { clock: systemClock });
  if (!opened.ok) throw new Error(opened.error.message);
  store = owned.add(opened.value);
  events = [];
  records = [];
  children = [];
  const transport = createTransport(
    { id: host, tags: [], transport: { kind: 'local' } },
    {
      prompter: createPromptQueue({ clock: systemClock, interactive: false }),
      clock: systemClock,
      homeDirectory: homedir(),
      environment: process.env,
    },
  );
  session = owned.add(createHostSession({ host, transport, clock: systemClock }));
  const up = new Promise<void>((resolve) => session.onConnected(() => resolve()));
  session.start();
  await up;
  service = owned.add(
    createRemediationService({
      sessionOf: (id) =>
        id === host
          ? {
              run(argv, options) {
                onRecordAtRun = store.readRemediations()[0];
                return session.run(argv, options);
              },
            }
          : undefined,
      awsHostOf: () => undefined,
      latestSample: () => undefined,
      facts: () => undefined,
      store,
      clock: systemClock,
      actor: 'tester',
      publishEvent: (event) => {
        store.putEvent(event);
        events.push(event);
      },
      publishRecord: (record) => records.push(record),
      cpuBusy: () => undefined,
      diagnostic: () => {},
    }),
  );
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  owned.dispose();
  rmSync(directory, { recursive: true, force: true });
});

/** A process that says `ready` once it is what it will be. */
async function start(
  script: string,
  title = 'perl',
): Promise<{ pid: number; ended: Promise<NodeJS.Signals | null> }> {
  const child = spawn('perl', ['-e', `$| = 1; ${script}; print "ready\\n"; sleep 600 while 1`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    argv0: title,
  });
  children.push(child);
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_, signal) => resolve(signal)),
  );
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return { pid: child.pid ?? -1, ended };
}

function startTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

const planOf = (pid: number, over: { startTicks?: number; bootId?: string; signal?: 'TERM' | 'KILL' } = {}) =>
  service.plan({
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
    const target = await start('');
    const plan = await planOf(target.pid);
    expect(plan.refusal).toBeUndefined();
    expect(plan.title).toContain(`Kill pid ${target.pid}`);
    expect(plan.command).toContain(String(target.pid));
    expect(plan.command).toContain(BOOT_ID);
    const done = service.execute(plan.id);
    expect(await target.ended).toBe('SIGTERM');
    expect(onRecordAtRun).toMatchObject({ actor: 'tester', plan: { id: plan.id } });
    expect(onRecordAtRun?.outcome).toBeUndefined();
    const record = await done;
    expect(record).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(record.steps.map((s) => s.name)).toEqual(
      expect.arrayContaining(['intent', 'guard', 'execute', 'verify']),
    );
    expect(store.readRemediation(plan.id)?.outcome).toBe('succeeded');
    expect(events.map((e) => e.kind)).toEqual(
      expect.arrayContaining(['remediation.started', 'remediation.succeeded']),
    );
    await expect(service.execute(plan.id)).rejects.toBeInstanceOf(ContractFailure);
  }, 40_000);

  test('refuses a pid that was reused, and says what it is now', async () => {
    const target = await start('', 'somebody-else');
    const plan = await planOf(target.pid, { startTicks: startTicks(target.pid) - 1 });
    expect(plan.refusal).toContain('somebody-else');
    await expect(service.execute(plan.id)).rejects.toMatchObject({ error: { code: 'refused' } });
    expect(() => process.kill(target.pid, 0)).not.toThrow();
  });

  test('refuses a process of another boot, pid 1, and the workbench itself', async () => {
    const target = await start('');
    expect((await planOf(target.pid, { bootId: 'another-boot' })).refusal).toBeDefined();
    expect((await planOf(1)).refusal).toBeDefined();
    expect((await planOf(process.pid)).refusal).toBeDefined();
    expect(() => process.kill(target.pid, 0)).not.toThrow();
  });

  test('checks again on the host: a target that went after the plan was made is not signalled', async () => {
    const target = await start('');
    const plan = await planOf(target.pid);
    process.kill(target.pid, 'SIGKILL');
    await target.ended;
    const record = await service.execute(plan.id);
    expect(record.outcome).toBe('refused');
    expect(events.some((e) => e.kind === 'remediation.refused')).toBe(true);
  }, 40_000);

  test('offers SIGKILL to a process that ignores SIGTERM, and not before', async () => {
    const target = await start('$SIG{TERM} = "IGNORE"');
    const plan = await planOf(target.pid);
    const record = await service.execute(plan.id);
    expect(record).toMatchObject({
      outcome: 'failed',
      offers: [{ action: 'process.kill', arguments: { signal: 'KILL' } }],
    });
    expect(() => process.kill(target.pid, 0)).not.toThrow();
    const stronger = await planOf(target.pid, { signal: 'KILL' });
    const [second, signal] = await Promise.all([service.execute(stronger.id), target.ended]);
    expect(signal).toBe('SIGKILL');
    expect(second.outcome).toBe('succeeded');
  }, 60_000);

  test('says that it does not know when the link drops in the middle, and settles it by looking again', async () => {
    const target = await start('$SIG{TERM} = sub { print "got it\\n" }');
    const plan = await planOf(target.pid);
    const done = service.execute(plan.id);
    const signalled = new Promise<void>((resolve) => children.at(-1)?.stdout?.once('data', () => resolve()));
    await signalled;
    session.disconnect();
    expect(await done).toMatchObject({ outcome: 'unknown' });
    expect(store.readRemediation(plan.id)?.outcome).toBe('unknown');
    const up = new Promise<void>((resolve) => session.onConnected(() => resolve()));
    session.reconnect();
    await up;
    expect(await service.verify(plan.id)).toMatchObject({ outcome: 'failed' });
    process.kill(target.pid, 'SIGKILL');
    await target.ended;
  }, 40_000);

  test('shows a hostile title as text', async () => {
    const target = await start('', '<img src=x onerror=1>\u001b[2J\n\u202e');
    const plan = await planOf(target.pid);
    const shown = [plan.title, ...plan.touches].join(' ');
    expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
    expect(plan.refusal).toBeUndefined();
  });
});
