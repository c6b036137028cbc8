import { describe, expect, it } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import { METRICS } from '../../../shared/model/metric.ts';
import type { ProfileId } from '../../../shared/model/profile.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { RecordStore } from '../store/store.types.ts';
import { BEGAN, fillIncident } from './incident.fixture.ts';
import { bed, invented, NOW, render, written } from './reportBed.ts';

describe('the model', () => {
  it('begins before the incident, and every row of the timeline has its evidence', () => {
    const incident = fillIncident(bed.store);
    const report = written();
    expect(report.incident?.id).toBe(incident.id);
    expect(report.from).toBe(BEGAN - 10 * 60_000);
    expect(report.to).toBe(incident.endedAt);
    expect(report.timeline.map((row) => row.reference)).toEqual([
      'E1',
      'E2',
      'E3',
      'E4',
      'E5',
      'E6',
      'E7',
      'E8',
      'E9',
    ]);
    expect(report.timeline.filter((row) => row.before).map((row) => row.id)).toEqual(['slow', 'oom', 'loop']);
    expect(report.detection).toEqual({ event: 'E2', toDetectMs: 240 });
    expect(report.impact).toMatchObject({ durationMs: 980_000, hosts: ['crawl-3', 'crawl-4'] });
    expect(report.remediations).toMatchObject([{ reference: 'R1', event: 'E3' }]);
    expect(report.timeline.find((row) => row.id === 'done')?.remediation).toBe('R1');
    expect(report.times.map((row) => row.label)).toEqual([
      'Impact began',
      'Detected',
      'Declared',
      'Mitigated',
      'Resolved',
      'Closed',
    ]);
  });

  it('tells what had begun long before and went on, and not what was over', () => {
    const incident = fillIncident(bed.store);
    const early = (id: string, over: Partial<TimelineEvent>): void =>
      bed.store.putEvent(
        invented(id, BEGAN - 3 * 3_600_000, { host: 'web1' as HostId, severity: 'warning', ...over }),
      );
    early('full', { kind: 'disk.full', title: '/srv is full' });
    early('was-full', { kind: 'disk.full', endedAt: BEGAN - 3_600_000 });
    early('link-lost', { kind: 'link.lost' });
    early('regained', { kind: 'link.lost' });
    bed.store.putEvent(
      invented('back', BEGAN - 2 * 3_600_000, {
        kind: 'link.restored',
        severity: 'recovered',
        relatesTo: 'regained' as EventId,
      }),
    );
    early('moment', { kind: 'process.oom_killed' });
    const [first, second, third] = written({ incident: incident.id }).timeline;
    expect([first?.id, second?.id, third?.id]).toEqual(['full', 'link-lost', 'slow']);
    expect(first?.before).toBe(true);
  });

  it('has all of an incident in which the clock was set back', () => {
    const incident = bed.store.startIncident({
      title: 'slow',
      severity: 'SEV3',
      startedAt: BEGAN,
      impactBeganAt: BEGAN,
    });
    const after = BEGAN - 3_600_000;
    bed.store.putEvent(invented('after', after, { title: 'told when the clock was right' }));
    bed.store.putIncident({ ...incident, endedAt: after + 60_000, resolvedAt: after + 60_000 });
    const report = written({ incident: incident.id });
    expect(report.timeline.map((row) => row.id)).toEqual(['after']);
    expect(report.impact).toMatchObject({
      durationNote: 'How long it lasted is not known: the end that is set lies before impact began.',
    });
    expect(report.impact.durationMs).toBeUndefined();
  });

  it('is written whatever a host says of its clock', () => {
    fillIncident(bed.store);
    bed.store.putEvent(
      invented('wild', BEGAN + 1, {
        hostAt: 1e16,
        endedAt: 1e16,
        evidence: [
          { type: 'line', source: 'kernel log', text: 'x', at: -1e300 },
          { type: 'cast', pane: 'pane-1', offsetSeconds: 1e300 },
          { type: 'samples', metric: 'system.memory.usage.used', from: -1e300, to: 1e300 },
        ],
      }),
    );
    for (const format of ['html', 'md'] as const)
      expect(render(format)).toContain('????-??-?? ??:??:??.??? UTC');
    expect(written().timeline.map((row) => row.id)).toContain('wild');
  });

  it('shows a lost link as a gap with its reason, and never a value in it', () => {
    fillIncident(bed.store);
    const report = written();
    expect(report.gaps).toHaveLength(1);
    const [gap] = report.gaps;
    expect(gap).toMatchObject({ host: 'crawl-3', reason: 'link lost (E5)' });
    const samples = report.series.find((one) => one.host === 'crawl-3')?.samples ?? [];
    expect(samples.length).toBeGreaterThan(400);
    expect(samples.filter(({ at }) => at > (gap?.from ?? 0) && at < (gap?.to ?? 0))).toEqual([]);
    expect(report.series.map((one) => one.host)).toEqual(['crawl-3', 'crawl-4', 'web1']);
  });

  it('is of the whole record when no incident was declared', () => {
    fillIncidentWithout(bed.store);
    const report = written();
    expect(report.incident).toBeUndefined();
    expect(report.from).toBe(BEGAN - 7000);
    expect(report.to).toBe(BEGAN + 60_000);
    expect(render('md')).toContain('# Record of crawlers');
  });

  it('of an empty record says so, in every format', () => {
    expect(render('html')).toContain('Nothing happened that was recorded as an event.');
    expect(render('md')).toContain('No samples are on record for this span.');
    expect(written().timeline).toEqual([]);
  });

  it('of an incident that goes on ends now, and says what is not set', () => {
    bed.store.startIncident({ title: 'Something', severity: 'SEV3', startedAt: NOW - 60_000 });
    const text = render('md');
    expect(text).toContain('going on');
    expect(text).toContain('When impact began has not been set.');
    expect(text).toContain('| Resolved | – | – | not set |');
  });
});

