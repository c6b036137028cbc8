import { LASTING_KINDS } from '../../../shared/model/lastingKinds.ts';
import type { EventKind, Severity, TimelineEvent } from '../../../shared/model/timelineEvent.ts';

/** What is wrong with one host at a time, worst first. */
export interface Trouble {
  worst: TimelineEvent;
  /** How many events of the host are open. */
  count: number;
}

/** A moment (an OOM kill, a restart) stays on the fleet for this long, since nothing closes it. */
export const MOMENT_MS = 15 * 60_000;

/** Those of the link, and the record's, are closed by an event of their own. */
const LASTING: ReadonlySet<EventKind> = new Set<EventKind>([
  ...LASTING_KINDS,
  'link.lost',
  'link.refused',
  'link.degraded',
  'recording.failed',
]);

const RANK: Record<Severity, number> = { critical: 3, warning: 2, info: 1, recovered: 0 };

export function severityRank(severity: Severity | undefined): number {
  return severity === undefined ? 0 : RANK[severity];
}

/**
 * Open trouble by host at a time: warnings and worse that have begun, are not over and are not closed by a later event.
 * `events` in any order. While live, all that has come has begun, also what a host's clock puts a little ahead of ours:
 * nothing would show it a moment later.
 */
export function openTrouble(
  events: Iterable<TimelineEvent>,
  at: number,
  { live = false }: { live?: boolean } = {},
): Map<string, Trouble> {
  const all = live ? [...events] : [...events].filter((e) => e.at <= at);
  const closed = new Set(
    all.flatMap((e) => (e.severity === 'recovered' && e.relatesTo ? [e.relatesTo] : [])),
  );
  const byHost = new Map<string, Trouble>();
  for (const event of all) {
    if (event.host === undefined || !isOpen(event, at, live) || closed.has(event.id)) continue;
    const known = byHost.get(event.host);
    if (!known) byHost.set(event.host, { worst: event, count: 1 });
    else byHost.set(event.host, { worst: worse(known.worst, event), count: known.count + 1 });
  }
  return byHost;
}

function isOpen(event: TimelineEvent, at: number, live: boolean): boolean {
  if (event.severity !== 'critical' && event.severity !== 'warning') return false;
  const lasts = LASTING.has(event.kind);
  if (event.endedAt === undefined) return lasts || at - event.at <= MOMENT_MS;
  // A moment ends as it begins.
  if (lasts || event.endedAt > event.at) return !live && event.endedAt > at;
  return at - event.at <= MOMENT_MS;
}

function worse(a: TimelineEvent, b: TimelineEvent): TimelineEvent {
  const difference = severityRank(b.severity) - severityRank(a.severity);
  return difference > 0 || (difference === 0 && b.at > a.at) ? b : a;
}

/** One word for a badge. */
export function troubleWord(kind: EventKind): string {
  const known: Partial<Record<EventKind, string>> = {
    'erlang.orphan_remote_shell': 'orphan node',
    'session.expired': 'session ran out',
    'process.oom_killed': 'OOM',
    'process.respawn_loop': 'respawn',
    'link.lost': 'link',
    'link.refused': 'link',
    'link.degraded': 'stalled',
    'host.unmeasured': 'not measured',
    'host.silent': 'silent',
    'host.ssh_dying': 'ssh dying',
    'host.rebooted': 'reboot',
    'recording.failed': 'record',
    'process.oom_risk': 'memory',
    'memory.leak': 'memory',
    'process.pid_changed': 'restarted',
    'cpu.saturated': 'CPU',
    'processes.pile': 'processes',
    'cgroup.throttled': 'throttled',
    'host.outlier': 'outlier',
    'clock.skewed': 'clock',
    'connections.leak': 'connections',
    'connections.capped': 'connections',
    'connections.unanswered': 'no answer',
    'listen.overflow': 'listen queue',
    'queue.stalled': 'queue',
    'fd.leak': 'open files',
    'fd.near_limit': 'open files',
    'threads.growth': 'threads',
    'disk.full': 'disk',
    'disk.filling': 'disk',
    'disk.errors': 'disk',
    'inodes.full': 'inodes',
    'filesystem.readonly': 'read-only',
    'network.saturated': 'network',
    'network.errors': 'network',
    'kernel.segfault': 'crash',
    'kernel.hung_task': 'hung',
    'kernel.oops': 'kernel',
    'kernel.limit': 'limit',
    'service.failed': 'service',
    'log.matched': 'log',
    'log.surge': 'log',
  };
  return known[kind] ?? (kind.startsWith('remediation.') ? 'fix' : 'event');
}
