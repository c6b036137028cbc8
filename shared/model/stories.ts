import type { EventId, EventKind, TimelineEvent } from './timelineEvent.ts';

/**
 * Events that belong together, as one tells them: what began it, and what came of it. Of one host, near in time, and
 * of kinds of which one is known to lead to the other; or bound by `relatesTo`.
 */
export interface Story {
  /** What it is about: the cause, or the first of its kind. */
  head: TimelineEvent;
  /** What came of it, oldest first; without the head. */
  rest: TimelineEvent[];
  /** The same thing before: moments that say the same of the same host, as badly. The head is the newest. Oldest first. */
  before: TimelineEvent[];
}

/** A cause, and what it is known to lead to. */
const LEADS_TO: Partial<Record<EventKind, readonly EventKind[]>> = {
  'process.respawn_loop': [
    'cpu.saturated',
    'log.surge',
    'process.pid_changed',
    'log.matched',
    'service.failed',
  ],
  'memory.leak': ['process.oom_risk', 'process.oom_killed', 'host.silent', 'host.ssh_dying', 'link.lost'],
  'process.oom_risk': [
    'process.oom_killed',
    'host.silent',
    'host.ssh_dying',
    'link.lost',
    'process.pid_changed',
  ],
  'process.oom_killed': [
    'process.pid_changed',
    'process.respawn_loop',
    'service.failed',
    'host.ssh_dying',
    'host.silent',
    'link.lost',
  ],
  'erlang.orphan_remote_shell': ['cpu.saturated'],
  'erlang.node_up': ['erlang.orphan_remote_shell', 'cpu.saturated', 'erlang.node_down'],
  'session.expired': ['erlang.orphan_remote_shell'],
  'connections.leak': [
    'connections.capped',
    'queue.stalled',
    'fd.leak',
    'fd.near_limit',
    'log.surge',
    'listen.overflow',
  ],
  'connections.capped': ['queue.stalled', 'log.surge', 'listen.overflow'],
  'connections.unanswered': [
    'connections.leak',
    'fd.leak',
    'fd.near_limit',
    'threads.growth',
    'log.surge',
    'listen.overflow',
    'service.failed',
  ],
  'processes.pile': ['process.oom_risk', 'cpu.saturated', 'kernel.limit', 'host.silent', 'host.ssh_dying'],
  'queue.stalled': ['listen.overflow', 'log.surge'],
  'fd.leak': ['fd.near_limit', 'log.surge'],
  'cpu.saturated': ['cgroup.throttled', 'queue.stalled', 'listen.overflow', 'host.silent', 'link.degraded'],
  'cgroup.throttled': ['queue.stalled', 'listen.overflow', 'connections.leak', 'log.surge'],
  'threads.growth': ['process.oom_risk', 'cpu.saturated'],
  'listen.overflow': ['connections.unanswered', 'log.surge'],
  'disk.filling': ['disk.full'],
  'disk.full': ['log.surge', 'service.failed', 'log.matched'],
  'disk.errors': [
    'filesystem.readonly',
    'kernel.hung_task',
    'processes.pile',
    'cpu.saturated',
    'log.surge',
    'service.failed',
    'host.silent',
  ],
  'filesystem.readonly': ['log.surge', 'service.failed'],
  'kernel.limit': ['listen.overflow', 'log.surge', 'service.failed', 'process.respawn_loop', 'link.lost'],
  'network.errors': ['link.degraded', 'link.lost'],
  'kernel.segfault': ['process.pid_changed', 'service.failed', 'process.respawn_loop'],
  'kernel.oops': ['host.rebooted', 'link.lost', 'host.silent'],
  'kernel.hung_task': ['processes.pile', 'host.silent', 'host.ssh_dying'],
  'host.unmeasured': ['host.silent'],
  'host.silent': ['host.ssh_dying', 'link.lost'],
  'host.ssh_dying': ['link.lost', 'host.rebooted'],
  'link.lost': ['host.rebooted'],
};

/** An effect may be noticed a little before its cause, which takes longer to be sure of. */
const EARLY_MS = 30_000;
/** After a cause was over, so long its effects are still put down to it. */
const LATE_MS = 60_000;
/** Moments of one kind on one host within so long are one thing that happens again. */
const AGAIN_MS = 10 * 60_000;

