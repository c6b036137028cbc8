import { describe, expect, test } from 'vitest';
import type { Answer } from './detector.ts';
import { respawnLoop } from './respawnLoop.ts';
import { roleOf } from './respawnRole.ts';
import { nearMiss } from './testDetections.ts';
import { BOOT, TestHost } from './testHost.ts';

const detectors = [respawnLoop];
const UNICORN = '/srv/app/bin/ruby bin/unicorn -c config/unicorn.rb';
const SUPERVISOR = 80;
const HOLDER = 76;
/** Answers are promises: let them arrive. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function holderAnswer(host: TestHost): Answer {
  return {
    kind: 'processes',
    processes: [
      {
        identity: { bootId: BOOT, pid: HOLDER, startTicks: 500 },
        parentPid: 1,
        name: 'unicorn master ',
        command: 'unicorn master -c config/unicorn.rb -D',
        startedAt: host.clock.now() - 4 * 86_400_000,
        listeningPorts: [8080],
        foundBy: 'the log names pid 76',
      },
    ],
  };
}

/** `starts` starts within a second, one of which the tick sees. */
async function loopSecond(host: TestHost, pid: number, options: { log?: boolean; starts?: number } = {}) {
  const starts = options.starts ?? 4;
  host.add({ pid, parentPid: SUPERVISOR, name: 'ruby', command: UNICORN, cpuTicks: 10 });
  if (options.log !== false) {
    for (let n = 0; n < starts; n++)
      host.log(`http_server.rb:206:in 'pid=': Already running on PID:${HOLDER}`);
  }
  const reapers = [
    { pid: SUPERVISOR, startTicks: 600, name: 'upstart', command: 'upstart --job app', cores: 0.6 },
  ];
  host.second({
    forksPerSecond: starts * 3,
    balance: { busy: 0.9, visible: 0.2, reaped: 0.6, unattributed: 0.1, reapers },
  });
  host.remove(pid);
  await settle();
}

function supervised(): TestHost {
  const host = new TestHost({ detectors });
  host.add({ pid: SUPERVISOR, name: 'upstart', command: 'upstart --job app', startTicks: 600 }, false);
  host.second();
  host.second();
  return host;
}

