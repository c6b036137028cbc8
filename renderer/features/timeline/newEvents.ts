import { visibleText } from '../../../shared/model/hostText.ts';
import type { EventId, Severity, TimelineEvent } from '../../../shared/model/timelineEvent.ts';

const BADNESS: Record<Severity, number> = { critical: 3, warning: 2, recovered: 1, info: 0 };

/**
 * Of the timeline's events those that stay where they are, and those that came since and would push the others away. What is
 * older than all that was known was asked for, and stands below.
 * @param known what was there when the order began to be held; `undefined` while nothing is held
 */
export function holdEvents(
  events: readonly TimelineEvent[],
  known: ReadonlySet<EventId> | undefined,
  selected: EventId | undefined,
): { shown: readonly TimelineEvent[]; waiting: readonly TimelineEvent[] } {
  if (known === undefined) return { shown: events, waiting: [] };
  const oldest = Math.min(...events.flatMap(({ id, at }) => (known.has(id) ? [at] : [])));
  const stays = ({ id, at }: TimelineEvent) =>
    known.has(id) || id === selected || (known.size > 0 && at < oldest);
  return { shown: events.filter(stays), waiting: events.filter((event) => !stays(event)) };
}

/** In one sentence: how many, and the worst of them. Empty for none. */
export function newEventWords(events: readonly TimelineEvent[]): string {
  const [first, ...others] = events;
  if (!first) return '';
  const worst = others.reduce((a, b) => (BADNESS[b.severity] > BADNESS[a.severity] ? b : a), first);
  const words = `${worst.host === undefined ? '' : `${visibleText(worst.host, 64)}: `}${visibleText(worst.title, 300)}`;
  return events.length === 1 ? `New: ${words}` : `${events.length} new, ${worst.severity}: ${words}`;
}
