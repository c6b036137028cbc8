import { create } from 'zustand';
import type { EventId, TimelineEvent } from '../../shared/model/timelineEvent.ts';

interface TimelineState {
  byId: Record<string, TimelineEvent>;
  /** Newest first by `at`, then by `seenAt`. */
  order: EventId[];
  selected: EventId | undefined;
}

export const useTimeline = create<TimelineState>(() => ({ byId: {}, order: [], selected: undefined }));

export function setEvents(events: readonly TimelineEvent[]): void {
  const byId = Object.fromEntries(events.map((e) => [e.id, e]));
  useTimeline.setState({ byId, order: sorted(byId), selected: undefined });
}

/** Keeps the highest revision of each. */
export function putEvents(events: readonly TimelineEvent[]): void {
  useTimeline.setState((state) => {
    const byId = { ...state.byId };
    for (const event of events) {
      const known = byId[event.id];
      if (!known || known.revision <= event.revision) byId[event.id] = event;
    }
    return { byId, order: sorted(byId) };
  });
}

function sorted(byId: Record<string, TimelineEvent>): EventId[] {
  return Object.values(byId)
    .sort((a, b) => b.at - a.at || b.seenAt - a.seenAt)
    .map((e) => e.id);
}
