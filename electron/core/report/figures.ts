import type { HostId } from '../../../shared/model/host.ts';
import { type MetricName, type MetricVector, metricIndex } from '../../../shared/model/metric.ts';
import type { EventKind, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type {
  Figure,
  FigureGap,
  FigureMark,
  FigureSeries,
  FigureUnit,
  TimelineEntry,
} from './reportModel.ts';

interface FigurePlan {
  title: string;
  caption: string;
  wide: boolean;
  unit: FigureUnit;
  series: { metric: MetricName; label: string; colour: string; kind: FigureSeries['kind'] }[];
  /** Left out unless this is true of the host. */
  only?: (vectors: readonly MetricVector[]) => boolean;
}

/** Okabe–Ito, darkened for paper: the colours of the workbench's light theme. */
const PLANS: readonly FigurePlan[] = [
  {
    title: 'CPU',
    caption: 'Share of the time of all cores, stacked. From /proc/stat.',
    wide: true,
    unit: 'share',
    series: [
      { metric: 'system.cpu.utilization.user', label: 'user', colour: '#0072b2', kind: 'stack' },
      { metric: 'system.cpu.utilization.system', label: 'system', colour: '#d07c00', kind: 'stack' },
      { metric: 'system.cpu.utilization.iowait', label: 'iowait', colour: '#b0568a', kind: 'stack' },
      { metric: 'system.cpu.utilization.steal', label: 'steal', colour: '#9a8f00', kind: 'stack' },
    ],
  },
  {
    title: 'Where busy CPU went',
    caption:
      'Cores, stacked: of processes that a tick could see, of children reaped by their parents, and what nobody accounts for. Together they are the busy CPU.',
    wide: true,
    unit: 'cores',
    series: [
      { metric: 'fireline.cpu.visible', label: 'visible', colour: '#0072b2', kind: 'stack' },
      { metric: 'fireline.cpu.reaped', label: 'reaped', colour: '#c04d00', kind: 'stack' },
      { metric: 'fireline.cpu.unattributed', label: 'unattributed', colour: '#7a7a7a', kind: 'stack' },
    ],
    // Worth a figure only where short-lived processes matter: a tenth of a core.
    only: (vectors) => vectors.some((v) => (v.values[metricIndex('fireline.cpu.reaped')] ?? 0) > 0.1),
  },
  {
    title: 'Memory',
    caption: 'Used (total − available, as free computes it), cache, and the limit. From /proc/meminfo.',
    wide: false,
    unit: 'bytes',
    series: [
      { metric: 'system.memory.usage.used', label: 'used', colour: '#00805d', kind: 'stack' },
      { metric: 'system.memory.usage.cached', label: 'cache', colour: '#8fcab7', kind: 'stack' },
      { metric: 'system.paging.usage', label: 'swap used', colour: '#b0568a', kind: 'line' },
      { metric: 'system.memory.limit', label: 'total', colour: '#1a2026', kind: 'limit' },
    ],
  },
  {
    title: 'Load',
    caption: 'Load average over 1 and 5 minutes, against the cores. From /proc/loadavg.',
    wide: false,
    unit: 'load',
    series: [
      { metric: 'system.cpu.load_average.1m', label: '1 min', colour: '#0072b2', kind: 'line' },
      { metric: 'system.cpu.load_average.5m', label: '5 min', colour: '#d07c00', kind: 'line' },
      { metric: 'system.cpu.logical.count', label: 'cores', colour: '#1a2026', kind: 'limit' },
    ],
  },
  {
    title: 'Processes',
    caption: 'Processes that exist. From /proc.',
    wide: false,
    unit: 'count',
    series: [{ metric: 'system.process.count', label: 'processes', colour: '#0072b2', kind: 'line' }],
  },
  {
    title: 'Forks',
    caption: 'Processes and threads created each second. From /proc/stat.',
    wide: false,
    unit: '1/s',
    series: [{ metric: 'system.process.created', label: 'created', colour: '#c04d00', kind: 'line' }],
  },
];

/** The figures of one host. `number` counts hosts from 1. */
export function hostFigures(
  host: HostId,
  number: number,
  vectors: readonly MetricVector[],
  span: { from: number; to: number; points: number },
  timeline: readonly TimelineEntry[],
): Figure[] {
  const own = timeline.filter((entry) => entry.event.host === host);
  const gaps = findGaps(vectors, span, own);
  const marks: FigureMark[] = own
    .filter(({ event }) => event.severity !== 'info' || event.source === 'remediation')
    .filter(({ event }) => event.at >= span.from && event.at <= span.to)
    .map(({ event, reference }) => ({
      at: event.at,
      reference,
      severity: event.severity,
      title: event.title,
    }));
  return PLANS.filter((plan) => plan.only?.(vectors) ?? true).map((plan, index) => ({
    id: `figure-${number}-${index + 1}`,
    title: plan.title,
    caption: plan.caption,
    wide: plan.wide,
    unit: plan.unit,
    series: plan.series
      .map(({ metric, ...series }) => ({
        ...series,
        points: vectors.map((v) => ({ at: v.at, value: v.values[metricIndex(metric)] ?? null })),
      }))
      // What is never there (no swap, no steal) has no line and no place in the legend.
      .filter((series, position) => position === 0 || series.points.some((p) => (p.value ?? 0) > 0)),
    gaps,
    marks,
  }));
}

/** The figure that shows a metric. */
export function figureOf(metric: MetricName, figures: readonly Figure[]): string | undefined {
  const plan = PLANS.find((one) => one.series.some((series) => series.metric === metric));
  return plan && figures.find((figure) => figure.title === plan.title)?.id;
}

/** Where samples are missing: more than three of their usual distance, never less than five seconds. */
function findGaps(
  vectors: readonly MetricVector[],
  span: { from: number; to: number; points: number },
  own: readonly TimelineEntry[],
): FigureGap[] {
  const distances = vectors.slice(1).map((v, index) => v.at - (vectors[index]?.at ?? v.at));
  const usual = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
  const limit = Math.max(5000, 3 * usual, (2.5 * (span.to - span.from)) / span.points);
  const gaps: FigureGap[] = [];
  const add = (from: number, to: number, otherwise: string) => {
    if (to - from > limit) gaps.push({ from, to, reason: reasonOf(from, to, own) ?? otherwise });
  };
  const first = vectors[0];
  const last = vectors.at(-1);
  if (!first || !last) {
    const reason = reasonOf(span.from, span.to, own) ?? 'no samples on record';
    return [{ from: span.from, to: span.to, reason }];
  }
  add(span.from, first.at, 'not sampled yet');
  for (const [index, vector] of vectors.slice(1).entries())
    add(vectors[index]?.at ?? vector.at, vector.at, 'no samples');
  add(last.at, span.to, 'no samples');
  return gaps;
}

/** What stops the figures of a host; a reboot is over when it is told. */
const GAP_WORDS: Partial<Record<EventKind, string>> = {
  'link.lost': 'link lost',
  'host.silent': 'host silent',
  'host.unmeasured': 'not measured',
  'host.rebooted': 'host rebooted',
};

function reasonOf(from: number, to: number, own: readonly TimelineEntry[]): string | undefined {
  const endOf = ({ kind, at, endedAt }: TimelineEvent) =>
    endedAt ?? (kind === 'host.rebooted' ? at : Number.POSITIVE_INFINITY);
  const cause = own.find(
    ({ event }) => GAP_WORDS[event.kind] !== undefined && event.at < to && endOf(event) > from - 60_000,
  );
  return cause && `${GAP_WORDS[cause.event.kind]} (${cause.reference})`;
}