describe('a supervisor that restarts a server which finds its own stale copy', () => {
  test('is told once, within five seconds, with the holder and the words of the log', async () => {
    const host = supervised();
    host.answer = async () => holderAnswer(host);
    for (let n = 0; n < 5; n++) await loopSecond(host, 100 + n * 12);
    const loops = host.told.filter((e) => e.kind === 'process.respawn_loop');
    expect(loops).toHaveLength(1);
    const [loop] = loops;
    expect(loop).toMatchObject({
      severity: 'critical',
      detail: {
        process: 'unicorn',
        supervisor: { pid: SUPERVISOR },
        staleHolder: { pid: HOLDER, foundBy: 'log' },
      },
      actions: [
        {
          action: 'process.kill',
          label: `Kill pid ${HOLDER} (unicorn master)…`,
          arguments: { target: { bootId: BOOT, pid: HOLDER, startTicks: 500 }, signal: 'TERM' },
        },
      ],
    });
    expect(loop?.title).toContain('restarts unicorn');
    expect(loop?.title).toContain('started 4 days earlier');
    expect(loop?.verdict).toMatch(
      /^pid 80 \(upstart\) restarts unicorn [\d.]+×\/s \(\d+ times so far\) and owns 67 % of busy CPU; .*port 8080 is held by pid 76 \(unicorn master\), started 4 days earlier \(the log names pid 76\)$/,
    );
    expect(host.events.filter((e) => e.kind === 'process.respawn_loop')[0]?.evidence).toContainEqual(
      expect.objectContaining({ type: 'line', text: expect.stringContaining('Already running on PID:76') }),
    );
  });

  test('counts a restart once: as many as the log says', async () => {
    const host = supervised();
    host.answer = async () => holderAnswer(host);
    for (let n = 0; n < 6; n++) await loopSecond(host, 100 + n * 12);
    for (let n = 0; n < 12; n++) host.second();
    await settle();
    const ended = host.told.find((e) => e.kind === 'process.respawn_loop_ended');
    expect(Number(ended?.detail['restarts'])).toBeGreaterThanOrEqual(20);
    expect(Number(ended?.detail['restarts'])).toBeLessThanOrEqual(24);
  });

  test('keeps the lines that it rests on when it is over, and closes once', async () => {
    const host = supervised();
    host.answer = async () => holderAnswer(host);
    for (let n = 0; n < 5; n++) await loopSecond(host, 100 + n * 12);
    for (let n = 0; n < 40; n++) {
      host.second();
      await settle();
    }
    const loop = host.told.find((e) => e.kind === 'process.respawn_loop');
    expect(loop?.endedAt).toBeDefined();
    expect(loop?.evidence.some((e) => e.type === 'line' && e.text.includes('Already running'))).toBe(true);
    expect(host.told.filter((e) => e.kind === 'process.respawn_loop_ended')).toMatchObject([
      { severity: 'recovered', relatesTo: loop?.id },
    ]);
    expect(host.open).toEqual([]);
  });

  test('is told without the holder when nobody answers, and revised when somebody does', async () => {
    const host = supervised();
    let answer: (value: Answer) => void = () => {};
    host.answer = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    for (let n = 0; n < 5; n++) await loopSecond(host, 100 + n * 12);
    expect(host.told).toHaveLength(1);
    expect(host.told[0]?.detail['staleHolder']).toBeUndefined();
    answer(holderAnswer(host));
    await settle();
    for (let n = 0; n < 3; n++) await loopSecond(host, 300 + n * 12);
    expect(host.told).toHaveLength(1);
    expect(host.told[0]).toMatchObject({ detail: { staleHolder: { pid: HOLDER } } });
    expect(host.told[0]?.revision).toBeGreaterThan(0);
  });
});

test('an event that the log alone opened gets its supervisor as soon as that is seen', async () => {
  const host = supervised();
  host.answer = async () => holderAnswer(host);
  const refusedSecond = async () => {
    for (let line = 0; line < 4; line++) host.log('Already running on PID:76');
    host.second();
    await settle();
  };
  for (let n = 0; n < 4; n++) await refusedSecond();
  expect(host.told).toMatchObject([{ severity: 'critical', detail: { staleHolder: { pid: HOLDER } } }]);
  expect(host.told[0]?.detail['supervisor']).toBeUndefined();
  // It costs nothing, so that nothing but the supervisor is news.
  for (let n = 0; n < 4; n++) {
    host.add({ pid: 100 + n, parentPid: SUPERVISOR, name: 'ruby', command: UNICORN });
    await refusedSecond();
    host.remove(100 + n);
  }
  expect(host.told).toMatchObject([{ detail: { supervisor: { pid: SUPERVISOR } } }]);
});

/** Starts that fail and that no sample sees: one each half second. */
async function refusals(host: TestHost, count: number) {
  for (let n = 0; n < count; n++) {
    host.log(`Already running on PID:${HOLDER}`);
    host.second({ milliseconds: 500, forksPerSecond: 2 });
    await settle();
  }
}

describe('after its end', () => {
  async function ended(seen: boolean): Promise<TestHost> {
    const host = supervised();
    host.answer = async () => holderAnswer(host);
    if (seen) for (let n = 0; n < 5; n++) await loopSecond(host, 100 + n * 12);
    else await refusals(host, 10);
    for (let n = 0; n < 11; n++) host.second();
    expect(host.told.map((e) => e.kind)).toEqual(['process.respawn_loop', 'process.respawn_loop_ended']);
    return host;
  }

  test('one refusal more, or two, is not a loop again', async () => {
    const host = await ended(false);
    await refusals(host, 2);
    for (let n = 0; n < 3; n++) host.second();
    expect(host.open).toEqual([]);
  });

  test('the third start of another supervisor is told, although the first one is remembered', async () => {
    const host = await ended(true);
    host.remove(SUPERVISOR);
    host.add({ pid: 400, name: 'upstart', command: 'upstart --job app' });
    await refusals(host, 3);
    expect(host.open).toMatchObject([{ kind: 'process.respawn_loop', severity: 'critical' }]);
  });
});

