import { METRICS } from '../../../shared/model/metric.ts';
import type { ReportModel } from './reportModel.ts';
import type { ReportTime } from './reportTime.ts';

/**
 * Everything, uncut. Strings are exactly what was recorded; what would act on a terminal that shows the file (C1 and
 * bidirectional controls, which JSON does not escape by itself) is written as \u escapes of the same value.
 */
export function renderJson(model: ReportModel, time: ReportTime): string {
  const { charts, series, timeline, remediations, detection, ...rest } = model;
  const document = {
    format: 'fireline.report',
    version: 1,
    timeZone: time.timeZone,
    ...rest,
    detection: detection && { event: detection.entry.reference, toDetectMs: detection.toDetectMs },
    timeline: timeline.map(({ reference, event, before, remediation }) => ({
      reference,
      before,
      remediation,
      ...event,
    })),
    remediations: remediations.map(({ reference, record, event }) => ({ reference, event, ...record })),
    gaps: charts.flatMap(({ host, figures }) => (figures[0]?.gaps ?? []).map((gap) => ({ host, ...gap }))),
    metrics: METRICS.map(({ name, unit }) => ({ name, unit })),
    series: series.map(({ host, vectors }) => ({
      host,
      samples: vectors.map(({ at, values, cores }) => ({ at, values, cores })),
    })),
  };
  return `${JSON.stringify(document).replace(/[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
