import { LoaderCircle } from 'lucide-react';
import { formatDuration } from '../../../shared/model/format.ts';
import { useCoreLink } from '../../stores/connection.ts';
import styles from './CoreBanner.module.css';
import { useNow } from './useNow.ts';

/** Shown while the window has no link to the core. Everything on the screen is then of the past. */
export function CoreBanner() {
  const link = useCoreLink((s) => s.link);
  const now = useNow(link.kind === 'lost' ? 1000 : undefined);
  if (link.kind !== 'lost') return null;
  return (
    <div role="alert" className={styles.banner}>
      <LoaderCircle size={14} aria-hidden className={styles.turning} />
      Fireline’s core stopped answering {formatDuration(now - link.since)} ago; what is shown is what was last
      known. Trying again…
    </div>
  );
}
