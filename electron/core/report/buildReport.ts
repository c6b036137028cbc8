import { formatDuration } from '../../../shared/model/format.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { Incident } from '../../../shared/model/incident.ts';
import { GOING_ON_KINDS } from '../../../shared/model/lastingKinds.ts';
import type { Evidence, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { buildFlameTree } from '../../../shared/profiling/flameTree.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import { measured } from '../profiling/compareProfiles.ts';
import { profileText } from '../profiling/profileText.ts';
import type { RecordStore } from '../store/store.types.ts';
import { figureOf, hostFigures } from './figures.ts';
import type {
  EvidenceEntry,
  HostCharts,
  RemediationEntry,
  ReportModel,
  ReportTimeRow,
  TimelineEntry,
} from './reportModel.ts';
import type { ReportTime } from './reportTime.ts';
import { sampleStatistics } from './sampleStatistics.ts';
import { flamePicture } from './svgFlame.ts';

/** A report begins before its incident: what led to it is in these minutes. */
const LEAD_MS = 10 * 60_000;
const POINTS = 600;
const ALL = 1_000_000;

export function buildReport(
  store: RecordStore,
  options: { incident?: Incident; workspaceName: string; now: number; time: ReportTime },
): ReportModel {
  const { incident, now } = options;
  const hosts = store.readHosts();
  const { from, to } = incident
    ? spanOf(incident, now)
    : wholeSpan(
        store,
        hosts.map((h) => h.id),
        now,
      );
  const events = store.readEvents({ after: from, before: to + 1, limit: ALL }).reverse();
  const before = store.readEvents({ before: from, limit: ALL }).reverse();
  const closedAt = new Map(
    [...before, ...events].flatMap(({ severity, relatesTo, at }) =>
      severity === 'recovered' && relatesTo !== undefined ? [[relatesTo, at]] : [],
    ),
  );
  const endOf = ({ id, kind, at, endedAt }: TimelineEvent) =>
    endedAt ?? closedAt.get(id) ?? (GOING_ON_KINDS.has(kind) ? Number.POSITIVE_INFINITY : at);
  const goingOn = before.filter((event) => endOf(event) > from);
  const remediations = store.readRemediations({ after: from, before: to + 1 }).reverse();

  const series = hosts
    .map(({ id }) => ({ host: id, vectors: store.readSeries(id, from, to, POINTS) }))
    .filter(({ vectors }) => vectors.length > 0);
  const timeline: TimelineEntry[] = [...goingOn, ...events].map((event, index) => ({
    reference: `E${index + 1}`,
    event,
    before: incident !== undefined && event.at < incident.startedAt,
    evidence: [],
  }));
  const remediationEntries = remediations.map((record, index): RemediationEntry => {
    const cause = timeline.find((entry) => entry.event.id === record.plan.event);
    return { reference: `R${index + 1}`, record, ...(cause ? { event: cause.reference } : {}) };
  });

  const affected = hostsOf(timeline, remediationEntries);
  const charted = affected.length > 0 ? affected : series.map((one) => one.host);
  const charts: HostCharts[] = charted.map((host, index) => ({
    host,
    figures: hostFigures(
      host,
      index + 1,
      series.find((one) => one.host === host)?.vectors ?? [],
      { from, to, points: POINTS },
      timeline,
    ),
  }));

  const statistics = sampleStatistics(
    store,
    timeline.map((entry) => entry.event),
    options.time,
  );
  const panes = new Map(store.readPanes().map((pane) => [String(pane.id), pane]));
  for (const entry of timeline) {
    const { event } = entry;
    const figures = charts.find((one) => one.host === event.host)?.figures ?? [];
    const evidence = event.evidence.map((evidence) => {
      const described = describeEvidence(evidence, store, panes, statistics, options.time);
      const figure = evidence.type === 'samples' ? figureOf(evidence.metric, figures) : undefined;
      return figure === undefined ? described : { ...described, figure };
    });
    entry.evidence = evidence.some(({ flame }) => flame) ? evidence.map(withoutStacks) : evidence;
    const plan = event.source === 'remediation' ? event.detail['plan'] : undefined;
    const remediation = remediationEntries.find(({ record }) => record.plan.id === plan);
    if (remediation) entry.remediation = remediation.reference;
  }

  const detected = timeline.filter(
    ({ event }) =>
      event.source === 'detector' && (event.severity === 'critical' || event.severity === 'warning'),
  );
  const impactBeganAt = incident?.impactBeganAt ?? from;
  const detection = detected.find(({ event }) => event.at >= impactBeganAt) ?? detected[0];
  const times = incident
    ? timesOf(incident, detection)
    : [
        { label: 'Record begins', at: from, note: 'first sample or event' },
        { label: 'Record ends', at: to, note: 'last sample or event, or now' },
      ];
  const detectedAt = incident?.detectedAt ?? detection?.event.seenAt;
  return {
    ...(incident ? { incident } : {}),
    workspaceName: options.workspaceName,
    generatedAt: now,
    from,
    to,
    ongoing: incident !== undefined && incident.endedAt === undefined,
    times,
    impact: { ...impactOf(incident, detection, now), hosts: affected },
    ...(detection
      ? {
          detection: {
            entry: detection,
            ...(incident?.impactBeganAt === undefined || detectedAt === undefined
              ? {}
              : { toDetectMs: detectedAt - incident.impactBeganAt }),
          },
        }
      : {}),
    timeline,
    remediations: remediationEntries,
    charts,
    uncharted: series.map((one) => one.host).filter((host) => !charted.includes(host)),
    hosts,
    series,
  };
}

/** The clock may have been set back in between: then it ended before it began. */
function spanOf(incident: Incident, now: number): { from: number; to: number } {
  const { startedAt, impactBeganAt = startedAt, endedAt = now } = incident;
  return {
    from: Math.min(startedAt, impactBeganAt, endedAt) - LEAD_MS,
    to: Math.max(endedAt, startedAt + 1000),
  };
}

function wholeSpan(store: RecordStore, hosts: readonly HostId[], now: number): { from: number; to: number } {
  const events = store.readEvents({ limit: ALL });
  // What a host's clock puts beyond now is not when the record ends.
  const times = events.flatMap((event) => [event.at, event.endedAt ?? event.at]).filter((at) => at <= now);
  for (const host of hosts) {
    const first = firstSample(store, host, now);
    if (first === undefined) continue;
    times.push(first);
    const last = store.readSeries(host, first, now, 2).at(-1);
    if (last) times.push(last.at);
  }
  if (times.length === 0) return { from: now - 1000, to: now };
  const from = times.reduce((a, b) => Math.min(a, b));
  const to = times.reduce((a, b) => Math.max(a, b));
  return { from, to: Math.max(to, from + 1000) };
}

/** Thinned series give the last of each bucket, so each look narrows where the first one is. */
function firstSample(store: RecordStore, host: HostId, now: number): number | undefined {
  let first: number | undefined;
  for (let until = now; ; ) {
    const found = store.readSeries(host, 0, until, 5000)[0]?.at;
    if (found === undefined || found === first) return first;
    first = found;
    until = found;
  }
}

function timesOf(incident: Incident, detection: TimelineEntry | undefined): ReportTimeRow[] {
  const row = (label: string, at: number | undefined, note = ''): ReportTimeRow =>
    at === undefined ? { label, note: 'not set' } : { label, at, note };
  const detected =
    incident.detectedAt === undefined && detection
      ? row(
          'Detected',
          detection.event.seenAt,
          `first detector event (${detection.reference}); not set by a person`,
        )
      : row('Detected', incident.detectedAt);
  return [
    row('Impact began', incident.impactBeganAt),
    detected,
    row('Declared', incident.startedAt),
    row('Mitigated', incident.mitigatedAt),
    row('Resolved', incident.resolvedAt),
    row('Closed', incident.endedAt),
  ];
}

/** The visible duration, not that of the response. */
function impactOf(
  incident: Incident | undefined,
  detection: TimelineEntry | undefined,
  now: number,
): { durationMs?: number; durationNote: string } {
  if (!incident) return { durationNote: 'No incident was declared for this record.' };
  const end = incident.mitigatedAt ?? incident.resolvedAt ?? incident.endedAt;
  const until =
    incident.mitigatedAt !== undefined
      ? ' until it was mitigated'
      : incident.resolvedAt !== undefined
        ? ' until it was resolved'
        : end !== undefined
          ? ' until the incident was closed'
          : ', and it goes on';
  if (incident.impactBeganAt !== undefined) {
    const durationMs = (end ?? now) - incident.impactBeganAt;
    if (durationMs < 0)
      return {
        durationNote: 'How long it lasted is not known: the end that is set lies before impact began.',
      };
    return { durationMs, durationNote: `${formatDuration(durationMs)} from when impact began${until}.` };
  }
  const began = Math.min(incident.startedAt, detection?.event.at ?? incident.startedAt);
  return {
    durationNote: `At least ${formatDuration((end ?? now) - began)}, ${began < incident.startedAt ? 'from the first detector event' : 'from when it was declared'}${until}. When impact began has not been set.`,
  };
}

/** Hosts on which something above `info` happened or that somebody acted on, in that order. */
function hostsOf(timeline: readonly TimelineEntry[], remediations: readonly RemediationEntry[]): HostId[] {
  const hosts = new Set<HostId>();
  for (const { event } of timeline) {
    if (event.host !== undefined && (event.severity === 'critical' || event.severity === 'warning'))
      hosts.add(event.host);
  }
  for (const { record } of remediations) hosts.add(record.plan.host);
  return [...hosts];
}

/** A profile's hottest stacks are told with the profile itself; with its command, where its file has gone. */
function withoutStacks(described: EvidenceEntry): EvidenceEntry {
  const { evidence } = described;
  return evidence.type === 'output'
    ? { evidence, heading: 'How it was taken', pairs: [['command', evidence.command]] }
    : described;
}

function describeEvidence(
  evidence: Evidence,
  store: RecordStore,
  panes: ReadonlyMap<string, { host: HostId; openedAt: number; castFile: string; title: string }>,
  statistics: ReturnType<typeof sampleStatistics>,
  time: ReportTime,
): EvidenceEntry {
  switch (evidence.type) {
    case 'line':
      return {
        evidence,
        heading: `Line of ${evidence.source}`,
        pairs: evidence.at === undefined ? [] : [['seen (UTC)', time.utcPrecise(evidence.at)]],
        block: evidence.text,
      };
    case 'output':
      return {
        evidence,
        heading: 'Output of a command',
        pairs: [
          ['command', evidence.command],
          ['exit code', evidence.exitCode === undefined ? 'not known' : String(evidence.exitCode)],
        ],
        block: evidence.text,
      };
    case 'process': {
      const { identity } = evidence;
      return {
        evidence,
        heading: `Process ${identity.pid} (${programName(evidence)})`,
        pairs: [
          ['pid', String(identity.pid)],
          ['start', `${identity.startTicks} clock ticks after boot`],
          ['boot id', identity.bootId],
          ...(evidence.note === undefined ? [] : [['note', evidence.note] as [string, string]]),
        ],
        block: evidence.command,
      };
    }
    case 'profile': {
      const { profile, against } = evidence;
      const [own, other] = [profile, against].map((one) => one && store.readProfile(one.id));
      const whole = own && (against === undefined || other !== undefined);
      return {
        evidence,
        heading: against ? 'Comparison of two profiles' : 'Profile',
        pairs: [
          ['profile', `${profile.host}: ${profile.title}`],
          ...(against ? [['against', `${against.host}: ${against.title}`] as [string, string]] : []),
          ['file', `profiles/${profile.id}.json`],
        ],
        ...(whole ? { flame: flamePicture(buildFlameTree(measured(own), other && measured(other))) } : {}),
        block: profileText(own, other),
      };
    }
    case 'cast': {
      const pane = panes.get(evidence.pane);
      return {
        evidence,
        heading: 'Terminal recording',
        pairs: [
          ['file', pane ? `casts/${pane.castFile}` : `of pane ${evidence.pane}, not on record`],
          [
            'offset',
            `${evidence.offsetSeconds} s${pane ? ` (${time.utc(pane.openedAt + evidence.offsetSeconds * 1000)} UTC)` : ''}`,
          ],
        ],
      };
    }
    case 'samples': {
      return {
        evidence,
        heading: `Samples of ${evidence.metric}`,
        pairs: [
          ['window (UTC)', `${time.utc(evidence.from)} to ${time.utc(evidence.to)}`],
          ...(statistics.get(evidence) ?? []),
          ...(evidence.note === undefined ? [] : [['note', evidence.note] as [string, string]]),
        ],
      };
    }
  }
}
