import { CircleCheck, Info, OctagonAlert, StickyNote, TriangleAlert, Wrench } from 'lucide-react';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import styles from './Timeline.module.css';

/** Severity as shape and word, never by colour alone. */
export function SeverityMark({ event }: { event: Pick<TimelineEvent, 'severity' | 'source'> }) {
  const { severity, source } = event;
  const label = source === 'person' ? 'note' : severity;
  const Shape =
    source === 'person'
      ? StickyNote
      : severity === 'critical'
        ? OctagonAlert
        : severity === 'warning'
          ? TriangleAlert
          : severity === 'recovered'
            ? CircleCheck
            : source === 'remediation'
              ? Wrench
              : Info;
  return (
    <span className={styles.mark} data-severity={severity} title={label}>
      <Shape size={13} aria-hidden />
      <span className={styles.hidden}>{label}</span>
    </span>
  );
}
