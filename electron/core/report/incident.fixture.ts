import type { HostId, HostSummary } from '../../../shared/model/host.ts';
import type { Incident } from '../../../shared/model/incident.ts';
import { METRICS, type MetricName, type MetricVector } from '../../../shared/model/metric.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import type { PlanId } from '../../../shared/model/remediation.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { RecordStore } from '../store/store.types.ts';

export const BEGAN = Date.UTC(2026, 10, 21, 13, 52, 0);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const GIB = 1024 ** 3;
const boot = '6f3c2a52-9a5e-4bb1-8f0e-1f0a2f6f7f11';
const crawl3 = 'crawl-3' as HostId;
const crawl4 = 'crawl-4' as HostId;
const web1 = 'web1' as HostId;

/**
 * Forty minutes of three hosts, invented: memory that fills until an OOM kill, the unicorn master that then starts
 * anew and anew because a stale worker holds its port, a link that is lost for two minutes, and the kill that ends it.
 */
export function fillIncident(store: RecordStore): Incident {
  store.putHosts([
    host(crawl3, ['crawler'], 'deploy@10.0.1.3:22', 3),
    host(crawl4, ['crawler'], 'deploy@10.0.1.4:22', -41),
    host(web1, ['web'], 'deploy@10.0.0.1:22', 0),
  ]);
  for (let at = BEGAN - 15 * MINUTE; at < BEGAN + 26 * MINUTE; at += SECOND) {
    store.addSamples([crawl3, crawl4, web1].flatMap((id) => sampleOf(id, at)));
  }
  store.putPane({
    id: 'pane-1' as PaneId,
    host: crawl3,
    openedAt: BEGAN - 12 * MINUTE,
    castFile: 'pane-1.cast',
    title: 'crawl-3',
  });
  const incident: Incident = {
    ...store.startIncident({
      title: 'Crawlers out of memory, unicorn will not come back',
      severity: 'SEV2',
      startedAt: BEGAN + 4 * MINUTE,
      impactBeganAt: BEGAN,
    }),
    mitigatedAt: BEGAN + 16 * MINUTE + 20 * SECOND,
    resolvedAt: BEGAN + 21 * MINUTE,
    endedAt: BEGAN + 24 * MINUTE,
    summary:
      'crawl-3 ran out of memory at 13:52 and the kernel killed the largest crawler. A stale worker kept port 8080, so every new unicorn master died within a second: no crawl ran for 16 minutes.\n\nThe stale worker was killed; the master came up at once.',
  };
  store.putIncident(incident);
  for (const event of events()) store.putEvent(event);
  store.putRemediation({
    plan: {
      id: 'plan-1' as PlanId,
      action: 'process.kill',
      host: crawl3,
      arguments: { target: { bootId: boot, pid: 10078, startTicks: 884211 }, signal: 'TERM' },
      title: 'Kill pid 10078 (ruby)',
      command: `sh -c 'test "$(cat /proc/sys/kernel/random/boot_id)" = ${boot} && set -- $(sed "s/.*) //" /proc/10078/stat) && test "\${20}" = 884211 && kill -TERM 10078'`,
      touches: ['Listens on 0.0.0.0:8080.', 'Has no children.', 'Was started 3 h 12 min ago by pid 1.'],
      needs: 'The right to signal processes of deploy.',
      verification: 'The process is gone within five seconds, and the loop ends.',
      createdAt: BEGAN + 15 * MINUTE + 40 * SECOND,
      event: 'loop' as EventId,
    },
    actor: 'dana',
    confirmedAt: BEGAN + 16 * MINUTE,
    steps: [
      { name: 'intent', state: 'done', at: BEGAN + 16 * MINUTE, text: 'recorded before anything ran' },
      {
        name: 'guard',
        state: 'done',
        at: BEGAN + 16 * MINUTE + 90,
        text: 'boot id, pid 10078 and start 884211 are as planned',
      },
      { name: 'execute', state: 'done', at: BEGAN + 16 * MINUTE + 95, text: 'SIGTERM delivered' },
      { name: 'verify', state: 'done', at: BEGAN + 16 * MINUTE + 1200, text: 'pid 10078 is gone' },
      {
        name: 'effect',
        state: 'done',
        at: BEGAN + 16 * MINUTE + 12_000,
        text: 'no restart of unicorn in ten seconds; it was one each 0.9 s',
      },
    ],
    outcome: 'succeeded',
    verdict: 'Process 10078 ended 1.1 s after SIGTERM and the loop ended with it.',
    exitCode: 0,
    output: 'signalled 10078\n',
    cpuBefore: 3.42,
    cpuAfter: 0.61,
    finishedAt: BEGAN + 16 * MINUTE + 12_000,
  });
  return incident;
}

