import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordingsOf } from '../../electron/core/detectors/recordingFiles.ts';
import { fired, nearMiss } from '../../electron/core/detectors/testDetections.ts';
import { latestRecord } from '../../electron/core/store/recordDirectories.ts';
import type { EventKind, TimelineEvent } from '../../shared/model/timelineEvent.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import {
  prepareTrouble,
  startTrouble,
  stopTrouble,
  TROUBLES,
  type TroubleName,
} from './scenarios/trouble.ts';
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
  { host: 'web2', trouble: 'readonly', kinds: ['filesystem.readonly'] },
  { host: 'web2', trouble: 'wire', kinds: ['network.saturated', 'network.errors'] },
  { host: 'web5', trouble: 'clock', kinds: ['clock.skewed'] },
  { host: 'web2', trouble: 'files', kinds: ['fd.leak', 'fd.near_limit'] },
  { host: 'web2', trouble: 'memory', kinds: ['memory.leak'] },
  { host: 'web3', trouble: 'threads', kinds: ['threads.growth'] },
  { host: 'web3', trouble: 'disk', kinds: ['disk.filling', 'disk.full'] },
  { host: 'web3', trouble: 'inodes', kinds: ['inodes.full'] },
  { host: 'web5', trouble: 'throttle', kinds: ['cgroup.throttled'] },
  { host: 'web4', trouble: 'listen', kinds: ['listen.overflow', 'connections.unanswered'] },
  { host: 'web4', trouble: 'surge', kinds: ['log.surge'] },
  { host: 'web4', trouble: 'match', kinds: ['log.matched'] },
  { host: 'web2', trouble: 'restart', kinds: ['process.pid_changed'] },
];

/** Those that begin when their test does: what they change must have been seen as it was. */
const LATER: readonly TroubleName[] = ['restart', 'readonly'];
/** Those that must stand before a session comes. */
const PREPARED: readonly TroubleName[] = ['readonly', 'wire', 'clock'];

/** Little, so that it is reached on a machine that is busy otherwise too. */
const QUOTA = 0.25;

const QUIET = 'web6';

describe.skipIf(!labIsWanted)('each trouble of a service, for real, told by its detector', () => {
  let lab: Lab;
  let fireline: OpenedCore;
  const startedAt = new Map<TroubleName, number>();
  beforeAll(async () => {
    lab = await startLab({ hosts: 6, memoryLimitBytes: 256 * 1024 * 1024, cpuQuota: QUOTA });
    const logs =
      '  - { path: "/srv/www/app/log/*.log", match: [{ pattern: "FATAL|out of \\\\w+", severity: critical }] }';
    const file = join(lab.directory, 'troubles.yaml');
    const yaml = readFileSync(lab.workspaceFile, 'utf8').replace(/^logs:\n(?: .*\n)*/m, `logs:\n${logs}\n`);
    writeFileSync(file, `${yaml}${THRESHOLDS}`);
    await startTrouble(lab.host('web2'), 'restart');
    for (const { host, trouble } of CASES)
      if (PREPARED.includes(trouble)) await prepareTrouble(lab.host(host), trouble);
    fireline = await openCore();
    expect(await fireline.core.openWorkspace(file, false)).toEqual({ opened: true, problems: [] });
    const sampled = lab.hosts.map((host) => sampledOnce(fireline, host.id));
    await Promise.all(sampled);
    await Promise.all(
      CASES.filter((one) => !LATER.includes(one.trouble)).map(async ({ host, trouble }) => {
        const run = await startTrouble(lab.host(host), trouble, { quietSeconds: 30 });
        startedAt.set(trouble, run.startedAt);
      }),
    );
  }, 120_000);
  afterAll(async () => {
    keepRecording(fireline.dataDirectory);
    await fireline?.close();
    await lab?.stop();
  });

  for (const { host, trouble, kinds } of CASES) {
    for (const kind of kinds) {
      it(`${kind}: ${TROUBLES[trouble].about}`, async () => {
        if (LATER.includes(trouble)) {
          const run = await startTrouble(lab.host(host), trouble);
          startedAt.set(trouble, run.startedAt);
        }
        const event = await fireline.event(
          `${kind} of ${host}`,
          (e) => e.host === host && e.kind === kind,
          200_000,
        );
        const began = startedAt.get(trouble);
        if (began !== undefined) fired(kind, Math.max(0, event.seenAt - began));
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
    // The well host among troubled ones is the near miss of each.
    nearMiss(...CASES.flatMap((one) => one.kinds).filter((kind) => kind !== 'process.pid_changed'));
  });

  it('a host in namespaces of its own says why its kernel does not tell it of forks and exits', () => {
    for (const { id, facts } of fireline.core.hosts)
      expect(facts?.processConnector, id).toMatch(
        /^refused: (?:no answer: this is not the initial pid and user namespace|another network namespace)/,
      );
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
  'filesystem.readonly': (event) => expect(event.detail).toMatchObject({ mount: '/srv/data', type: 'tmpfs' }),
  'network.saturated': (event) => expect(event.detail).toMatchObject({ name: 'wire0', bitsPerSecond: 10e6 }),
  'network.errors': (event) => expect(event.detail).toMatchObject({ name: 'wire1' }),
  'clock.skewed': (event) => expect(Number(event.detail['offsetMs']) / 1000).toBeCloseTo(-300, 0),
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
