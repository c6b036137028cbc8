import type { EventKind } from './timelineEvent.ts';

/** Kinds that are told while they last, and get their `endedAt` when they are over. */
export const LASTING_KINDS: ReadonlySet<EventKind> = new Set<EventKind>([
  'process.respawn_loop',
  'process.oom_risk',
  'processes.pile',
  'cpu.saturated',
  'cgroup.throttled',
  'erlang.orphan_remote_shell',
  'connections.leak',
  'connections.capped',
  'connections.unanswered',
  'listen.overflow',
  'queue.stalled',
  'fd.leak',
  'fd.near_limit',
  'memory.leak',
  'threads.growth',
  'disk.full',
  'disk.filling',
  'disk.errors',
  'inodes.full',
  'filesystem.readonly',
  'network.saturated',
  'network.errors',
  'kernel.limit',
  'log.surge',
  'host.outlier',
  'host.unmeasured',
  'host.silent',
  'host.ssh_dying',
]);

/** Those, and what an event of its own closes: without an end on record, it goes on. */
export const GOING_ON_KINDS: ReadonlySet<EventKind> = new Set<EventKind>([
  ...LASTING_KINDS,
  'link.lost',
  'link.refused',
  'link.degraded',
  'recording.failed',
  'service.failed',
  'clock.skewed',
]);
