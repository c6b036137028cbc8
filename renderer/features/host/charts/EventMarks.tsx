import { useShallow } from 'zustand/react/shallow';
import { formatClock } from '../../../../shared/model/format.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import { visibleText } from '../../../../shared/model/hostText.ts';
import type { EventId, Severity, TimelineEvent } from '../../../../shared/model/timelineEvent.ts';
import { useTimeline } from '../../../stores/timeline.ts';
import styles from './Chart.module.css';
import type { Span } from './crosshair.ts';

/** More than these would be a wall; the newest are shown. */
const MOST_MARKS = 40;

/** Events by host, newest first: grouped once a change of the timeline, for all charts. */
let grouped = {
  order: [] as readonly EventId[],
  byId: {} as Record<string, TimelineEvent>,
  byHost: new Map<HostId, TimelineEvent[]>(),
};

function eventsOf(
  host: HostId,
  { order, byId }: { order: readonly EventId[]; byId: Record<string, TimelineEvent> },
) {
  if (grouped.order !== order || grouped.byId !== byId) {
    grouped = { order, byId, byHost: new Map() };
    for (const id of order) {
      const event = byId[id];
      if (event?.host === undefined) continue;
      const list = grouped.byHost.get(event.host);
      if (list) list.push(event);
      else grouped.byHost.set(event.host, [event]);
    }
  }
  return grouped.byHost.get(host) ?? NONE;
}

const NONE: TimelineEvent[] = [];

/**
 * Marks of a host's events at the head of a plot, and the selected event's line through it. The timeline tells the same in
 * words. They are drawn anew by themselves: an event is no reason to draw a chart's values again.
 */
export function EventMarks({ host, span }: { host: HostId; span: Span }) {
  const within = (e: TimelineEvent) => e.at >= span.from && e.at <= span.to;
  const events = useTimeline(useShallow((s) => eventsOf(host, s)))
    .filter(within)
    .slice(0, MOST_MARKS);
  const chosen = useTimeline((s) => (s.selected === undefined ? undefined : s.byId[s.selected]));
  const selected = chosen && within(chosen) ? chosen : undefined;
  const left = (at: number) => `${((at - span.from) / (span.to - span.from)) * 100}%`;
  return (
    <>
      {selected && (
        <div
          className={styles.selectedLine}
          data-severity={selected.severity}
          style={{ left: left(selected.at) }}
        />
      )}
      {events.map((event) => (
        <span
          key={event.id}
          className={styles.mark}
          style={{ left: left(event.at) }}
          title={`${formatClock(event.at)} ${visibleText(event.title, 200)}`}
        >
          <SeverityShape severity={event.severity} />
        </span>
      ))}
    </>
  );
}

/** Critical: a square, warning: a triangle, recovered: a ring, info: a dot. */
export function SeverityShape({ severity, size = 8 }: { severity: Severity; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 8 8"
      data-severity={severity}
      className={styles.shape}
      aria-hidden="true"
    >
      {severity === 'critical' && <rect x="0.5" y="0.5" width="7" height="7" />}
      {severity === 'warning' && <path d="M4 0.2 8 7.8H0Z" />}
      {severity === 'recovered' && <circle cx="4" cy="4" r="2.8" fill="none" strokeWidth="2" />}
      {severity === 'info' && <circle cx="4" cy="4" r="2.2" />}
    </svg>
  );
}
