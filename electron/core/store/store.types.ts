import type { Disposable } from '../../../shared/base/disposable.ts';
import type { HostId, HostSummary } from '../../../shared/model/host.ts';
import type { Incident, IncidentId, IncidentSeverity } from '../../../shared/model/incident.ts';
import type { MetricName, MetricVector } from '../../../shared/model/metric.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import type { Profile, ProfileId, ProfileSummary } from '../../../shared/model/profile.ts';
import type { PlanId, RemediationRecord } from '../../../shared/model/remediation.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { LayoutState } from '../../../shared/panes/layoutState.ts';

/**
 * The record of one workspace: a SQLite database (WAL) and, beside it in `casts/`, one asciicast a pane.
 * Samples are committed together once a second; events, remediations and incidents before they return, so that
 * nothing is shown that is not on disk.
 */
export interface RecordStore extends Disposable {
  readonly directory: string;
  readonly castsDirectory: string;

  addSamples(batch: readonly { host: HostId; vector: MetricVector }[]): void;
  /** Vectors of [from, to] epoch ms in order, thinned to at most `points`. */
  readSeries(host: HostId, from: number, to: number, points: number): MetricVector[];
  /** One metric of [from, to] in order: every sample in which it is known. */
  readMetric(host: HostId, metric: MetricName, from: number, to: number): { at: number; value: number }[];

  /** When the newest sample came, epoch ms. */
  lastSampleAt(host: HostId): number | undefined;

  /** Inserts, or replaces an older revision. */
  putEvent(event: TimelineEvent): void;
  /** Newest first by `at`. */
  readEvents(options: { before?: number; after?: number; limit: number }): TimelineEvent[];
  putRemediation(record: RemediationRecord): void;
  readRemediation(plan: PlanId): RemediationRecord | undefined;
  /** Newest first. */
  readRemediations(options?: { after?: number; before?: number }): RemediationRecord[];

  /** On the disk when it returns. */
  putProfile(profile: Profile): void;
  readProfile(id: ProfileId): Profile | undefined;
  /** Those whose event is on record, the newest first. */
  readProfiles(): ProfileSummary[];

  startIncident(draft: {
    title: string;
    severity: IncidentSeverity;
    startedAt: number;
    impactBeganAt?: number;
  }): Incident;
  putIncident(incident: Incident): void;
  readIncident(id: IncidentId): Incident | undefined;
  /** Newest first. */
  readIncidents(): Incident[];

  /** Hosts as last seen, for the report of a record that is not live. */
  putHosts(hosts: readonly HostSummary[]): void;
  readHosts(): HostSummary[];

  putPane(pane: StoredPane): void;
  readPanes(): StoredPane[];

  putLayout(layout: LayoutState): void;
  readLayout(): LayoutState | undefined;
}

export interface StoredPane {
  id: PaneId;
  host: HostId;
  openedAt: number;
  castFile: string;
  title: string;
  /** The session on the host that it was attached to. */
  durable?: string;
  /** The pane whose place it took after a restart. */
  after?: PaneId;
}
