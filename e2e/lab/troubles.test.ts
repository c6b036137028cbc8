import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordingsOf } from '../../electron/core/detectors/recordingFiles.ts';
import { latestRecord } from '../../electron/core/store/recordDirectories.ts';
import type { EventKind, TimelineEvent } from '../../shared/model/timelineEvent.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { startTrouble, stopTrouble, TROUBLES, type TroubleName } from './scenarios/trouble.ts';
import { waitUntil } from './waitUntil.ts';

/** What is told in minutes otherwise, told in half a minute: the windows are shorter, nothing else. */
const THRESHOLDS = `
thresholds:
  connectionsLeak: { seconds: 20 }
  connectionsCapped: { seconds: 15, growthSeconds: 15 }
  fdLeak: { minutes: 0.5 }
  memoryLeak: { minutes: 0.5, minimum: 24, growth: 12, youngMinutes: 0 }
  threadsGrowth: { minutes: 0.5, minimum: 40, growth: 20 }
  diskFilling: { seconds: 20, minimumMiB: 4 }
  queueStalled: { seconds: 20, looks: 3 }
  logSurge: { learnSeconds: 15 }
  pidChanged: { minimumAgeSeconds: 5 }
`;

const CASES: { host: string; trouble: TroubleName; kinds: EventKind[] }[] = [
  {
    host: 'web1',
    trouble: 'connections',
    kinds: ['connections.leak', 'queue.stalled', 'connections.capped'],
  },
  { host: 'web2', trouble: 'files', kinds: ['fd.leak', 'fd.near_limit'] },
  { host: 'web2', trouble: 'memory', kinds: ['memory.leak'] },
  { host: 'web3', trouble: 'threads', kinds: ['threads.growth'] },
  { host: 'web3', trouble: 'disk', kinds: ['disk.filling', 'disk.full'] },
  { host: 'web3', trouble: 'inodes', kinds: ['inodes.full'] },
  { host: 'web5', trouble: 'throttle', kinds: ['cgroup.throttled'] },
  { host: 'web4', trouble: 'listen', kinds: ['listen.overflow'] },
  { host: 'web4', trouble: 'surge', kinds: ['log.surge'] },
  { host: 'web4', trouble: 'match', kinds: ['log.matched'] },
  { host: 'web2', trouble: 'restart', kinds: ['process.pid_changed'] },
];

/** Little, so that it is reached on a machine that is busy otherwise too. */
const QUOTA = 0.25;

const QUIET = 'web6';