function events(): TimelineEvent[] {
  const event = (id: string, at: number, over: Partial<TimelineEvent>): TimelineEvent => ({
    id: id as EventId,
    revision: 1,
    host: crawl3,
    kind: 'note',
    severity: 'info',
    source: 'detector',
    at,
    hostAt: at + 3,
    seenAt: at + 240,
    clockOffsetMs: 3,
    title: '',
    detail: {},
    evidence: [],
    actions: [],
    ...over,
  });
  return [
    event('slow', BEGAN - 6 * MINUTE, {
      kind: 'note',
      source: 'person',
      title: 'Queue depth on crawl-3 has doubled since the 13:30 deploy',
      detail: { actor: 'dana' },
    }),
    event('oom', BEGAN, {
      kind: 'process.oom_killed',
      severity: 'critical',
      title: 'Out of memory: ruby (pid 25910) killed holding 15.3 GiB',
      detail: {
        process: 'ruby',
        pid: 25910,
        residentBytes: 16_428_072_960,
        scope: 'machine',
        invoker: 'ruby',
        killer: 'kernel',
      },
      evidence: [
        {
          type: 'line',
          source: 'kernel log',
          at: BEGAN + 240,
          text: 'Out of memory: Killed process 25910 (ruby) total-vm:19203344kB, anon-rss:16043040kB, file-rss:0kB, shmem-rss:0kB, UID:1001 pgtables:34512kB oom_score_adj:0',
        },
        { type: 'samples', metric: 'system.memory.usage.used', from: BEGAN - 5 * MINUTE, to: BEGAN },
        {
          type: 'process',
          identity: { bootId: boot, pid: 25910, startTicks: 612_004 },
          name: 'ruby',
          command: 'ruby /srv/crawl/bin/worker --queue default --concurrency 24',
          note: 'as last seen on this host, before it was killed',
        },
      ],
    }),
    event('loop', BEGAN + 40 * SECOND, {
      revision: 9,
      kind: 'process.respawn_loop',
      severity: 'critical',
      title: 'unicorn restarts again and again: 911 times, 1.1 a second; pid 10078 holds port 8080',
      endedAt: BEGAN + 16 * MINUTE + 2 * SECOND,
      detail: {
        command: 'unicorn master -c /srv/crawl/config/unicorn.rb',
        restarts: 911,
        ratePerSecond: 1.1,
        cpu: { busyCores: 3.42, visibleCores: 0.5, reapedCores: 2.8, unattributedCores: 0.12 },
      },
      evidence: [
        {
          type: 'line',
          source: '/srv/crawl/log/unicorn.log',
          text: 'F, [2026-11-21T13:52:41.118 #25991] FATAL -- : Address already in use - bind(2) for 0.0.0.0:8080 (Errno::EADDRINUSE)',
        },
        {
          type: 'output',
          command: 'ss -ltnp sport = :8080',
          text: 'LISTEN 0 1024 0.0.0.0:8080 0.0.0.0:* users:(("ruby",pid=10078,fd=12))\n',
          exitCode: 0,
        },
        { type: 'samples', metric: 'system.process.created', from: BEGAN, to: BEGAN + 16 * MINUTE },
        { type: 'cast', pane: 'pane-1', offsetSeconds: 812.4 },
      ],
    }),
    event('started', BEGAN + 4 * MINUTE, {
      host: undefined as never,
      kind: 'incident.started',
      source: 'person',
      title: 'INC-1 declared: Crawlers out of memory, unicorn will not come back',
      detail: { actor: 'dana' },
    }),
    event('lost', BEGAN + 8 * MINUTE, {
      kind: 'link.lost',
      severity: 'warning',
      source: 'link',
      title: 'The link to crawl-3 was lost: the server did not answer for 30 s',
      endedAt: BEGAN + 10 * MINUTE,
    }),
    event('restored', BEGAN + 10 * MINUTE, {
      kind: 'link.restored',
      severity: 'recovered',
      source: 'link',
      title: 'The link to crawl-3 is back after 2 min 00 s',
    }),
    event('swap', BEGAN + 11 * MINUTE, {
      host: crawl4,
      kind: 'note',
      severity: 'warning',
      title: 'crawl-4 takes over the queue: memory 93 % and rising',
    }),
    event('done', BEGAN + 16 * MINUTE + 12 * SECOND, {
      kind: 'remediation.succeeded',
      severity: 'recovered',
      source: 'remediation',
      title: 'Kill pid 10078 (ruby): process 10078 ended and the loop ended with it',
      detail: { plan: 'plan-1', actor: 'dana' },
      evidence: [{ type: 'output', command: 'kill -TERM 10078', text: 'signalled 10078\n', exitCode: 0 }],
    }),
    event('ended', BEGAN + 16 * MINUTE + 14 * SECOND, {
      kind: 'process.respawn_loop_ended',
      severity: 'recovered',
      title: 'unicorn has run for 12 s: the loop is over after 911 restarts',
      relatesTo: 'loop' as EventId,
    }),
    // A person without a host: the fixture leaves the property out.
  ].map(({ host: on, ...event }) => (on === undefined ? event : { ...event, host: on }));
}

