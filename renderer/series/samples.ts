import { type Disposable, toDisposable } from '../../shared/base/disposable.ts';
import type { HostId } from '../../shared/model/host.ts';
import type { MetricVector } from '../../shared/model/metric.ts';
import { noteCoreTime } from './coreTime.ts';
import { SeriesRing } from './seriesRing.ts';

/** An hour at one tick a second, and a little for ticks that come early. */
const RING_TICKS = 3700;
export const RING_SPAN_MS = 3600_000;

/** The live series of one host. `coveredFrom`: from here on the ring has all that the record has. */
export interface HostSeries {
  ring: SeriesRing;
  coveredFrom: number;
}

const hosts = new Map<HostId, HostSeries>();
let epoch = 0;
const listeners = new Map<HostId, Set<() => void>>();

/** Takes a batch into the rings. Called by the connection for every `samples` event. */
export function takeSamples(batch: readonly { host: HostId; vector: MetricVector }[]): void {
  let newest = 0;
  for (const { host, vector } of batch) {
    const series = seriesOf(host);
    series.ring.append(vector);
    if (series.coveredFrom > vector.at) series.coveredFrom = vector.at;
    if (vector.at > newest) newest = vector.at;
  }
  if (newest > 0) noteCoreTime(newest);
  for (const { host } of batch) announceSeries(host);
}

/** Another workspace: forget everything. */
export function clearSeries(): void {
  const known = [...hosts.keys()];
  hosts.clear();
  epoch++;
  for (const host of known) announceSeries(host);
}

/** Counts workspaces: what was read for an earlier one is not of this one, though hosts may have the same names. */
export function seriesEpoch(): number {
  return epoch;
}

/** The core was away: what happened meanwhile is only in the record, and is asked for again. */
export function uncoverSeries(): void {
  for (const series of hosts.values()) series.coveredFrom = Number.POSITIVE_INFINITY;
}

export function seriesOf(host: HostId): HostSeries {
  const known = hosts.get(host);
  if (known) return known;
  const made = { ring: new SeriesRing(RING_TICKS), coveredFrom: Number.POSITIVE_INFINITY };
  hosts.set(host, made);
  return made;
}

/** Hears of every change of one host's series. */
export function onSeries(host: HostId, listener: () => void): Disposable {
  const own = listeners.get(host) ?? new Set();
  listeners.set(host, own);
  own.add(listener);
  return toDisposable(() => {
    own.delete(listener);
    if (own.size === 0 && listeners.get(host) === own) listeners.delete(host);
  });
}

export function announceSeries(host: HostId): void {
  for (const listener of [...(listeners.get(host) ?? [])]) listener();
}
