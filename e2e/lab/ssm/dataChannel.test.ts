import { createHash } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { type AwsAccess, createAwsAccess } from '../../../electron/core/transports/ssm/awsAccess.ts';
import type {
  DataChannel,
  DataChannelEnd,
  DataChannelState,
} from '../../../electron/core/transports/ssm/dataChannel.ts';
import { type SessionPurpose, startSession } from '../../../electron/core/transports/ssm/startSession.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { acceleratedClock } from '../acceleratedClock.ts';
import { doubleInstance } from './doubleAccount.ts';
import { type AwsDouble, type AwsDoubleOptions, startAwsDouble } from './startAwsDouble.ts';

const INSTANCE = 'i-0123456789abcdef0';
const owned = { store: new DisposableStore() };
afterEach(() => {
  vi.unstubAllEnvs();
  owned.store.dispose();
  owned.store = new DisposableStore();
});

async function startDouble(options: AwsDoubleOptions = {}): Promise<{ double: AwsDouble; aws: AwsAccess }> {
  const double = owned.store.add(
    await startAwsDouble({
      ...options,
      account: {
        instances: [doubleInstance(INSTANCE)],
        ...options.account,
      },
    }),
  );
  for (const [name, value] of Object.entries(double.service.environment)) vi.stubEnv(name, value);
  const aws = createAwsAccess({
    place: {},
    host: 'web1' as HostId,
    clock: systemClock,
    prompter: { interactive: false, waiting: [], ask: async () => null },
  });
  return { double, aws };
}

interface Watched {
  channel: DataChannel;
  text(): string;
  bytes(): Buffer;
  errorText(): string;
  states: DataChannelState[];
  ends: DataChannelEnd[];
  codes: number[];
  terminate(): Promise<void>;
}

async function open(
  aws: AwsAccess,
  purpose: SessionPurpose = { kind: 'shell' },
  clock = systemClock,
): Promise<Watched> {
  const started = await startSession({ kind: 'ssm', target: INSTANCE }, purpose, {
    aws,
    clock,
    diagnostic: () => {},
  });
  if (!started.ok) throw new Error(`${started.error.reason} ${started.error.advice}`);
  const { channel, terminate } = started.value;
  owned.store.add(channel);
  const parts: Buffer[] = [];
  const errors: Buffer[] = [];
  const watched: Watched = {
    channel,
    terminate,
    text: () => Buffer.concat(parts).toString(),
    bytes: () => Buffer.concat(parts),
    errorText: () => Buffer.concat(errors).toString(),
    states: [],
    ends: [],
    codes: [],
  };
  channel.onOutput((data) => parts.push(Buffer.from(data)));
  channel.onErrorOutput((data) => errors.push(Buffer.from(data)));
  channel.onState((state) => watched.states.push(state));
  channel.onEnd((end) => watched.ends.push(end));
  channel.onExitCode((code) => watched.codes.push(code));
  return watched;
}

const WAIT = { timeout: 15_000, interval: 10 };

test('a shell takes input, shows output and knows its size, whatever comes before the pty', async () => {
  const { aws } = await startDouble({ startDelayMs: 300 });
  const { channel, text } = await open(aws);
  channel.resize(132, 43);
  channel.write(Buffer.from('stty size; echo done-$((6*7))\n'));
  await expect.poll(text, WAIT).toMatch(/43 132\r\ndone-42\r\n/);
  for (let columns = 20; columns <= 200; columns++) channel.resize(columns, 50);
  channel.write(Buffer.from('stty size\n'));
  await expect.poll(text, WAIT).toContain('50 200\r\n');
  channel.write(Buffer.from('exit\n'));
});

test('a shell that ends says so once, after its last byte', async () => {
  const { aws } = await startDouble();
  const { channel, text, ends } = await open(aws);
  channel.write(Buffer.from('printf last; exit\n'));
  await expect.poll(() => ends, WAIT).toMatchObject([{ kind: 'ended' }]);
  expect(text()).toContain('last');
});

test.each(['none', 'random'] as const)('a session encrypted with KMS, challenge %s', async (challenge) => {
  const { aws, double } = await startDouble({
    encryption: { keyId: 'key-1', challenge },
    account: { kmsKeys: new Map([['key-1', new Uint8Array(32).fill(3)]]) },
  });
  const { channel, text } = await open(aws);
  channel.write(Buffer.from('echo sealed-$((1+1))\n'));
  await expect.poll(text, WAIT).toContain('sealed-2');
  expect(channel.about?.agentVersion).toBe('3.3.987.0');
  expect(double.account.calls.map((c) => c.action)).toContain('GenerateDataKey');
});

test('a session whose key may not be used ends with the permission that is missing', async () => {
  const { aws, double } = await startDouble({
    encryption: { keyId: 'key-1', challenge: 'none' },
    account: { kmsKeys: new Map([['key-1', new Uint8Array(32)]]) },
  });
  double.account.denied.add('kms:GenerateDataKey');
  const { ends } = await open(aws);
  await expect
    .poll(() => ends, WAIT)
    .toMatchObject([{ kind: 'fault', reason: expect.stringContaining('kms:GenerateDataKey') }]);
});

test('a command of its own gives output, errors and an exit code apart', async () => {
  const { aws } = await startDouble();
  const { text, errorText, codes, ends } = await open(aws, {
    kind: 'command',
    commandLine: 'echo out; echo err >&2; exit 7',
  });
  await expect.poll(() => ends, WAIT).toHaveLength(1);
  expect([text(), errorText(), codes]).toEqual(['out\n', 'err\n', [7]]);
});

