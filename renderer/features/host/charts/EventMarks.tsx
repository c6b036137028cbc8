import { useMemo } from 'react';
import { formatClock } from '../../../../shared/model/format.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import { visibleText } from '../../../../shared/model/hostText.ts';
import type { Severity, TimelineEvent } from '../../../../shared/model/timelineEvent.ts';
import { useTimeline } from '../../../stores/timeline.ts';
import styles from './Chart.module.css';
import type { Span } from './crosshair.ts';

/** More than these would be a wall; the newest are shown. */
const MOST_MARKS = 40;

/** Events of one host in the window, newest first, and the selected one if it is there. */
export function useHostEvents(
  host: HostId,
  span: Span,
): { events: TimelineEvent[]; selected: TimelineEvent | undefined } {
  const byId = useTimeline((s) => s.byId);
  const order = useTimeline((s) => s.order);
  const selectedId = useTimeline((s) => s.selected);
  const ofHost = useMemo(
    () => order.flatMap((id) => (byId[id]?.host === host ? [byId[id]] : [])),
    [byId, order, host],
  );
  const within = (e: TimelineEvent) => e.at >= span.from && e.at <= span.to;
  const selected = selectedId === undefined ? undefined : byId[selectedId];
  return {
    events: ofHost.filter(within).slice(0, MOST_MARKS),
    selected: selected && within(selected) ? selected : undefined,
  };
}

/** Marks at the head of a plot, and the selected event's line through it. The timeline tells the same in words. */
export function EventMarks({
  events,
  selected,
  span,
}: {
  events: TimelineEvent[];
  selected: TimelineEvent | undefined;
  span: Span;
}) {
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
