import { CircleDot, Flame } from 'lucide-react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { useIncident } from '../../stores/incident.ts';
import { openDialog } from '../../stores/ui.ts';
import { useNow } from '../shell/useNow.ts';
import { elapsed } from '../timeline/timeFormat.ts';
import styles from './Incident.module.css';

/** In the top bar: the running incident with its age, or the button that declares one. */
export function IncidentBadge() {
  const incident = useIncident((s) => s.incident);
  const now = useNow(incident === null ? undefined : 1000);
  if (!incident) {
    return (
      <button type="button" className={styles.declare} onClick={() => openDialog({ kind: 'incident' })}>
        <Flame size={13} aria-hidden />
        <span className={styles.name}>Declare incident</span>
      </button>
    );
  }
  return (
    <button
      type="button"
      className={styles.running}
      aria-label={`Incident ${incident.number}: ${visibleText(incident.title, 200)}`}
      onClick={() => openDialog({ kind: 'incident' })}
    >
      <CircleDot size={13} aria-hidden />
      <b>INC-{incident.number}</b>
      <span className={styles.name}>{visibleText(incident.title, 200)}</span>
      <span>{incident.severity}</span>
      <time>{elapsed(now - incident.startedAt)}</time>
    </button>
  );
}
