import {
  asText,
  type Formatted,
  formatBytes,
  formatCores,
  formatCount,
  formatLoad,
  formatMilliseconds,
  formatPerSecond,
  formatShare,
} from '../../../shared/model/format.ts';
import type { METRICS } from '../../../shared/model/metric.ts';

/** A metric's value as people read it. */
export function metricText(unit: (typeof METRICS)[number]['unit'], value: number): string {
  const formats: Record<typeof unit, (value: number) => Formatted> = {
    share: formatShare,
    cores: formatCores,
    bytes: formatBytes,
    'bytes/s': (rate) => ({ ...formatBytes(rate), unit: `${formatBytes(rate).unit}/s` }),
    count: formatCount,
    '1/s': formatPerSecond,
    ms: formatMilliseconds,
    load: formatLoad,
  };
  return asText(formats[unit](value));
}
