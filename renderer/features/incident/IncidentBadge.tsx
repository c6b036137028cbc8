import { CircleDot, Flame } from 'lucide-react';
import { useEffect, useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { useIncident } from '../../stores/incident.ts';
import { openDialog } from '../../stores/ui.ts';
import { elapsed } from '../timeline/timeFormat.ts';
import styles from './Incident.module.css';

/** In the top bar: the running incident with its age, or the button that declares one. */
export function IncidentBadge() {
  const incident = useIncident((s) => s.incident);
  const now = useSecond(incident !== null);
  if (!incident) {
    return (
      <button type="button" className={styles.declare} onClick={() => openDialog({ kind: 'incident' })}>
        <Flame size={13} aria-hidden /> Declare incident
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

function useSecond(on: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}