test('a first supervisor that was ended before its third start does not hold up what the log says of the next', async () => {
  const host = supervised();
  host.answer = async () => holderAnswer(host);
  for (const pid of [100, 101]) {
    host.add({ pid, parentPid: SUPERVISOR, name: 'ruby', command: UNICORN });
    host.second();
    host.remove(pid);
  }
  host.log(`Already running on PID:${HOLDER}`);
  host.second();
  host.remove(SUPERVISOR);
  for (let n = 0; n < 9; n++) host.second();
  expect(host.told).toEqual([]);
  await refusals(host, 3);
  expect(host.open).toMatchObject([{ kind: 'process.respawn_loop' }]);
});

test('a loop whose starts no sample sees for a while goes on by its log, and is not told twice', async () => {
  const host = supervised();
  host.answer = async () => holderAnswer(host);
  for (let n = 0; n < 5; n++) await loopSecond(host, 100 + n * 12);
  await refusals(host, 60);
  for (let n = 0; n < 2; n++) await loopSecond(host, 300 + n * 12);
  expect(host.told.map((e) => [e.kind, e.endedAt])).toEqual([['process.respawn_loop', undefined]]);
});

type Work = (host: TestHost, second: number) => void;

/** Honest work that looks like a loop from outside. Each runs for a minute and must stay unremarked. */
const NEAR_MISSES: Record<string, Work> = {
  'a cron job each minute': (host, s) => {
    if (s % 60 === 0) run(host, 200 + s, ['cron', 'cron -f'], ['sh', 'sh -c backup']);
  },
  'a parallel build': (host, s) => {
    for (let n = s * 4; n < s * 4 + 4; n++)
      run(host, 200 + n, ['make', 'make -j4'], ['cc1', `cc1 -O2 file${n}.c`], 0.95);
  },
  'a script that runs grep a thousand times': (host, s) =>
    run(host, 200 + s, ['sh', 'sh count.sh'], ['grep', `grep -c ${s} log`], 0.1),
  'a forking web server': overlapping(['apache2', 'apache2 -k start'], ['apache2', 'apache2 -k start'], 0.6),
  'sshd with a login a second': overlapping(['sshd', 'sshd -D'], ['sshd', 'sshd: deploy [priv]'], 0.3),
  'a shell that looks once a second': overlapping(['bash', 'bash'], ['ps', 'ps aux'], 0.03),
  watch: overlapping(['watch', 'watch -n1 df'], ['df', 'df'], 0.4),
  'a test runner': overlapping(['vitest', 'vitest run'], ['node', 'node worker.js'], 0.9),
  // Node calls its first thread MainThread, and a title replaces the arguments.
  'a test runner that runs its files one after the other': oneByOne(
    ['MainThread', 'node /srv/app/node_modules/.bin/vitest run --no-file-parallelism'],
    [
      'MainThread',
      '/usr/bin/node --require /srv/app/node_modules/vitest/suppress-warnings.cjs /srv/app/node_modules/vitest/dist/workers/forks.js',
    ],
    0.95,
  ),
  'a test runner under a title of its own': oneByOne(
    ['MainThread', 'node (vitest)'],
    ['MainThread', 'node (vitest 1)'],
    0.95,
  ),
  'pytest, which python runs': oneByOne(
    ['python3', '/usr/bin/python3 -m pytest tests'],
    ['python3', '/usr/bin/python3 -m app.worker'],
    0.9,
  ),
  'a shell script that runs one command a thousand times': oneByOne(
    ['bash', 'bash import.sh'],
    ['jq', 'jq -r .items[].id'],
    0.8,
  ),
  'a shell script that runs a thousand commands': (host, s) =>
    oneByOne(['bash', 'bash migrate.sh'], [`step${s}`, `/srv/steps/step${s} --apply`], 0.9)(host, s),
  'a forking server that serves by its own image': oneByOne(
    ['mydaemon', '/usr/sbin/mydaemon -D'],
    ['mydaemon', '/usr/sbin/mydaemon -D'],
    0.9,
  ),
  xargs: (host, s) => run(host, 200 + s, ['xargs', 'xargs -n1 gzip'], ['gzip', `gzip f${s}`], 0.9),
  // Each with one worker, which is replaced after so many requests.
  'gunicorn, both under titles of their own': oneByOne(
    ['gunicorn: maste', 'gunicorn: master [shop]'],
    ['gunicorn: worke', 'gunicorn: worker [shop]'],
    0.7,
  ),
  'unicorn under titles of its own': oneByOne(
    ['ruby', 'unicorn master -c config.rb'],
    ['ruby', 'unicorn worker[0] -c config.rb'],
    0.7,
  ),
  'an application that starts a tool for each request': oneByOne(
    ['node', 'node /srv/app/server.js'],
    ['wkhtmltopdf', 'wkhtmltopdf - -'],
    0.7,
  ),
  'a server that hands each connection to a program': oneByOne(
    ['socat', 'socat TCP-LISTEN:7,fork EXEC:/srv/answer'],
    ['answer', '/srv/answer'],
    0.7,
  ),
  'logins that systemd’s socket takes, brute force': oneByOne(
    ['systemd', '/usr/lib/systemd/systemd --user'],
    ['sshd', 'sshd: [accepted]'],
    0.5,
  ),
  'an exporter that runs its script each scrape': oneByOne(
    ['script_exporter', '/usr/bin/script_exporter --config x.yml'],
    ['python3', 'python3 /etc/exporter/check.py'],
    0.4,
  ),
  'workers replaced after so many requests': (host, s) => {
    // Four stand at any time; each ten seconds one goes and another comes.
    if (s === 0) for (let n = 0; n < 4; n++) worker(host, 900 + n);
    if (s > 0 && s % 10 === 0) {
      worker(host, 900 + 3 + s / 10);
      host.remove(900 + s / 10 - 1);
    }
  },
};

