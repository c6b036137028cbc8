import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId, LinkState } from '../../../shared/model/host.ts';
import { startRelay, startTestSshd, type TestSshd } from '../transports/ssh/testSshd.ts';
import type { Transport } from '../transports/transport.ts';
import { createTransport } from '../transports/transports.ts';
import { createHostSession, type HostSession } from './hostSession.ts';
import { createPromptQueue } from './promptQueue.ts';

let sshd: TestSshd;
let relay: Awaited<ReturnType<typeof startRelay>>;
let owned = new DisposableStore();
const host = 'web1' as HostId;

beforeAll(async () => {
  sshd = await startTestSshd(['MaxSessions 3']);
  relay = await startRelay(sshd.port);
});
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});
afterAll(async () => {
  await relay.stop();
  await sshd.stop();
});

function transport(): Transport {
  const prompter = createPromptQueue({ clock: systemClock, interactive: false });
  return createTransport(
    {
      id: host,
      tags: [],
      transport: {
        kind: 'ssh',
        host: '127.0.0.1',
        port: relay.port,
        user: sshd.user,
        identityFile: sshd.identity,
        knownHostsFile: sshd.knownHosts,
        // The relay's port is not the server's: the key is filed under a name of its own.
        hostKeyAlias: `[127.0.0.1]:${sshd.port}`,
      },
    },
    { prompter, clock: systemClock, homeDirectory: sshd.directory, environment: {} },
  );
}

const until = (session: HostSession, wanted: (link: LinkState) => boolean) =>
  new Promise<LinkState>((resolve) => {
    if (wanted(session.link)) {
      resolve(session.link);
      return;
    }
    const subscription = session.onLink((link) => {
      if (!wanted(link)) return;
      subscription.dispose();
      resolve(link);
    });
  });

async function connected(clock: ManualClock | typeof systemClock = systemClock): Promise<HostSession> {
  const session = owned.add(createHostSession({ host, transport: transport(), clock, random: () => 0 }));
  session.start();
  await until(session, (link) => link.kind === 'good' && link.roundTripMs !== undefined);
  return session;
}

