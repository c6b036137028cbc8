import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startSampler } from '../../../electron/core/sampling/sampler.ts';
import { createHostSession, type HostSession } from '../../../electron/core/sessions/hostSession.ts';
import { createAwsAccess } from '../../../electron/core/transports/ssm/awsAccess.ts';
import { createSsmTransport } from '../../../electron/core/transports/ssm/ssmTransport.ts';
import { type Clock, systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { EcsSpec, SsmSpec } from '../../../shared/model/workspace.ts';
import { acceleratedClock } from '../acceleratedClock.ts';
import { doubleInstance, doubleTask } from './doubleAccount.ts';
import { type AwsDouble, startAwsDouble } from './startAwsDouble.ts';

const INSTANCE = 'i-0123456789abcdef0';
const WAIT = { timeout: 15_000, interval: 10 };
let owned: DisposableStore;
let double: AwsDouble;
let diagnostics: string[];

beforeEach(async () => {
  owned = new DisposableStore();
  diagnostics = [];
  double = owned.add(
    await startAwsDouble({
      account: {
        instances: [doubleInstance(INSTANCE)],
        clusters: [
          {
            name: 'prod',
            services: [{ name: 'api', enableExecuteCommand: true, desiredCount: 1 }],
            tasks: [doubleTask('api', ['app'])],
          },
        ],
      },
    }),
  );
  for (const [name, value] of Object.entries(double.service.environment)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  owned.dispose();
});

async function connected(
  spec: SsmSpec | EcsSpec = { kind: 'ssm', target: INSTANCE },
  clock: Clock = systemClock,
): Promise<HostSession> {
  const host = 'web1' as HostId;
  const aws = createAwsAccess({
    place: {},
    host,
    clock: systemClock,
    prompter: { interactive: false, waiting: [], ask: async () => null },
  });
  const session = owned.add(
    createHostSession({
      host,
      clock,
      transport: createSsmTransport(spec, {
        aws,
        clock,
        diagnostic: (line) => diagnostics.push(line),
      }),
    }),
  );
  session.start();
  await expect.poll(() => session.link, WAIT).toMatchObject({ kind: 'good' });
  return session;
}

async function run(session: HostSession, script: string, stdin?: string) {
  const result = await session.run(['sh', '-c', script], {
    purpose: 'test',
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (!result.ok) throw new Error(result.error.reason);
  return result.value;
}

test('commands give output, errors and status apart, one session serving them in turn', async () => {
  const session = await connected();
  expect(await run(session, 'echo out; echo err >&2; exit 7')).toEqual({
    exitCode: 7,
    stdout: 'out\n',
    stderr: 'err',
    truncated: false,
  });
  expect(await run(session, "printf 'a\\tb'; printf \"it's\"")).toMatchObject({
    stdout: "a\tbit's",
    exitCode: 0,
  });
  expect(await run(session, 'wc -c; head -c 3', 'x'.repeat(9000))).toMatchObject({ stdout: '9000\n' });
  expect(await run(session, 'cat', 'line\n\u0003\u0004end')).toMatchObject({
    stdout: 'line\n\u0003\u0004end',
  });
  expect(await run(session, 'cat')).toMatchObject({ stdout: '' });
  expect(double.agents.sessions).toHaveLength(1);
});

test('a command longer than a pty takes, and output that looks like anything', async () => {
  const session = await connected();
  const long = `printf %s ${'z'.repeat(20_000)} | wc -c`;
  expect((await run(session, long)).stdout.trim()).toBe('20000');
  const bytes = await session.run(['sh', '-c', "printf '\\001\\377\\r\\n\\033[2J%s' :e:0:"], {
    purpose: 'test',
  });
  expect(bytes.ok && bytes.value.stdout).toBe('\u0001\ufffd\r\n\u001b[2J:e:0:');
});

test('commands that run at the same time have a session each', async () => {
  const session = await connected();
  const answers = await Promise.all([1, 2, 3].map((n) => run(session, `sleep 0.2; echo ${n}`)));
  expect(answers.map((a) => a.stdout)).toEqual(['1\n', '2\n', '3\n']);
  expect(double.agents.sessions).toHaveLength(3);
});

test('the sampler runs over a shell session, and ends with it', async () => {
  const session = await connected();
  const sampler = owned.add(startSampler(session, { clock: systemClock }));
  await expect.poll(() => sampler.latest?.processes.total ?? 0, WAIT).toBeGreaterThan(3);
  expect(sampler.state).toMatchObject({ kind: 'running', implementation: 'perl' });
  sampler.dispose();
  await expect
    .poll(() => double.agents.sessions.filter((s) => s.status === 'Connected').length, WAIT)
    .toBe(1);
});

test('a task of ECS is a host like any other', async () => {
  const [cluster] = double.account.clusters;
  const task = cluster?.tasks[0]?.id ?? '';
  const session = await connected({ kind: 'ecs', cluster: 'prod', task, container: 'app' });
  expect(await run(session, 'echo in-the-task')).toMatchObject({ stdout: 'in-the-task\n' });
  expect(session.address).toBe(`prod/${task.slice(0, 8)}/app`);
});

test('a pane goes on where it was when the network comes back, and says when its session ran out', async () => {
  const session = await connected();
  const shell = await session.openShell({ columns: 80, rows: 24 });
  if (!shell.ok) throw new Error(shell.error.reason);
  let text = '';
  const exits: unknown[] = [];
  shell.value.onOutput((data) => {
    text += Buffer.from(data).toString();
  });
  shell.value.onExit((exit) => exits.push(exit));
  shell.value.write('X=kept; printf ready-%s go\n');
  await expect.poll(() => text, WAIT).toContain('ready-go');
  double.agents.breakConnections();
  shell.value.write('printf %s-%s $X now\n');
  await expect.poll(() => text, WAIT).toContain('kept-now');
  expect(session.link.kind).toBe('good');
  const pane = double.agents.sessions.at(-1)?.sessionId ?? '';
  await double.agents.terminate(pane);
  await expect.poll(() => exits, WAIT).toEqual([{ lost: false }]);
});

/** The account ends a session after five idle minutes, on a clock so many times as fast. */
async function idleTimeout(factor: number): Promise<{ clock: Clock; limited: AwsDouble }> {
  const clock = acceleratedClock(factor);
  const limited = owned.add(
    await startAwsDouble({
      clock,
      idleMs: 5 * 60_000,
      account: {
        ...double.account,
        sessionPreferences: { idleSessionTimeout: '5', maxSessionDuration: '' },
      },
    }),
  );
  for (const [name, value] of Object.entries(limited.service.environment)) vi.stubEnv(name, value);
  return { clock, limited };
}

test('what interrupts or ends a session is told: resumed, near its end, run out and replaced', async () => {
  const { clock, limited } = await idleTimeout(100);
  const notices: { kind: string; title: string }[] = [];
  const session = await connected({ kind: 'ssm', target: INSTANCE }, clock);
  session.onNotice((notice) => notices.push(notice));
  const shell = await session.openShell({ columns: 80, rows: 24 });
  if (!shell.ok) throw new Error(shell.error.reason);
  const expiries: (number | undefined)[] = [];
  const exits: unknown[] = [];
  shell.value.onExpiry?.((at) => expiries.push(at));
  shell.value.onExit((exit) => exits.push(exit));
  shell.value.write('echo\n');
  limited.agents.breakConnections();
  await expect.poll(() => notices.map((n) => n.kind), WAIT).toContain('session.resumed');
  expect(notices[0]?.title).toMatch(
    / interrupted for [\d.]+ s and went on where (?:it was|they were): the connection broke/,
  );
  await expect
    .poll(() => exits, WAIT)
    .toEqual([{ lost: true, reason: 'The session timed out because it was idle.' }]);
  expect([...new Set(notices.map((n) => n.kind))]).toEqual([
    'session.resumed',
    'session.expiring',
    'session.expired',
  ]);
  expect(expiries).toEqual([expect.any(Number)]);
});

test('a session that is kept alive outlives its idle time, one pane by choice and a whole host by its entry', async () => {
  // The countdown is a minute: a second and more to answer it in.
  const { clock } = await idleTimeout(50);
  const kept = await connected({ kind: 'ssm', target: INSTANCE, keepAlive: true }, clock);
  const own = await kept.openShell({ columns: 80, rows: 24 });
  const plain = await connected({ kind: 'ssm', target: INSTANCE }, clock);
  const chosen = await plain.openShell({ columns: 80, rows: 24 });
  const left = await plain.openShell({ columns: 80, rows: 24 });
  if (!own.ok || !chosen.ok || !left.ok) throw new Error('a shell did not open');
  const exits: string[] = [];
  own.value.onExit(() => exits.push('own'));
  chosen.value.onExit(() => exits.push('chosen'));
  left.value.onExit(() => exits.push('left'));
  const size: string[] = [];
  chosen.value.onOutput((bytes) => size.push(Buffer.from(bytes).toString()));
  // As a person would: when the countdown shows.
  chosen.value.onExpiry?.((at) => at !== undefined && chosen.value.keepAlive?.());
  await expect.poll(() => exits, WAIT).toEqual(['left']);
  const after = clock.now();
  await expect.poll(() => clock.now() - after, WAIT).toBeGreaterThan(10 * 60_000);
  expect(exits).toEqual(['left']);
  expect([own.value.expiresAt, chosen.value.expiresAt]).toEqual([undefined, undefined]);
  chosen.value.write('stty size\n');
  await expect.poll(() => size.join(''), WAIT).toContain('24 80');
});

test('letting go of the host ends every session at the service', async () => {
  const session = await connected();
  await Promise.all([run(session, 'true'), run(session, 'true')]);
  session.disconnect();
  await expect
    .poll(() => double.agents.sessions.map((s) => s.status), WAIT)
    .toEqual(double.agents.sessions.map(() => 'Terminated'));
});

test('a shell without what commands need still gives a pane, and says why there is no more', async () => {
  const bare = owned.add(
    await startAwsDouble({
      account: double.account,
      shellFor: () => ({ file: '/bin/sh', args: [], environment: { PATH: '/nowhere' } }),
    }),
  );
  for (const [name, value] of Object.entries(bare.service.environment)) vi.stubEnv(name, value);
  const session = await connected();
  const shell = await session.openShell({ columns: 80, rows: 24 });
  expect(shell.ok).toBe(true);
  expect(diagnostics.join()).toMatch(/the session's shell cannot carry commands/);
});
