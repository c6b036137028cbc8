import type { Brand } from '../base/brand.ts';

export type IncidentId = Brand<string, 'IncidentId'>;

export type IncidentSeverity = 'SEV1' | 'SEV2' | 'SEV3' | 'SEV4';

/** A span of the record. Four separate times, epoch ms; only `startedAt` (when it was declared) is always there. */
export interface Incident {
  id: IncidentId;
  /** Counts up per data directory: INC-7. */
  number: number;
  title: string;
  severity: IncidentSeverity;
  startedAt: number;
  endedAt?: number;
  impactBeganAt?: number;
  detectedAt?: number;
  mitigatedAt?: number;
  resolvedAt?: number;
  /** Markdown by people. */
  summary: string;
}
