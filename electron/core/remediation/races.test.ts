import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../../shared/base/clock.ts';
import type { RemediationRecord } from '../../../shared/model/remediation.ts';
import { HERE, identityOf, openRemediationBed, type RemediationBed } from './remediationBed.ts';

/** The wall can be stepped and time can pass, apart from each other; waits are the system's, a hundredth as long. */
function steppedClock() {
  let step = 0;
  let passed = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + step,
    monotonic: () => systemClock.monotonic() + passed,
    after: (milliseconds, run) => systemClock.after(milliseconds / 100, run),
  };
  return {
    clock,
    stepBy: (milliseconds: number) => {
      step += milliseconds;
    },
    pass: (milliseconds: number) => {
      passed += milliseconds;
    },
  };
}

let bed: RemediationBed;
let time: ReturnType<typeof steppedClock>;
beforeEach(async () => {
  time = steppedClock();
  bed = await openRemediationBed({ clock: time.clock });
});
afterEach(() => bed.dispose());

const HOUR = 3_600_000;
const IGNORES = '$SIG{TERM} = sub { syswrite(STDOUT, "TERM\\n") }';

function plan(pid: number, signal: 'TERM' | 'KILL' = 'TERM') {
  const target = identityOf(pid);
  return bed.service.plan({
    host: HERE.host,
    request: { action: 'process.kill', arguments: { target, signal } },
  });
}

/** What the process that was started last has said since. */
function listen(): () => string {
  let said = '';
  bed.children.at(-1)?.stdout?.on('data', (data) => {
    said += String(data);
  });
  return () => said;
}

describe('the clock is stepped', () => {
  test.each([HOUR, -HOUR])(
    'by %d ms after the plan: it holds as long as it would',
    async (step) => {
      const target = await bed.start('');
      const made = await plan(target.pid);
      time.stepBy(step);
      const record = bed.service.execute(made.id);
      expect(await target.ended).toBe('SIGTERM');
      expect((await record).outcome).toBe('succeeded');
      // Its effect was still watched for as long as it takes, not for an hour and not for nothing.
      expect((await record).steps.find((step) => step.name === 'effect')).toMatchObject({ state: 'done' });
    },
    30_000,
  );

  test('back by an hour does not keep an old plan alive', async () => {
    const target = await bed.start('');
    const made = await plan(target.pid);
    time.stepBy(-HOUR);
    time.pass(5 * 60_000 + 1);
    await expect(bed.service.execute(made.id)).rejects.toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('five minutes') },
    });
    expect(() => process.kill(target.pid, 0)).not.toThrow();
  });
});

describe('two people, one target', () => {
  test('the second is told what is being done, and signals nothing; afterwards it finds what is left', async () => {
    const target = await bed.start(IGNORES);
    const heard = listen();
    const [first, second] = [await plan(target.pid), await plan(target.pid)];
    const doing = bed.service.execute(first.id);
    await expect(bed.service.execute(second.id)).rejects.toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('It is being worked on: “Kill pid') },
    });
    expect(await doing).toMatchObject({ outcome: 'failed' });
    expect(heard()).toBe('TERM\n');
    // Done: what it was made for may be gone, so its own guard decides.
    process.kill(target.pid, 'SIGKILL');
    await target.ended;
    expect(await bed.service.execute(second.id)).toMatchObject({ outcome: 'refused' });
  }, 30_000);

  test('one plan that is confirmed twice at once runs once', async () => {
    const target = await bed.start(IGNORES);
    const heard = listen();
    const made = await plan(target.pid);
    const both = await Promise.allSettled([bed.service.execute(made.id), bed.service.execute(made.id)]);
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(heard()).toBe('TERM\n');
    expect(bed.events.filter((e) => e.kind === 'remediation.started')).toHaveLength(1);
  }, 30_000);

  test('what was paused can go on at once, while the effect of the pause is still watched', async () => {
    const { pid } = await bed.start('');
    const target = identityOf(pid);
    const outcomes: (RemediationRecord | undefined)[] = [];
    const asked = (resume: boolean) =>
      bed.service.plan({
        host: HERE.host,
        request: { action: 'process.pause', arguments: { target, resume } },
      });
    const concluded = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (bed.records.at(-1)?.outcome === undefined) return;
        clearInterval(look);
        resolve();
      }, 5);
    });
    const pause = bed.service.execute((await asked(false)).id);
    await concluded;
    outcomes.push(await bed.service.execute((await asked(true)).id), await pause);
    expect(outcomes.map((one) => one?.outcome)).toEqual(['succeeded', 'succeeded']);
  }, 30_000);
});

test('a workbench that is killed in the middle finds its plan unknown when it comes back, and looks again by itself', async () => {
  const target = await bed.start(IGNORES);
  const signalled = new Promise<void>((resolve) =>
    bed.children.at(-1)?.stdout?.once('data', () => resolve()),
  );
  const directory = mkdtempSync(join(tmpdir(), 'fireline-crash-'));
  const fixture = fileURLToPath(new URL('crashedCore.fixture.ts', import.meta.url));
  const core = spawn(process.execPath, [fixture, directory, String(target.pid)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await signalled;
  core.kill('SIGKILL');
  await once(core, 'exit');
  const after = await openRemediationBed({ clock: time.clock, directory });
  onTestFinished(() => after.dispose());
  const found = () => after.store.readRemediations()[0];
  expect(found()).toMatchObject({ outcome: 'unknown', actor: 'tester', plan: { action: 'process.kill' } });
  expect(after.events.at(-1)).toMatchObject({ kind: 'remediation.unknown', severity: 'critical' });
  process.kill(target.pid, 'SIGKILL');
  await target.ended;
  await expect
    .poll(() => found()?.verdict, { timeout: 15_000 })
    .toContain('whether by this signal is not known');
  expect(after.events.at(-1)).toMatchObject({ kind: 'remediation.succeeded' });
}, 60_000);

test('an outcome that is not known is settled by itself once the link is back', async () => {
  const target = await bed.start(IGNORES);
  const signalled = new Promise<void>((resolve) =>
    bed.children.at(-1)?.stdout?.once('data', () => resolve()),
  );
  const made = await plan(target.pid);
  const done = bed.service.execute(made.id);
  await signalled;
  bed.session.disconnect();
  expect(await done).toMatchObject({ outcome: 'unknown' });
  process.kill(target.pid, 'SIGKILL');
  await target.ended;
  // Nobody asks; and while it cannot be asked it stays what it is.
  time.pass(60_000);
  await expect(bed.service.verify(made.id)).rejects.toMatchObject({ error: { code: 'not_connected' } });
  expect(bed.store.readRemediation(made.id)).toMatchObject({ outcome: 'unknown' });
  bed.session.reconnect();
  await expect
    .poll(() => bed.store.readRemediation(made.id)?.verdict, { timeout: 15_000 })
    .toContain('is gone; whether by this signal is not known');
  expect(bed.events.at(-1)).toMatchObject({ kind: 'remediation.succeeded' });
}, 30_000);