function host(id: HostId, tags: string[], address: string, clockOffsetMs: number): HostSummary {
  return {
    id,
    tags,
    transport: 'ssh',
    address,
    link: { kind: 'good', since: BEGAN - 15 * MINUTE, roundTripMs: 12 },
    sampler: { kind: 'running', implementation: 'perl' },
    facts: {
      hostname: id,
      kernel: '6.1.0-25-amd64',
      osName: 'Debian GNU/Linux 12 (bookworm)',
      cores: 4,
      bootId: boot,
      bootedAt: BEGAN - 86_400_000,
      ticksPerSecond: 100,
      pageBytes: 4096,
      clockOffsetMs,
      clockUncertaintyMs: 6,
      container: false,
    },
  };
}

function sampleOf(id: HostId, at: number): { host: HostId; vector: MetricVector }[] {
  const since = at - BEGAN;
  if (id === crawl3 && since > 8 * MINUTE && since < 10 * MINUTE) return [];
  const wave = (period: number, size: number) =>
    size * Math.sin((since / SECOND / period) * 2 * Math.PI + id.length) +
    size * 0.5 * Math.sin(since / 7919);
  const looping = id === crawl3 && since > 40 * SECOND && since < 16 * MINUTE;
  const filling = id === crawl3 && since < 0 ? (since + 15 * MINUTE) / (15 * MINUTE) : 0;
  const user = Math.max(0.02, (looping ? 0.42 : 0.18 + 0.3 * filling ** 2) + wave(47, 0.03));
  const system = Math.max(0.01, (looping ? 0.36 : 0.06 + 0.1 * filling ** 4) + wave(31, 0.02));
  const iowait = Math.max(0, (filling > 0.9 ? 0.22 : 0.02) + wave(19, 0.01));
  const used =
    id === crawl3
      ? since < 0
        ? 6 + 9.4 * filling ** 1.6
        : 3.1 + since / (60 * MINUTE)
      : id === crawl4
        ? 9 + Math.max(0, since) / (6 * MINUTE)
        : 4;
  const known: Partial<Record<MetricName, number>> = {
    'system.cpu.utilization.user': user,
    'system.cpu.utilization.system': system,
    'system.cpu.utilization.iowait': iowait,
    'system.cpu.load_average.1m': looping ? 6.4 + wave(97, 0.8) : 1.2 + 5 * filling ** 3 + wave(83, 0.2),
    'system.cpu.load_average.5m': looping ? 5.1 + wave(240, 0.3) : 1.1 + 3 * filling ** 3,
    'system.cpu.logical.count': 4,
    'system.memory.limit': 15.6 * GIB,
    'system.memory.usage.used': Math.min(15.5, used + wave(61, 0.05)) * GIB,
    'system.memory.usage.cached': Math.max(0.1, Math.min(15.6 - used, 5 - used / 3.2)) * GIB,
    'system.paging.usage': 0,
    'system.process.count': 214 + (looping ? 9 : 0) + Math.round(wave(13, 3)),
    'system.process.created': Math.max(0, (looping ? 38 : 2.2) + wave(11, looping ? 5 : 1)),
    'fireline.cpu.visible': looping ? 0.5 : (user + system) * 4,
    'fireline.cpu.reaped': looping ? 2.7 + wave(23, 0.15) : 0.04,
    'fireline.cpu.unattributed': 0.1,
  };
  return [
    {
      host: id,
      vector: {
        at,
        values: METRICS.map((metric) => known[metric.name] ?? null),
        cores: [0.5, 0.5, 0.5, 0.5],
      },
    },
  ];
}
