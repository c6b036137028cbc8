import type { HostId } from '../../shared/model/host.ts';
import type { MetricVector } from '../../shared/model/metric.ts';

/** Takes a batch into the rings. Called by the connection for every `samples` event. */
export function takeSamples(_batch: readonly { host: HostId; vector: MetricVector }[]): void {}

/** Another workspace: forget everything. */
export function clearSeries(): void {}
