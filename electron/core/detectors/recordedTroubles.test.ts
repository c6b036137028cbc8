import { beforeAll, describe, expect, it } from 'vitest';
import type { EventKind, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { ThresholdRule } from '../../../shared/model/workspace.ts';
import { fired } from './testDetections.ts';
import { replayed } from './testReplay.ts';

/**
 * Recorded from six lab hosts while e2e/lab/troubles.test.ts ran (FIRELINE_KEEP_RECORDING), then trimmed by
 * fixtures/trimRecording.mjs: real sockets, files, threads, disks, quotas and logs, without the lab.
 */
const RECORDING = 'troubles';

/** As the lab had them, so that half a minute is enough. */
const SHORT: ThresholdRule[] = Object.entries({
  connectionsLeak: { seconds: 20 },
  connectionsCapped: { seconds: 15, growthSeconds: 15 },
  fdLeak: { minutes: 0.5 },
  memoryLeak: { minutes: 0.5, minimum: 24, growth: 12, youngMinutes: 0 },
  threadsGrowth: { minutes: 0.5, minimum: 40, growth: 20 },
  diskFilling: { seconds: 20, minimumMiB: 4 },
  queueStalled: { seconds: 20, looks: 3 },
  logSurge: { learnSeconds: 15 },
  pidChanged: { minimumAgeSeconds: 5 },
}).map(([detector, values]) => ({ detector, values }));

const troubles = (thresholds: ThresholdRule[]) =>
  replayed(RECORDING, {
    hosts: 6,
    thresholds,
    logs: [
      { path: '/srv/www/app/log/*.log', match: [{ pattern: 'FATAL|out of \\w+', severity: 'critical' }] },
    ],
  });

describe('the recorded troubles of six hosts', () => {
  let events: TimelineEvent[] = [];
  beforeAll(async () => {
    events = await troubles(SHORT);
  });

  const FIRED: [string, EventKind, object][] = [
    ['web1', 'connections.leak', { port: 9243, process: 'perl' }],
    ['web1', 'connections.capped', { port: 9243, count: 256 }],
    ['web1', 'queue.stalled', { queue: 'Recv-Q', port: 9243 }],
    ['web2', 'fd.leak', { process: 'perl' }],
    ['web2', 'fd.near_limit', { limit: 1024 }],
    ['web2', 'memory.leak', { process: 'perl' }],
    ['web2', 'process.pid_changed', { process: 'collector' }],
    ['web3', 'threads.growth', { process: 'perl' }],
    ['web3', 'disk.filling', { mount: '/srv/fill' }],
    ['web3', 'disk.full', { mount: '/srv/fill' }],
    ['web3', 'inodes.full', { mount: '/srv/many' }],
    ['web4', 'listen.overflow', { port: 8088 }],
    ['web4', 'log.surge', { path: '/srv/www/app/log/app.log' }],
    ['web4', 'log.matched', { pattern: 'FATAL|out of \\w+' }],
    ['web5', 'cgroup.throttled', { quotaCores: 0.25 }],
  ];

  it.each(FIRED)('%s: %s', (host, kind, detail) => {
    const found = events.filter((event) => event.host === host && event.kind === kind);
    expect(found.map((event) => event.detail)).toContainEqual(expect.objectContaining(detail));
    for (const event of found) expect(event.verdict).toMatch(/\d/);
    fired(kind);
  });

  it('nothing is told of the host that was well, and no kind twice for one thing', () => {
    expect(events.filter((e) => e.host === 'web6' && e.severity !== 'info').map((e) => e.title)).toEqual([]);
    const kinds = events.map(
      (e) =>
        `${e.host} ${e.kind} ${JSON.stringify([e.detail['pid'], e.detail['port'], e.detail['mount'], e.detail['path'], e.detail['queue'], e.detail['scope'], e.detail['aspect'], e.detail['owner'], e.detail['state']])}`,
    );
    expect(kinds.filter((one, n) => kinds.indexOf(one) !== n)).toEqual([]);
  });

  it('is told the same each time', async () => {
    const plain = (all: TimelineEvent[]) =>
      all.map(({ host, kind, at, endedAt, title }) => [host, kind, at, endedAt, title]);
    expect(plain(await troubles(SHORT))).toEqual(plain(events));
  });

  it('other thresholds tell other things: what is patient waits for more than two minutes hold', async () => {
    const patient = await troubles([
      { detector: 'connectionsLeak', values: { seconds: 600 } },
      { detector: 'diskFull', values: { openShare: 2 } },
    ]);
    const kinds = new Set(patient.map((event) => event.kind));
    expect(kinds.has('connections.leak')).toBe(false);
    expect(kinds.has('disk.full')).toBe(false);
    expect(kinds.has('fd.near_limit')).toBe(true);
  });
});