function fillIncidentWithout(into: RecordStore): void {
  const host = 'a' as HostId;
  into.putHosts([
    {
      id: host,
      tags: [],
      transport: 'local',
      address: 'this machine',
      link: { kind: 'good', since: 0 },
      sampler: { kind: 'off' },
    },
  ]);
  into.addSamples(
    [-7000, 0, 60_000].map((offset) => ({
      host,
      vector: { at: BEGAN + offset, values: METRICS.map(() => 1), cores: [] },
    })),
  );
}

it('tells a profile’s hottest stacks once: with the profile, or where its file has gone with its command', () => {
  const summary = {
    id: '6f3c2a52-9a5e-4bb1-8f0e-1f0a2f6f7f11' as ProfileId,
    host: 'web1' as HostId,
    title: 'pid 7 (node), 3 s',
    name: 'node',
    way: 'perf' as const,
    at: NOW - 60_000,
    seconds: 3,
    processes: [
      { identity: { bootId: 'b', pid: 7, startTicks: 1 }, name: 'node', command: 'node app.js', samples: 90 },
    ],
    notes: [],
  };
  const stack = 'main → parseHtml';
  bed.store.putEvent({
    id: 'taken' as EventId,
    revision: 1,
    seenAt: summary.at,
    clockOffsetMs: 0,
    kind: 'profile.taken',
    severity: 'info',
    source: 'person',
    at: summary.at,
    host: summary.host,
    title: 'Profiled pid 7 (node), 3 s',
    detail: {},
    evidence: [
      { type: 'profile', profile: summary },
      { type: 'output', command: 'perf record -p 7', text: `100.0 %  ${stack}` },
    ],
    actions: [],
  });
  for (const format of ['md', 'html'] as const) {
    expect(render(format).split(stack)).toHaveLength(2);
    expect(render(format)).toContain('Output of a command');
  }
  bed.store.putProfile({ ...summary, folded: ['main;parseHtml 90'] });
  for (const format of ['md', 'html'] as const) {
    expect(render(format).split(stack)).toHaveLength(2);
    expect(render(format)).not.toContain('Output of a command');
    expect(render(format)).toContain('perf record -p 7');
  }
});
