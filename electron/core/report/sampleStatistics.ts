import type { HostId } from '../../../shared/model/host.ts';
import { METRICS, type MetricName } from '../../../shared/model/metric.ts';
import type { Evidence, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { RecordStore } from '../store/store.types.ts';
import { metricText } from './metricText.ts';
import type { ReportTime } from './reportTime.ts';

type Samples = Extract<Evidence, { type: 'samples' }>;
type Points = ReturnType<RecordStore['readMetric']>;

/**
 * First, last, least and most of every window of samples that an event rests on. Of each host a metric is read once, since
 * thousands of windows may lie upon each other.
 */
export function sampleStatistics(
  store: Pick<RecordStore, 'readMetric'>,
  events: readonly TimelineEvent[],
  time: ReportTime,
): ReadonlyMap<Evidence, [string, string][]> {
  const groups = new Map<string, { host: HostId; metric: MetricName; windows: Samples[] }>();
  for (const { host, evidence } of events) {
    if (host === undefined) continue;
    for (const one of evidence) {
      if (one.type !== 'samples') continue;
      const key = `${host} ${one.metric}`;
      const group = groups.get(key) ?? { host, metric: one.metric, windows: [] };
      groups.set(key, group);
      group.windows.push(one);
    }
  }
  const found = new Map<Evidence, [string, string][]>();
  for (const { host, metric, windows } of groups.values()) {
    const unit = METRICS.find((one) => one.name === metric)?.unit;
    // A later version may have told of a metric that this one does not know.
    if (unit === undefined) continue;
    const from = windows.reduce((least, window) => Math.min(least, window.from), Number.POSITIVE_INFINITY);
    const to = windows.reduce((most, window) => Math.max(most, window.to), Number.NEGATIVE_INFINITY);
    const points = store.readMetric(host, metric, from, to);
    for (const window of windows)
      found.set(
        window,
        figuresOf(points, window, (value) => metricText(unit, value), time),
      );
  }
  return found;
}

function figuresOf(
  points: Points,
  window: Samples,
  text: (value: number) => string,
  time: ReportTime,
): [string, string][] {
  const begin = firstFrom(points, window.from);
  const first = points[begin];
  if (!first || first.at > window.to) return [['samples', 'none on record in this window']];
  let [last, least, most] = [first, first, first];
  for (let n = begin; n < points.length; n++) {
    const point = points[n];
    if (!point || point.at > window.to) break;
    last = point;
    if (point.value < least.value) least = point;
    if (point.value > most.value) most = point;
  }
  return [
    ['first and last', `${text(first.value)} and ${text(last.value)}`],
    ['least', `${text(least.value)} at ${time.utcClock(least.at)}`],
    ['most', `${text(most.value)} at ${time.utcClock(most.at)}`],
  ];
}

/** Number of the first point that is not before `at`. */
function firstFrom(points: Points, at: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.at ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
