import type { Brand } from '../base/brand.ts';
import type { JsonObject } from '../base/json.ts';
import type { HostId } from './host.ts';
import type { MetricName } from './metric.ts';
import type { ProcessIdentity } from './process.ts';
import type { ProfileSummary } from './profile.ts';
import type { RemediationRequest } from './remediation.ts';

export type EventId = Brand<string, 'EventId'>;

/** `recovered` closes something; `info` is worth a line and nothing more. */
export type Severity = 'critical' | 'warning' | 'info' | 'recovered';

export type EventSource = 'detector' | 'link' | 'remediation' | 'person' | 'workbench';

export type EventKind =
  | 'process.oom_killed'
  | 'process.oom_risk'
  | 'process.respawn_loop'
  | 'process.respawn_loop_ended'
  | 'process.pid_changed'
  | 'processes.pile'
  | 'cpu.saturated'
  | 'cgroup.throttled'
  | 'erlang.node_up'
  | 'erlang.node_down'
  | 'erlang.orphan_remote_shell'
  | 'link.lost'
  | 'link.restored'
  | 'link.refused'
  | 'link.degraded'
  | 'host.unmeasured'
  | 'host.silent'
  | 'host.silent_ended'
  | 'host.ssh_dying'
  | 'host.rebooted'
  | 'host.outlier'
  | 'clock.skewed'
  | 'connections.leak'
  | 'connections.capped'
  | 'connections.unanswered'
  | 'listen.overflow'
  | 'queue.stalled'
  | 'fd.leak'
  | 'fd.near_limit'
  | 'memory.leak'
  | 'threads.growth'
  | 'disk.full'
  | 'disk.filling'
  | 'disk.errors'
  | 'inodes.full'
  | 'filesystem.readonly'
  | 'network.saturated'
  | 'network.errors'
  | 'kernel.segfault'
  | 'kernel.hung_task'
  | 'kernel.oops'
  | 'kernel.limit'
  | 'service.failed'
  | 'log.matched'
  | 'log.surge'
  | 'session.expiring'
  | 'session.expired'
  | 'session.resumed'
  | 'remediation.planned'
  | 'remediation.started'
  | 'remediation.refused'
  | 'remediation.succeeded'
  | 'remediation.failed'
  | 'remediation.unknown'
  | 'evidence.collected'
  | 'profile.taken'
  | 'profile.failed'
  | 'profile.compared'
  | 'note'
  | 'incident.started'
  | 'incident.ended'
  | 'recording.failed'
  | 'recording.resumed';

/** What an event rests on. All text in it is hostile text from the host. */
export type Evidence =
  /** A raw line: `source` is a log's path or `kernel log`. */
  | { type: 'line'; source: string; text: string; at?: number }
  /** A window of a series, epoch ms of the workbench clock. */
  | { type: 'samples'; metric: MetricName; from: number; to: number; note?: string }
  /** A place in a pane's recording, seconds from its start. */
  | { type: 'cast'; pane: string; offsetSeconds: number }
  /** What a command of ours printed. */
  | { type: 'output'; command: string; text: string; exitCode?: number }
  | { type: 'process'; identity: ProcessIdentity; name: string; command: string; note?: string }
  /** A profile on record; with another, the comparison of both. */
  | { type: 'profile'; profile: ProfileSummary; against?: ProfileSummary };

/** A remediation that fits an event. The renderer asks for a plan with it; it carries no shell text. */
export type SuggestedAction = RemediationRequest & { label: string; host: HostId };

/**
 * What happened. `at` is the best estimate on the workbench clock (host time less the offset), `seenAt` when we
 * learned of it, `hostAt` the host's own time. An event may be revised (a rate that changes, a holder that is
 * found): same id, `revision` + 1. All times are epoch milliseconds.
 */
export interface TimelineEvent {
  id: EventId;
  revision: number;
  /** Absent when it is about the workspace as a whole. */
  host?: HostId;
  kind: EventKind;
  severity: Severity;
  source: EventSource;
  at: number;
  hostAt?: number;
  seenAt: number;
  clockOffsetMs: number;
  /** When what it describes was over. Absent while it goes on, or if it was a moment. */
  endedAt?: number;
  /** What happened, with the number: one line. */
  title: string;
  /** One plain sentence with all the numbers, what one would say aloud. Absent where the title says it all. */
  verdict?: string;
  detail: JsonObject;
  evidence: Evidence[];
  actions: SuggestedAction[];
  /** The event that this one closes or belongs to. */
  relatesTo?: EventId;
}
