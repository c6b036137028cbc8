import { LoaderCircle } from 'lucide-react';
import { formatDuration } from '../../../shared/model/format.ts';
import { useCoreLink } from '../../stores/connection.ts';
import styles from './CoreBanner.module.css';
import { useNow } from './useNow.ts';

/** Shown while the window has no link to the core, over the fleet's legend: nothing moves when it comes and goes. */
export function CoreBanner() {
  const link = useCoreLink((s) => s.link);
  const now = useNow(link.kind === 'lost' ? 1000 : undefined);
  if (link.kind !== 'lost') return null;
  return (
    <div className={styles.banner}>
      <LoaderCircle size={14} aria-hidden className={styles.turning} />
      <span role="alert">
        Fireline’s core stopped answering; what is shown is what was last known. Trying again…
      </span>
      {/* Not read out: it changes each second. */}
      <span>{formatDuration(now - link.since)}</span>
    </div>
  );
}