/** Groups events into stories, newest first by the newest thing that happened in them. An event is in one story only. */
export function toStories(events: readonly TimelineEvent[]): Story[] {
  const oldestFirst = [...events].sort((a, b) => a.at - b.at || a.seenAt - b.seenAt);
  const byId = new Map<EventId, TimelineEvent>(oldestFirst.map((event) => [event.id, event]));
  const causeOf = new Map<EventId, TimelineEvent>();
  const plans = new Map<string, TimelineEvent>();
  const perHost = Map.groupBy(oldestFirst, (event) => event.host ?? '');

  for (const event of oldestFirst) {
    const related = event.relatesTo === undefined ? undefined : byId.get(event.relatesTo);
    const began = beginningOf(event, plans);
    const cause = related ?? began ?? likelyCause(event, perHost.get(event.host ?? '') ?? []);
    // Never a ring: what leads to this one cannot come of it.
    if (cause && headOf(cause, causeOf) !== event) causeOf.set(event.id, cause);
  }

  const stories = new Map<EventId, Story>();
  const folded: Story[] = [];
  for (const event of oldestFirst) {
    const head = headOf(event, causeOf);
    if (head === event) {
      const same = folded.findLast((story) => isAgain(story, event));
      if (same) {
        same.before.push(same.head);
        same.head = event;
        stories.set(event.id, same);
        continue;
      }
      const story = { head: event, rest: [], before: [] };
      stories.set(event.id, story);
      folded.push(story);
    }
  }
  for (const event of oldestFirst) {
    const head = headOf(event, causeOf);
    if (head !== event) stories.get(head.id)?.rest.push(event);
  }
  return folded.sort((a, b) => newestOf(b) - newestOf(a));
}

function headOf(event: TimelineEvent, causeOf: ReadonlyMap<EventId, TimelineEvent>): TimelineEvent {
  let head = event;
  for (let cause = causeOf.get(head.id); cause; cause = causeOf.get(head.id)) head = cause;
  return head;
}

/** Of a remediation: that it was confirmed, and how it ended. */
function beginningOf(event: TimelineEvent, plans: Map<string, TimelineEvent>): TimelineEvent | undefined {
  const { plan } = event.detail;
  if (event.source !== 'remediation' || typeof plan !== 'string') return undefined;
  const first = plans.get(plan);
  if (!first) plans.set(plan, event);
  return first;
}

/** The nearest before it that is known to lead to it. */
function likelyCause(event: TimelineEvent, ofHost: readonly TimelineEvent[]): TimelineEvent | undefined {
  if (event.source !== 'detector' && event.source !== 'link') return undefined;
  let best: TimelineEvent | undefined;
  for (const one of ofHost) {
    if (one === event || one.at > event.at + EARLY_MS) continue;
    if (!LEADS_TO[one.kind]?.includes(event.kind) || isOfAnother(one, event)) continue;
    const over = one.endedAt ?? (isMoment(one) ? one.at : Number.POSITIVE_INFINITY);
    if (event.at > over + LATE_MS) continue;
    if (!best || one.at > best.at) best = one;
  }
  return best;
}

/** What one process opens and does not close is its own affair. */
const OF_ONE_PROCESS: readonly EventKind[] = [
  'connections.leak',
  'connections.capped',
  'queue.stalled',
  'fd.leak',
  'fd.near_limit',
];

/** Two Erlang nodes have nothing to do with each other, nor have two file systems, or the descriptors of two processes. */
function isOfAnother(cause: TimelineEvent, event: TimelineEvent): boolean {
  const ofOneProcess = OF_ONE_PROCESS.includes(cause.kind) && OF_ONE_PROCESS.includes(event.kind);
  return ['node', 'mount', ...(ofOneProcess ? ['pid'] : [])].some((key) => {
    const [one, other] = [cause.detail[key], event.detail[key]];
    return one !== undefined && other !== undefined && one !== other;
  });
}

const MOMENTS: readonly EventKind[] = [
  'process.oom_killed',
  'kernel.segfault',
  'kernel.hung_task',
  'kernel.oops',
  'process.pid_changed',
  'host.rebooted',
  'log.matched',
  'session.expired',
  'link.lost',
];

const isMoment = ({ kind }: TimelineEvent) => MOMENTS.includes(kind);

function isAgain({ head }: Story, event: TimelineEvent): boolean {
  return (
    head.kind === event.kind &&
    head.host === event.host &&
    head.severity === event.severity &&
    isMoment(event) &&
    event.at - head.at <= AGAIN_MS &&
    subjectOf(head) === subjectOf(event)
  );
}

/** What it is about, without the figures that differ each time. */
function subjectOf({ detail, title }: TimelineEvent): string {
  const { process, pattern, path } = detail;
  const subject = [process, pattern, path].filter((one) => typeof one === 'string').join(' ');
  return subject === '' ? title.replaceAll(/\d+/g, '#') : subject;
}

function newestOf({ head, rest }: Story): number {
  return Math.max(head.at, ...rest.map(({ at }) => at));
}
