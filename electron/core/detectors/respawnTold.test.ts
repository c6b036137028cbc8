import { describe, expect, test } from 'vitest';
import type { ChildrenOf, Sample } from '../../../shared/model/sample.ts';
import { pidChanged } from './pidChanged.ts';
import { respawnLoop } from './respawnLoop.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';

/** Loops of which the kernel tells every fork and exit. */

const SUPERVISOR = 80;
const EXIT_1 = 1 << 8;
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function hostWith(name: string, command: string): TestHost {
  const host = new TestHost({ detectors: [respawnLoop] });
  host.add({ pid: SUPERVISOR, name, command, startTicks: 600 }, false);
  host.second({ kernelEvents: told([]) });
  host.second({ kernelEvents: told([]) });
  return host;
}

const told = (children: ChildrenOf[], lost = 0): NonNullable<Sample['kernelEvents']> => ({
  oneIn: 1,
  lost,
  children,
});

function ended(count: number, endings: ChildrenOf['endings'], parentPid = SUPERVISOR): ChildrenOf {
  return { parentPid, started: count, executed: count, ended: count, endings };
}

/** Most of what is busy is the time of children that this supervisor reaped. */
const reapedBy = (name: string, command: string) => ({
  busy: 0.9,
  visible: 0.2,
  reaped: 0.6,
  reapers: [{ pid: SUPERVISOR, startTicks: 600, name, command, cores: 0.6 }],
});

const verdictOf = (host: TestHost) => host.told.at(-1)?.verdict?.replace(/\s/g, ' ') ?? '';

describe('where the kernel tells of every fork and exit', () => {
  async function looping(lost: number, seconds = 14): Promise<TestHost> {
    const host = hostWith('upstart', 'upstart --job app');
    for (let n = 0; n < seconds; n++) {
      host.add({ pid: 1000 + n * 9, parentPid: SUPERVISOR, name: 'ruby', command: 'ruby bin/unicorn' });
      host.second({
        // Two forks a start, and others of this host: nothing to reckon a rate by.
        forksPerSecond: 31,
        balance: reapedBy('upstart', 'upstart --job app'),
        kernelEvents: told([ended(7, [{ status: EXIT_1, count: 7, longestMs: 31 + n / 2 }])], lost),
      });
      host.remove(1000 + n * 9, EXIT_1);
      await settle();
    }
    return host;
  }

  test('the rate, the count and how each child ends are what it counted', async () => {
    const host = await looping(0);
    expect(host.told.map((one) => one.kind)).toEqual(['process.respawn_loop']);
    expect(verdictOf(host)).toMatch(
      /^pid 80 \(upstart\) restarts unicorn 7\.0×\/s \(\d+ times so far\) and owns 67 % of busy CPU; each child exits 1 within 40 ms$/,
    );
    const [event] = host.told;
    expect(event?.detail).toMatchObject({
      ratePerSecond: 7,
      children: { endings: [expect.stringMatching(/^\d+ exited 1 \(the longest after 40 ms\)$/)] },
    });
    // The first start that was seen is no restart, and the sample that tells it is the last.
    expect(Number(event?.detail['restarts']) % 7).toBe(0);
    expect(event?.evidence).toContainEqual(
      expect.objectContaining({
        type: 'line',
        source: 'the kernel, of forks and exits (process connector)',
        text: expect.stringMatching(/children forked, \d+ called exec, \d+ ended: \d+ exited 1 /),
      }),
    );
  });

  test('children that end well are work, whatever they cost', async () => {
    const host = hostWith('bash', 'bash /srv/import.sh');
    for (let n = 0; n < 20; n++) {
      host.add({ pid: 1000 + n * 9, parentPid: SUPERVISOR, name: 'import', command: '/srv/import --next' });
      host.second({
        balance: reapedBy('bash', 'bash /srv/import.sh'),
        kernelEvents: told([ended(3, [{ status: 0, count: 3, longestMs: 300 }])]),
      });
      host.remove(1000 + n * 9, 0);
      await settle();
    }
    expect(host.told).toEqual([]);
    nearMiss('process.respawn_loop');
  });

  test('events that were lost are said', async () => {
    const host = await looping(12);
    expect(JSON.stringify(host.told.at(-1)?.evidence)).toMatch(/\d+ events of this host were lost/);
  });

  test('children of a parent that also starts others are not taken for the loop’s', async () => {
    const host = hostWith('sh', 'sh /srv/run-forever.sh');
    for (let n = 0; n < 14; n++) {
      host.add({ pid: 1000 + n * 9, parentPid: SUPERVISOR, name: 'ruby', command: 'ruby bin/worker' });
      if (n % 3 === 0)
        host.add({ pid: 1004 + n * 9, parentPid: SUPERVISOR, name: 'curl', command: `curl ${n}` });
      host.second({
        forksPerSecond: 5,
        balance: {
          busy: 0.9,
          reaped: 0.7,
          reapers: [{ pid: SUPERVISOR, startTicks: 600, name: 'sh', command: 'sh', cores: 0.7 }],
        },
        kernelEvents: told([ended(50, [{ status: EXIT_1, count: 50, longestMs: 3 }])]),
      });
      host.remove(1000 + n * 9, EXIT_1);
      if (n % 3 === 0) host.remove(1004 + n * 9, 0);
      await settle();
    }
    expect(host.told.map((one) => one.kind)).toEqual(['process.respawn_loop']);
    expect(verdictOf(host)).not.toMatch(/exits 1|50/);
  });

  test('a paced loop’s children are told from its sleeps by how they end', async () => {
    const host = hostWith('bash', 'bash /srv/keep-up.sh');
    for (let n = 0; n < 14; n++) {
      host.add({ pid: 1000 + n * 9, parentPid: SUPERVISOR, name: 'ruby', command: 'ruby bin/worker' });
      if (n % 2 === 0)
        host.add({ pid: 1004 + n * 9, parentPid: SUPERVISOR, name: 'sleep', command: 'sleep 0.2' });
      host.second({
        forksPerSecond: 9,
        balance: {
          busy: 0.9,
          reaped: 0.7,
          reapers: [{ pid: SUPERVISOR, startTicks: 600, name: 'bash', command: 'bash', cores: 0.7 }],
        },
        kernelEvents: told([
          ended(8, [
            { status: 0, count: 4, longestMs: 201 },
            { status: 11, count: 4, longestMs: 290 },
          ]),
        ]),
      });
      host.remove(1000 + n * 9, 11);
      if (n % 2 === 0) host.remove(1004 + n * 9, 0);
      await settle();
    }
    expect(verdictOf(host)).toMatch(
      /restarts worker 4\.0×\/s .*; each child is killed by SIGSEGV within 290 ms$/,
    );
  });
});

