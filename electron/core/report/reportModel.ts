import type { HostId, HostSummary } from '../../../shared/model/host.ts';
import type { Incident } from '../../../shared/model/incident.ts';
import type { MetricVector } from '../../../shared/model/metric.ts';
import type { RemediationRecord } from '../../../shared/model/remediation.ts';
import type { Evidence, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { FlamePicture } from './svgFlame.ts';

/**
 * A report, built once; Markdown, HTML and JSON are three ways to write it. All times are epoch ms of the workbench
 * clock. Text in it is as it was recorded: hostile, uncut, unescaped.
 */
export interface ReportModel {
  /** Absent: the whole record. */
  incident?: Incident;
  workspaceName: string;
  generatedAt: number;
  from: number;
  to: number;
  /** The incident has not ended. */
  ongoing: boolean;
  times: ReportTimeRow[];
  impact: { durationMs?: number; durationNote: string; hosts: HostId[] };
  detection?: { entry: TimelineEntry; toDetectMs?: number };
  /** Oldest first. */
  timeline: TimelineEntry[];
  remediations: RemediationEntry[];
  charts: HostCharts[];
  /** Hosts on record without a chart: nothing above `info` happened on them. */
  uncharted: HostId[];
  hosts: HostSummary[];
  /** What the charts are drawn from, for every host that was sampled. */
  series: { host: HostId; vectors: MetricVector[] }[];
}

export interface ReportTimeRow {
  label: string;
  at?: number;
  /** Where it is from, or what is missing. */
  note: string;
}

export interface TimelineEntry {
  /** `E7`: what everything else refers to it by. */
  reference: string;
  event: TimelineEvent;
  /** Before the incident was declared, or already going on when the span began. */
  before: boolean;
  evidence: EvidenceEntry[];
  /** The remediation it belongs to, `R1`. */
  remediation?: string;
}

export interface EvidenceEntry {
  evidence: Evidence;
  /** `Line of /var/log/app.log`. */
  heading: string;
  pairs: [name: string, value: string][];
  /** Raw text of the host. */
  block?: string;
  /** A profile, drawn; the block says the same in words. */
  flame?: FlamePicture;
  /** Reference of a figure that shows it, `figure-2-1`. */
  figure?: string;
}

export interface RemediationEntry {
  /** `R1` */
  reference: string;
  record: RemediationRecord;
  /** Of the event that it was for. */
  event?: string;
}

export interface HostCharts {
  host: HostId;
  figures: Figure[];
}

export interface Figure {
  /** `figure-1-2`: host, figure. */
  id: string;
  title: string;
  caption: string;
  wide: boolean;
  unit: FigureUnit;
  series: FigureSeries[];
  gaps: FigureGap[];
  marks: FigureMark[];
}

export type FigureUnit = 'share' | 'cores' | 'bytes' | 'count' | '1/s' | 'load';

export interface FigureSeries {
  label: string;
  colour: string;
  /** `stack` areas stand on those before them; `line` is drawn over; `limit` is a dashed line. */
  kind: 'stack' | 'line' | 'limit';
  points: { at: number; value: number | null }[];
}

/** Time without a sample. */
export interface FigureGap {
  from: number;
  to: number;
  reason: string;
}

export interface FigureMark {
  at: number;
  reference: string;
  severity: TimelineEvent['severity'];
  title: string;
}