describe.skipIf(!labIsWanted)('each trouble of a service, for real, told by its detector', () => {
  let lab: Lab;
  let fireline: OpenedCore;
  const startedAt = new Map<TroubleName, number>();
  const latencies = new Map<EventKind, number>();
  beforeAll(async () => {
    lab = await startLab({ hosts: 6, memoryLimitBytes: 256 * 1024 * 1024, cpuQuota: QUOTA });
    const logs =
      '  - { path: "/srv/www/app/log/*.log", match: [{ pattern: "FATAL|out of \\\\w+", severity: critical }] }';
    const file = join(lab.directory, 'troubles.yaml');
    const yaml = readFileSync(lab.workspaceFile, 'utf8').replace(/^logs:\n(?: .*\n)*/m, `logs:\n${logs}\n`);
    writeFileSync(file, `${yaml}${THRESHOLDS}`);
    await startTrouble(lab.host('web2'), 'restart');
    fireline = await openCore();
    expect(await fireline.core.openWorkspace(file, false)).toEqual({ opened: true, problems: [] });
    const sampled = lab.hosts.map((host) => sampledOnce(fireline, host.id));
    await Promise.all(sampled);
    await Promise.all(
      CASES.filter((one) => one.trouble !== 'restart').map(async ({ host, trouble }) => {
        const run = await startTrouble(lab.host(host), trouble, { quietSeconds: 30 });
        startedAt.set(trouble, run.startedAt);
      }),
    );
  }, 120_000);
  afterAll(async () => {
    keepRecording(fireline.dataDirectory);
    await fireline?.close();
    await lab?.stop();
    printTable(latencies);
  });

  for (const { host, trouble, kinds } of CASES) {
    for (const kind of kinds) {
      it(`${kind}: ${TROUBLES[trouble].about}`, async () => {
        if (trouble === 'restart') {
          const run = await startTrouble(lab.host(host), 'restart');
          startedAt.set('restart', run.startedAt);
        }
        const event = await fireline.event(
          `${kind} of ${host}`,
          (e) => e.host === host && e.kind === kind,
          200_000,
        );
        latencies.set(kind, Math.max(0, event.seenAt - (startedAt.get(trouble) ?? event.seenAt)));
        expect(event.verdict).toMatch(/\d/);
        check[kind]?.(event);
      }, 210_000);
    }
  }

  it('nothing is told of the host that is well, nor of one host’s trouble on another', async () => {
    const alarms = fireline
      .timeline()
      .filter((e) => e.severity === 'warning' || e.severity === 'critical')
      // The kernel's log is the machine's: other labs' kills and crashes are in it.
      .filter((e) => e.kind !== 'process.oom_killed' && !e.kind.startsWith('kernel.'))
      .filter((e) => e.host === QUIET || !EXPECTED.get(e.host ?? '')?.has(e.kind));
    expect(alarms.map((e) => `${e.host}: ${e.title}`)).toEqual([]);
  });

  it('what ends is closed', async () => {
    await Promise.all([
      stopTrouble(lab.host('web1'), 'connections'),
      stopTrouble(lab.host('web2'), 'files'),
      stopTrouble(lab.host('web3'), 'inodes'),
    ]);
    const ended = (host: string, kind: EventKind) =>
      fireline.event(
        `the end of ${kind}`,
        (e) => e.host === host && e.kind === kind && e.endedAt !== undefined,
        200_000,
      );
    await Promise.all([
      ended('web1', 'connections.capped'),
      ended('web1', 'queue.stalled'),
      ended('web2', 'fd.leak'),
      ended('web2', 'fd.near_limit'),
      ended('web3', 'inodes.full'),
    ]);
  }, 210_000);
});

/** What else each event must say. */
const check: Partial<Record<EventKind, (event: TimelineEvent) => void>> = {
  'connections.leak': (event) => expect(event.detail).toMatchObject({ port: 9243, process: 'perl' }),
  'connections.capped': (event) =>
    expect(event.detail).toMatchObject({ port: 9243, count: 256, powerOfTwo: true }),
  'queue.stalled': (event) => expect(event.detail).toMatchObject({ queue: 'Recv-Q', port: 9243 }),
  'fd.near_limit': (event) => expect(event.detail).toMatchObject({ limit: 1024 }),
  'cgroup.throttled': (event) => expect(event.detail).toMatchObject({ quotaCores: QUOTA }),
  'listen.overflow': (event) => expect(event.detail).toMatchObject({ port: 8088, process: 'perl' }),
  'disk.filling': (event) => expect(event.detail).toMatchObject({ mount: '/srv/fill' }),
  'inodes.full': (event) => expect(event.detail).toMatchObject({ mount: '/srv/many' }),
  'log.matched': (event) => expect(event).toMatchObject({ severity: 'critical' }),
};

/** A leak of connections is one of files; whatever grows in 256 MiB takes all of it; the others are well. */
const CONSEQUENCES: readonly EventKind[] = [
  'fd.leak',
  'memory.leak',
  'process.oom_risk',
  'host.outlier',
  'cpu.saturated',
];

/** What each host's troubles may be told as, their consequences included. */
const EXPECTED = new Map<string, ReadonlySet<string>>(
  ['web1', 'web2', 'web3', 'web4', 'web5'].map((host) => [
    host,
    new Set([...CONSEQUENCES, ...CASES.filter((one) => one.host === host).flatMap((one) => one.kinds)]),
  ]),
);