test('a line of 6,000 characters and 200 KB of lines arrive as they were sent', async () => {
  const { aws } = await startDouble();
  const { channel, text } = await open(aws);
  channel.write(Buffer.from('stty -echo -icanon; printf ready-%s go\n'));
  await expect.poll(text, WAIT).toContain('ready-go');
  const paste = `${'x'.repeat(6000)}\n${`${'y'.repeat(99)}\n`.repeat(2000)}`;
  channel.write(
    Buffer.from(`printf taking-%s it; head -c ${paste.length} | sha256sum; echo over-$((1+1))\n`),
  );
  // The shell reads ahead: what comes with its command's line would be its own.
  await expect.poll(text, WAIT).toContain('taking-it');
  channel.write(Buffer.from(paste));
  await expect.poll(text, WAIT).toContain('over-2');
  expect(text()).toContain(createHash('sha256').update(paste).digest('hex'));
});

test.each([
  ['lost', { loss: 0.1 }],
  ['duplicated', { duplication: 0.3 }],
  ['reordered', { reordering: 0.3 }],
  ['corrupted', { corruption: 0.1 }],
])('with frames %s not a byte is missing', async (_, faults) => {
  const { aws, double } = await startDouble();
  const { channel, bytes, text } = await open(aws);
  channel.write(Buffer.from('stty -echo; printf ready-%s go\n'));
  await expect.poll(text, WAIT).toContain('ready-go');
  Object.assign(double.agents.faults, faults);
  channel.write(Buffer.from('seq 1 4000; printf over-%s now\n'));
  await expect.poll(text, WAIT).toContain('over-now');
  const wanted = Array.from({ length: 4000 }, (_one, at) => `${at + 1}\r\n`).join('');
  expect(bytes().toString()).toContain(wanted);
});

test('connections that break, and the hourly Bye, are resumed with nothing lost', async () => {
  const { aws, double } = await startDouble();
  const { channel, text, states, ends } = await open(aws);
  channel.write(Buffer.from('stty -echo; printf ready-%s go\n'));
  await expect.poll(text, WAIT).toContain('ready-go');
  channel.write(
    Buffer.from('i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line-$i; done; printf over-%s now\n'),
  );
  double.agents.breakConnections();
  await expect.poll(() => states.at(-1)?.kind, WAIT).toBe('open');
  double.agents.sayBye();
  await expect.poll(text, WAIT).toContain('over-now');
  expect(text()).toContain(Array.from({ length: 300 }, (_one, at) => `line-${at + 1}\r\n`).join(''));
  await expect.poll(() => states.map((s) => s.kind), WAIT).toEqual(['resuming', 'open', 'resuming', 'open']);
  expect(states.flatMap((s) => (s.kind === 'resuming' ? [s.reason] : []))).toEqual([
    'the connection broke (1006)',
    'the service closed the connection',
  ]);
  expect(ends).toEqual([]);
  expect(double.account.calls.filter((c) => c.action === 'ResumeSession')).toHaveLength(2);
});

test('a connection that stands but no longer answers is found by its pings, and resumed', async () => {
  const clock = acceleratedClock(30);
  const { aws, double } = await startDouble();
  const { channel, text, states } = await open(aws, { kind: 'shell' }, clock);
  channel.write(Buffer.from('printf ready-%s go\n'));
  await expect.poll(text, WAIT).toContain('ready-go');
  double.agents.faults.stalled = true;
  await expect
    .poll(() => states.at(0), WAIT)
    .toMatchObject({
      kind: 'resuming',
      reason: 'no answer to a ping for 15 s',
    });
  double.agents.faults.stalled = false;
  channel.write(Buffer.from('printf again-%s now\n'));
  await expect.poll(text, WAIT).toContain('again-now');
});

test('an idle session that ran out while the network was gone is told from one that is lost', async () => {
  const clock = acceleratedClock(200);
  const { aws, double } = await startDouble({ clock, idleMs: 60_000 });
  const { channel, text, ends } = await open(aws, { kind: 'shell' }, clock);
  channel.write(Buffer.from('printf ready-%s go\n'));
  await expect.poll(text, WAIT).toContain('ready-go');
  double.agents.faults.unreachable = true;
  double.agents.breakConnections();
  await expect.poll(() => double.agents.sessions[0]?.status, WAIT).toBe('Terminated');
  double.agents.faults.unreachable = false;
  await expect.poll(() => ends, WAIT).toMatchObject([{ kind: 'timed_out' }]);
});

test('a session that was ended elsewhere is not asked for again', async () => {
  const { aws, double } = await startDouble();
  const { ends, states, text } = await open(aws);
  await expect.poll(text, WAIT).not.toBe('');
  await double.agents.terminate(double.agents.sessions[0]?.sessionId ?? '');
  await expect.poll(() => ends, WAIT).toMatchObject([{ kind: 'ended' }]);
  expect(states).toEqual([]);
});

test('a stream without TLS is taken only where the endpoint setting points at loopback', async () => {
  const { aws } = await startDouble();
  const started = await startSession(
    { kind: 'ssm', target: INSTANCE },
    { kind: 'shell' },
    { aws: { ...aws, onLoopback: () => false }, clock: systemClock, diagnostic: () => {} },
  );
  expect(started).toMatchObject({
    ok: false,
    error: {
      reason: expect.stringMatching(/a stream at ws:\/\/127\.0\.0\.1:\d+ is not taken: it must be wss/),
    },
  });
});

test('a wrong signature on the upgrade is refused', async () => {
  const { aws } = await startDouble();
  const started = await startSession(
    { kind: 'ssm', target: INSTANCE },
    { kind: 'shell' },
    {
      aws: {
        ...aws,
        credentials: async () => ({ ...(await aws.credentials()), secretAccessKey: 'wrong' }),
      },
      clock: systemClock,
      diagnostic: () => {},
    },
  );
  expect(started).toMatchObject({ ok: false, error: { reason: expect.stringContaining('403') } });
});
