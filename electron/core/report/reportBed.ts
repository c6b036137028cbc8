import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { Incident, IncidentId } from '../../../shared/model/incident.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { nameRecord, openWorkspaceRecord } from '../store/openWorkspaceRecord.ts';
import type { RecordStore } from '../store/store.types.ts';
import { exportReport, type ReportFormat } from './exportReport.ts';
import { BEGAN } from './incident.fixture.ts';

export const NOW = BEGAN + 30 * 60_000;

let made: { data: string; store: RecordStore } | undefined;

/** For each test of the file a record of its own, empty, of which it can have reports. */
export const bed = {
  get store(): RecordStore {
    if (!made) throw new Error('there is a record within a test only');
    return made.store;
  },
  /** The data directory that it is in. */
  get data(): string {
    return made?.data ?? '';
  },
};

beforeEach(() => {
  const data = mkdtempSync(join(tmpdir(), 'fireline-report-'));
  const workspace = { name: 'crawlers', path: '/w/crawlers.yaml' };
  const opened = openWorkspaceRecord(data, workspace, new ManualClock(NOW));
  if (!opened.ok) throw new Error(opened.error.message);
  made = { data, store: opened.value.store };
  nameRecord(made.store.directory, workspace);
});
afterEach(() => {
  made?.store.dispose();
  rmSync(bed.data, { recursive: true, force: true });
});

export function render(
  format: ReportFormat,
  over: { incident?: IncidentId; timeZone?: string } = {},
): string {
  return exportReport({
    store: bed.store,
    workspaceName: 'crawlers',
    format,
    now: NOW,
    timeZone: 'Europe/Berlin',
    ...over,
  }).content;
}

export const written = (over: { incident?: IncidentId } = {}) => JSON.parse(render('json', over)) as Written;

/** Sections of a JSON report that the tests look at. */
export interface Written {
  incident?: Incident;
  timeline: (TimelineEvent & { reference: string; before: boolean; remediation?: string })[];
  remediations: { reference: string; event?: string }[];
  detection?: { event: string; toDetectMs?: number };
  times: { label: string; at?: number }[];
  impact: { durationMs?: number; durationNote: string; hosts: string[] };
  gaps: { host: string; from: number; to: number; reason: string }[];
  series: { host: string; samples: { at: number; values: (number | null)[] }[] }[];
  from: number;
  to: number;
}

export function invented(id: string, at: number, over: Partial<TimelineEvent>): TimelineEvent {
  return {
    id: id as EventId,
    revision: 0,
    kind: 'note',
    severity: 'info',
    source: 'detector',
    at,
    seenAt: at,
    clockOffsetMs: 0,
    title: id,
    detail: {},
    evidence: [],
    actions: [],
    ...over,
  };
}
