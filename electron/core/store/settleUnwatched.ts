import type { HostId } from '../../../shared/model/host.ts';
import { GOING_ON_KINDS } from '../../../shared/model/lastingKinds.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { RecordStore } from './store.types.ts';

/** What was settled by an earlier start lies further back. */
const EVENTS_READ = 2000;

/**
 * What went on when Fireline ended, or let go of the workspace, went on unwatched: nothing will tell its end, and it would stand
 * as trouble of today. It ends with the last that was seen of its host; what still goes on is told anew.
 */
export function settleUnwatched(
  store: Pick<RecordStore, 'readEvents' | 'putEvent' | 'lastSampleAt'>,
  diagnostic: (line: string) => void,
): void {
  try {
    const events = store.readEvents({ limit: EVENTS_READ });
    const closed = new Set<EventId | undefined>(
      events.filter((one) => one.severity === 'recovered').map((one) => one.relatesTo),
    );
    const heard = new Map<HostId | undefined, number>();
    for (const { host, seenAt, endedAt = seenAt } of events)
      heard.set(host, Math.max(heard.get(host) ?? 0, seenAt, endedAt));
    for (const event of events) {
      const { host } = event;
      if (event.endedAt !== undefined || !GOING_ON_KINDS.has(event.kind) || closed.has(event.id)) continue;
      const last = Math.max(heard.get(host) ?? 0, (host && store.lastSampleAt(host)) ?? 0);
      store.putEvent(settled(event, Math.max(event.at, last)));
    }
  } catch (error) {
    diagnostic(`record: what was going on when Fireline ended could not be settled: ${String(error)}`);
  }
}

function settled(event: TimelineEvent, endedAt: number): TimelineEvent {
  const verdict = `${event.verdict ?? event.title}; nobody watched any more then, and whether it went on is not known`;
  return {
    ...event,
    revision: event.revision + 1,
    endedAt,
    verdict,
    detail: { ...event.detail, unwatched: true },
    actions: [],
  };
}