describe('a session', () => {
  it('goes from idle through connecting and authenticating to good, and ends closed', async () => {
    const session = owned.add(createHostSession({ host, transport: transport(), clock: systemClock }));
    const kinds: string[] = [session.link.kind];
    session.onLink((link) => kinds.push(link.kind));
    let times = 0;
    session.onConnected(() => times++);
    session.start();
    await until(session, (link) => link.kind === 'good' && link.roundTripMs !== undefined);
    session.disconnect();
    expect(kinds).toEqual(['idle', 'connecting', 'authenticating', 'good', 'good', 'closed']);
    expect(times).toBe(1);
    expect(await session.run(['true'], { purpose: 'a check' })).toMatchObject({
      ok: false,
      error: { kind: 'not_connected' },
    });
  });

  it('runs commands within their bounds of time and output, with their input and status', async () => {
    const session = await connected();
    expect(
      await session.run(['sh', '-c', 'cat; echo oops >&2; exit 7'], { purpose: 'x', stdin: 'in' }),
    ).toEqual({
      ok: true,
      value: { exitCode: 7, stdout: 'in', stderr: 'oops\n', truncated: false },
    });
    const flood = await session.run(['head', '-c', '300000', '/dev/zero'], {
      purpose: 'x',
      maximumBytes: 1_000,
    });
    expect(flood).toMatchObject({ ok: true, value: { exitCode: 0, truncated: true } });
    expect(flood.ok && flood.value.stdout.length).toBe(1_000);
    expect(
      await session.run(['cat', '/dev/zero'], { purpose: 'reading zeros', timeoutMs: 300 }),
    ).toMatchObject({
      ok: false,
      error: { kind: 'timeout', reason: expect.stringContaining('reading zeros') },
    });
    const abort = new AbortController();
    const running = session.run(['sleep', '1'], { purpose: 'x', signal: abort.signal });
    abort.abort();
    expect(await running).toMatchObject({ ok: false, error: { kind: 'aborted' } });
  });

  it('says that what ran is lost when the link is cut, and connects again by itself', async () => {
    const clock = new ManualClock(1_000_000);
    const session = await connected(clock);
    const opened = await session.openExec(['sh', '-c', 'echo started; sleep 60'], 'a test');
    if (!opened.ok) throw new Error(opened.error.reason);
    await new Promise<void>((resolve) => opened.value.onOutput(() => resolve()));
    const running = session.run(['sleep', '60'], { purpose: 'a long job' });
    const exit = new Promise((resolve) => opened.value.onExit(resolve));
    while (session.channels.used < 2) await session.run(['true'], { purpose: 'x' });
    const reconnecting = until(session, (link) => link.kind === 'reconnecting');
    relay.cut();
    expect(await exit).toEqual({ lost: true });
    const failed = await running;
    expect(failed).toMatchObject({ ok: false, error: { kind: 'lost' } });
    const link = await reconnecting;
    expect(link).toMatchObject({ kind: 'reconnecting', attempt: 2, nextTryAt: 1_000_500 });
    const again = new Promise<void>((resolve) => session.onConnected(() => resolve()));
    clock.advance(500);
    await again;
    expect(await session.run(['echo', 'back'], { purpose: 'x' })).toMatchObject({
      ok: true,
      value: { stdout: 'back\n' },
    });
  });

  it('tells degraded, stalled and lost by unanswered keepalives, and good when they are answered again', async () => {
    const clock = new ManualClock(1_000_000);
    const session = await connected(clock);
    relay.freeze();
    clock.advance(10_000);
    expect(session.link.kind).toBe('good');
    clock.advance(1_000);
    expect(session.link.kind).toBe('degraded');
    clock.advance(4_000);
    expect(session.link.kind).toBe('stalled');
    const good = until(session, (link) => link.kind === 'good' || link.kind === 'degraded');
    relay.thaw();
    await good;
    relay.freeze();
    clock.advance(10_000);
    clock.advance(30_000);
    expect(session.link).toMatchObject({ kind: 'reconnecting', reason: 'no answer for 30 s' });
    relay.cut();
  });

  it('backs off up to half a minute, and tries at once when asked', async () => {
    const clock = new ManualClock();
    const waits: number[] = [];
    let answer: 'retry' | 'refused' = 'retry';
    const session = owned.add(
      createHostSession({
        host,
        clock,
        random: () => 0.999_999,
        transport: {
          kind: 'ssh',
          address: 'x',
          connect: async () => ({ ok: false, error: { kind: answer, reason: 'no', advice: 'do this' } }),
        },
      }),
    );
    session.start();
    for (let i = 0; i < 8; i++) {
      const link = await until(session, (state) => state.kind === 'reconnecting');
      if (link.kind === 'reconnecting') waits.push(Math.round((link.nextTryAt - link.since) / 1_000));
      clock.advance(30_000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    await until(session, (state) => state.kind === 'reconnecting');
    answer = 'refused';
    session.reconnect();
    expect(await until(session, (state) => state.kind === 'refused')).toMatchObject({
      reason: 'no',
      advice: 'do this',
    });
    expect(clock.pending).toBe(0);
  });

  it('learns how many channels the server allows, queues short work and explains a refused shell', async () => {
    const session = await connected();
    const size = { columns: 80, rows: 24 };
    for (let i = 0; i < 3; i++) expect((await session.openShell(size)).ok).toBe(true);
    const refused = await session.openShell(size);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'full' } });
    expect(session.channels).toMatchObject({ limit: 3, used: 3 });
    const again = await session.openShell(size);
    expect(!again.ok && again.error.reason).toMatch(
      /allows 3 channels.*\(MaxSessions\), taken by: 3 × pane$/,
    );
    session.reconnect();
    await until(session, (link) => link.kind === 'good' && link.roundTripMs !== undefined);
    expect(session.channels.limit).toBe(3);
    const many = await Promise.all(
      Array.from({ length: 8 }, (_, i) => session.run(['echo', String(i)], { purpose: 'x' })),
    );
    expect(many.map((one) => one.ok && one.value.stdout)).toEqual(
      Array.from({ length: 8 }, (_, i) => `${i}\n`),
    );
    expect(await session.probeChannels(10)).toBe(3);
    expect(session.channels.used).toBe(0);
  });
});