function sampledOnce(fireline: OpenedCore, host: string): Promise<void> {
  return waitUntil(`the first sample of ${host}`, 60_000, () =>
    fireline.core.hosts.some((one) => one.id === host && one.sampler.kind === 'running') ? true : undefined,
  ).then(() => undefined);
}

/** FIRELINE_KEEP_RECORDING=FOLDER keeps what the detectors were given: the unit tests' fixture is made of it. */
function keepRecording(dataDirectory: string): void {
  const folder = process.env['FIRELINE_KEEP_RECORDING'];
  const record = latestRecord(dataDirectory);
  const last = record === undefined ? undefined : recordingsOf(record).at(-1);
  if (folder !== undefined && last) copyFileSync(last.file, join(folder, 'troubles.jsonl.gz'));
}

/** Where each detector is fired and where its near misses are; the times are of this run, from the fact to the timeline. */
function printTable(latencies: ReadonlyMap<EventKind, number>): void {
  const lines = DETECTED.map(([kind, fired, nearMiss]) => {
    const took = latencies.get(kind);
    return `${kind.padEnd(28)} ${fired.padEnd(28)} ${nearMiss.padEnd(52)} ${took === undefined ? '-' : `${(took / 1000).toFixed(1)} s`}`;
  });
  process.stdout.write(
    `${'detector'.padEnd(28)} ${'fired'.padEnd(28)} ${'near miss'.padEnd(52)} latency\n${lines.join('\n')}\n`,
  );
}

const RESOURCES = 'lab troubles, unit';
const DETECTED: readonly [EventKind, string, string][] = [
  ['process.oom_killed', 'lab core, logs, recorded', 'a failsafe killed by TERM; a neighbour’s kill'],
  ['process.oom_risk', 'story 5, unit', 'a start, use that comes and goes, hours to go'],
  ['process.respawn_loop', 'lab core, unit, recorded', 'cron, build, scripts, forking server, test runners'],
  ['process.pid_changed', RESOURCES, 'a pool’s worker, a shell, a short job, a compiler'],
  ['cpu.saturated', 'story 3, unit', 'ten seconds, 90 %, several cores, bursts'],
  ['cgroup.throttled', RESOURCES, 'one look, a few periods, throttled before us'],
  ['erlang.node_up', 'lab erlang, unit, recorded', 'members of a cluster that were there'],
  ['connections.leak', RESOURCES, 'pools, clients, load, TIME_WAIT, a neighbour’s'],
  ['connections.capped', RESOURCES, 'a pool that opens at once or warms up'],
  ['queue.stalled', RESOURCES, 'a transfer in flow, a busy reader, twenty seconds'],
  ['listen.overflow', RESOURCES, 'a rush, old counts, a neighbour’s'],
  ['fd.leak', RESOURCES, 'load that comes and goes, a start'],
  ['fd.near_limit', RESOURCES, 'half of the limit'],
  ['memory.leak', RESOURCES, 'a cache that fills, a sawtooth, little of much'],
  ['threads.growth', RESOURCES, 'a pool of threads'],
  ['disk.full', RESOURCES, 'trembling, 5 % of 10 TB, images, small tmpfs'],
  ['disk.filling', RESOURCES, 'a copy that ends, a slow log, a build (info)'],
  ['inodes.full', RESOURCES, 'a file system without inodes'],
  ['filesystem.readonly', 'unit, captured logs', 'an image; a person’s remount in the log'],
  ['network.saturated', 'unit', 'bursts, half of the link'],
  ['network.errors', 'unit', 'unknown frames, next to nothing of much, a burst'],
  ['clock.skewed', 'unit', 'a second, a slow way, a corrected step'],
  ['log.matched', RESOURCES, 'another file, other words'],
  ['log.surge', RESOURCES, 'busy logs, a start’s burst, minutely bursts'],
  ['host.outlier', 'story 5, unit', 'all differ, two busy, too few, little of little'],
  ['kernel.segfault', 'captured logs', 'unit'],
  ['kernel.hung_task', 'captured logs', 'unit'],
  ['kernel.oops', 'captured logs', 'unit'],
  ['service.failed', 'captured logs', 'unit'],
];