function worker(host: TestHost, pid: number): void {
  host.add({
    pid,
    parentPid: SUPERVISOR,
    name: 'gunicorn',
    command: 'gunicorn: worker [app]',
    cpuTicks: 100,
  });
}

/** The kernel's name of it and its command line. */
type Program = readonly [name: string, command: string];

/** Another child each second, while those of the four seconds before still run. */
function overlapping(parent: Program, child: Program, cores: number): Work {
  return (host, second) => run(host, 200 + second, parent, child, cores);
}

/** Another child each second, and the one before has ended. */
function oneByOne(parent: Program, child: Program, cores: number): Work {
  return (host, second) => {
    for (const old of running.get(host) ?? []) host.remove(old);
    running.delete(host);
    run(host, 200 + second, parent, child, cores);
  };
}

const running = new WeakMap<TestHost, number[]>();
const costs = new WeakMap<TestHost, number>();

function run(host: TestHost, pid: number, parent: Program, child: Program, cores = 0.05): void {
  const [parentName, parentCommand] = parent;
  if (!host.table.has(50))
    host.add({ pid: 50, name: parentName, command: parentCommand, startTicks: 100 }, false);
  const pids = running.get(host) ?? [];
  for (const old of pids) if (old < pid - 4) host.remove(old);
  const [name, command] = child;
  host.add({ pid, parentPid: 50, name, command, cpuTicks: 2 });
  running.set(host, [...pids.filter((old) => old >= pid - 4), pid]);
  costs.set(host, cores);
}