describe('on a host where much else is forked', () => {
  /** A child that runs two seconds, and is restarted at once, while a build forks two hundred a second. */
  async function beside(kernel: boolean, livesSeconds: number) {
    const host = hostWith('runsv', 'runsv web');
    for (let n = 0; n < 30; n++) {
      const pid = 1000 + Math.floor(n / livesSeconds) * 900;
      if (n % livesSeconds === 0) host.add({ pid, parentPid: SUPERVISOR, name: 'web', command: '/srv/web' });
      host.second({
        forksPerSecond: 200,
        ...(kernel ? { kernelEvents: told(n % livesSeconds === 0 ? [ended(1, [])] : []) } : {}),
      });
      if (n % livesSeconds === livesSeconds - 1) host.remove(pid);
      await settle();
    }
    return host.told.find((one) => one.kind === 'process.respawn_loop');
  }

  test.each([
    ['it lives for three seconds', false, 3],
    ['the kernel tells of its parent', true, 1],
  ])('a loop’s rate is its own, where %s', async (_, kernel, lives) => {
    const loop = await beside(kernel, lives);
    expect(Number(loop?.detail['ratePerSecond'])).toBeLessThanOrEqual(1.2 / lives);
    expect(Number(loop?.detail['restarts'])).toBeLessThanOrEqual(30 / lives);
  });

  test('and never more than what it costs allows', async () => {
    const loop = await beside(false, 1);
    expect(Number(loop?.detail['ratePerSecond'])).toBeLessThan(3);
  });
});