describe('what is not a loop', () => {
  for (const [what, work] of Object.entries(NEAR_MISSES)) {
    test(what, async () => {
      const host = new TestHost({ detectors });
      host.add(
        { pid: SUPERVISOR, name: 'gunicorn', command: 'gunicorn: master [app]', startTicks: 90 },
        false,
      );
      host.second();
      for (let second = 0; second < 60; second++) {
        work(host, second);
        const cores = costs.get(host) ?? 0.05;
        const parent = host.table.get(50);
        const reapers = parent
          ? [{ pid: 50, startTicks: parent.startTicks, name: parent.name, command: parent.command, cores }]
          : [];
        host.second({
          forksPerSecond: 2,
          balance: { busy: cores + 0.1, visible: 0.1, reaped: cores, unattributed: 0, reapers },
        });
        await settle();
      }
      expect(host.told.map((e) => e.title)).toEqual([]);
      nearMiss('process.respawn_loop');
    });
  }
});

test('a container that its restart policy starts again and again is told, by its id', async () => {
  const host = new TestHost({ detectors });
  host.second();
  const shim = `/usr/bin/containerd-shim-runc-v2 -namespace moby -id ${'ab12'.repeat(16)} -address /run/containerd/containerd.sock`;
  for (let n = 0; n < 6; n++) {
    host.add({ pid: 3000 + n * 20, name: 'containerd-shim', command: shim });
    host.add({
      pid: 3001 + n * 20,
      parentPid: 3000 + n * 20,
      name: 'node',
      command: 'node server.js',
    });
    host.second();
    host.remove(3001 + n * 20);
    host.remove(3000 + n * 20);
    host.second();
    await settle();
  }
  expect(host.told).toMatchObject([
    { kind: 'process.respawn_loop', detail: { process: 'container ab12ab12ab12' } },
  ]);
  // A container of its own each time is none.
  const batch = new TestHost({ detectors });
  batch.second();
  for (let n = 0; n < 6; n++) {
    batch.add({
      pid: 3000 + n,
      name: 'containerd-shim',
      command: shim.replace('ab12', `${n}${n}${n}${n}`),
    });
    batch.second();
    batch.remove(3000 + n);
    await settle();
  }
  expect(batch.told).toEqual([]);
});

test('one command after another that lives for seconds is for information, where nobody tells how it ends', async () => {
  const host = new TestHost({ detectors });
  host.add({ pid: 50, name: 'bash', command: 'bash /srv/import.sh', startTicks: 100 }, false);
  host.second();
  for (let n = 0; n < 10; n++) {
    host.add({ pid: 200 + n, parentPid: 50, name: 'python3', command: 'python3 /srv/import.py' });
    const reapers = [{ pid: 50, startTicks: 100, name: 'bash', command: 'bash /srv/import.sh', cores: 0.9 }];
    for (let second = 0; second < 3; second++) {
      host.second({ balance: { busy: 1, visible: 0.1, reaped: 0.9, reapers } });
      await settle();
    }
    host.remove(200 + n);
  }
  expect(host.told).toMatchObject([{ kind: 'process.respawn_loop', severity: 'info' }]);
  expect(host.told[0]?.verdict).toContain('work that is done again and again looks the same');
});

test('a command is named by what it runs, not by what runs it', () => {
  expect(roleOf('/usr/bin/ruby -W0 /srv/app/bin/unicorn -c x.rb', 'ruby')).toBe('unicorn');
  expect(roleOf(UNICORN, 'ruby')).toBe('unicorn');
  expect(roleOf('sh -c exec something', 'sh')).toBe('sh');
  expect(roleOf('/usr/sbin/nginx -g daemon', 'nginx')).toBe('nginx');
  expect(roleOf('', 'kworker/0:1')).toBe('kworker/0:1');
  expect(roleOf('node --require /a/suppress-warnings.cjs /srv/app/server.js', 'MainThread')).toBe(
    'server.js',
  );
  expect(roleOf('node (vitest 1)', 'MainThread')).toBe('vitest');
  expect(roleOf('python3 -m pytest tests', 'python3')).toBe('pytest');
});