test('a service whose supervisor runs another script after each end is one loop', async () => {
  const host = hostWith('runsv', 'runsv web');
  for (let n = 0; n < 60; n++) {
    if (n % 5 === 0)
      host.add({ pid: 1000 + n, parentPid: SUPERVISOR, name: 'perl', command: 'perl /srv/web/run' });
    if (n % 5 === 2) host.remove(1000 + n - 2);
    if (n % 5 === 2)
      host.add({ pid: 1000 + n, parentPid: SUPERVISOR, name: 'perl', command: 'perl /srv/web/finish' });
    if (n % 5 === 4) host.remove(1000 + n - 2);
    host.second();
    await settle();
  }
  expect(host.told.filter((one) => one.kind === 'process.respawn_loop')).toHaveLength(1);
});

describe('children that crash', () => {
  async function paced(status: number): Promise<TestHost> {
    const host = hostWith('bash', 'bash /srv/keep-up.sh');
    for (let n = 0; n < 14; n++) {
      host.add({ pid: 1000 + n * 9, parentPid: SUPERVISOR, name: 'ruby', command: 'ruby bin/worker' });
      host.second({
        forksPerSecond: 3,
        kernelEvents: told([ended(2, [{ status, count: 2, longestMs: 30 }])]),
      });
      host.remove(1000 + n * 9, status);
      await settle();
    }
    return host;
  }

  test('each of them are a loop, though it costs little', async () => {
    const host = await paced(11 | 0x80);
    expect(host.told.map((one) => one.kind)).toEqual(['process.respawn_loop']);
    expect(verdictOf(host)).toContain('each child is killed by SIGSEGV (core dumped) within 30 ms');
  });

  test.each([
    ['exit 1, as a script that waits for something', EXIT_1],
    ['are ended by somebody', 15],
    ['end well', 0],
  ])('but not those that %s', async (_, status) => {
    expect((await paced(status)).told.map((one) => one.title)).toEqual([]);
    nearMiss('process.respawn_loop');
  });
});

describe('a loop that costs next to nothing and says nothing', () => {
  /** Each five seconds another one, which is seen once and ends so. */
  async function slow(
    host: TestHost,
    parentPid: number,
    status: number,
    command = '/srv/app/server --port 80',
  ) {
    for (let n = 0; n < 60; n++) {
      if (n % 5 === 0) host.add({ pid: 1000 + n, parentPid, name: 'server', command });
      host.second({ kernelEvents: told([]) });
      if (n % 5 === 0) host.remove(1000 + n, status);
      await settle();
    }
    return host;
  }

  test('is told of the host’s init, where each child fails', async () => {
    const host = await slow(new TestHost({}), 1, EXIT_1);
    expect(host.told).toMatchObject([{ kind: 'process.respawn_loop', severity: 'warning' }]);
    expect(verdictOf(host)).toMatch(/^pid 1 \(systemd\) restarts server 0\.2\d?×\/s/);
  });

  test.each([
    ['a timer’s, whose runs end well', '/srv/app/server --port 80', 0],
    ['a login that systemd’s socket takes, and refuses', '/usr/sbin/sshd -i', 255 << 8],
  ])('but not %s', async (_, command, status) => {
    const host = await slow(new TestHost({}), 1, status, command);
    expect(host.told.map((one) => one.title)).toEqual([]);
    nearMiss('process.respawn_loop');
  });

  test('is told of a shell, where an older copy holds what each child wants', async () => {
    const host = hostWith('bash', 'bash /srv/keep-up.sh');
    const startedAt = host.clock.now() - 86_400_000;
    const holder = host.add({ pid: 70, name: 'server', command: '/srv/app/server --port 80', startedAt });
    host.answer = async ({ kind }) => ({
      kind: 'processes',
      processes:
        kind === 'pidFiles'
          ? [
              {
                identity: { bootId: host.bootId, pid: 70, startTicks: holder.startTicks },
                parentPid: 1,
                name: 'server',
                command: holder.command,
                startedAt,
                listeningPorts: [80],
                foundBy: 'pid file /run/server.pid',
              },
            ]
          : [],
    });
    await slow(host, SUPERVISOR, EXIT_1);
    expect(host.told).toMatchObject([
      { kind: 'process.respawn_loop', detail: { staleHolder: { pid: 70, foundBy: 'pid_file' } } },
    ]);
  });

  test.each(['/usr/sbin/server -t', '/srv/app/server status'])(
    'nobody is asked for who holds up %s, which only looks',
    async (command) => {
      const host = await slow(hostWith('bash', 'bash /srv/wait.sh'), SUPERVISOR, EXIT_1, command);
      expect([host.questions, host.told]).toEqual([[], []]);
      nearMiss('process.respawn_loop');
    },
  );
});

describe('a supervisor whose child dies before any sample sees it', () => {
  async function unseen(
    host: TestHost,
    seconds: number,
    row: (second: number) => ChildrenOf[],
  ): Promise<void> {
    for (let n = 0; n < seconds; n++) {
      host.second({ forksPerSecond: 2, kernelEvents: told(row(n)) });
      await settle();
    }
  }

  test('on a busy host, at its own pace and not with what its finish script does, and is not closed meanwhile', async () => {
    const host = hostWith('runsv', 'runsv web');
    const others: ChildrenOf = { parentPid: 0, started: 40, executed: 40, ended: 40, endings: [] };
    await unseen(host, 120, (n) => [
      ...(n % 8 === 0
        ? [
            ended(2, [
              { status: 3 << 8, count: 1, longestMs: 52 },
              { status: 0, count: 1, longestMs: 3 },
            ]),
          ]
        : []),
      others,
    ]);
    expect(host.told.map((one) => one.kind)).toEqual(['process.respawn_loop']);
    expect(verdictOf(host)).toMatch(
      /^pid 80 \(runsv\) restarts web every 8 s \(1[2-5] times so far\); each child exits 3 within 60 ms$/,
    );
    expect(host.events.every((event) => event.endedAt === undefined)).toBe(true);
  });

  test('is told by what the kernel counted, and closed when it stops', async () => {
    const host = hostWith('supervise', 'supervise web');
    await unseen(host, 6, () => [ended(1, [{ status: 111 << 8, count: 1, longestMs: 4.4 }])]);
    expect(host.told).toHaveLength(1);
    expect(verdictOf(host)).toBe(
      'pid 80 (supervise) restarts web 1.0×/s (3 times so far); each child exits 111 within 10 ms',
    );
    expect(host.told[0]).toMatchObject({ kind: 'process.respawn_loop', severity: 'warning' });
    await unseen(host, 40, () => []);
    expect(host.told.map((one) => one.kind)).toEqual(['process.respawn_loop', 'process.respawn_loop_ended']);
    expect(host.open).toEqual([]);
  });

  test.each<[string, string, string, (second: number) => ChildrenOf[]]>([
    [
      'a script whose grep finds nothing',
      'sh',
      'sh /srv/report.sh',
      () => [ended(40, [{ status: EXIT_1, count: 40, longestMs: 4 }])],
    ],
    [
      'a supervisor of many, that runs its checks',
      'monit',
      'monit -I',
      () => [ended(3, [{ status: EXIT_1, count: 3, longestMs: 20 }])],
    ],
    [
      'a service that is restarted twice by hand',
      'runsv',
      'runsv web',
      (n) => (n === 3 || n === 9 ? [ended(1, [{ status: 15, count: 1, longestMs: 900 }])] : []),
    ],
    [
      'a check script that runs well',
      'runsv',
      'runsv web',
      () => [ended(1, [{ status: 0, count: 1, longestMs: 9 }])],
    ],
    [
      'a child that fails after long work, which samples see',
      'supervise',
      'supervise batch',
      (n) => (n % 5 === 4 ? [ended(1, [{ status: EXIT_1, count: 1, longestMs: 4_900 }])] : []),
    ],
  ])('is not: %s', async (_, name, command, row) => {
    const host = hostWith(name, command);
    await unseen(host, 40, row);
    expect(host.told.map((one) => one.title)).toEqual([]);
    nearMiss('process.respawn_loop');
  });
});

test('a service that runs under another pid: how the old one ended is said', () => {
  const host = new TestHost({ detectors: [pidChanged] });
  host.add({ pid: 90, name: 'api', command: '/srv/api', startedAt: host.clock.now() - 600_000 }, false);
  host.second();
  host.remove(90, 9);
  host.add({ pid: 95, name: 'api', command: '/srv/api' });
  host.second();
  expect(host.told[0]?.title).toBe('api is now pid 95; pid 90 was killed by SIGKILL after 10 min');
  expect(host.told[0]?.detail).toMatchObject({ exitStatus: 9 });
});
