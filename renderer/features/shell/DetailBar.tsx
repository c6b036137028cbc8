import { ChevronDown, Maximize2, Minimize2 } from 'lucide-react';
import { toggleDetail, useUi } from '../../stores/ui.ts';
import styles from './DetailBar.module.css';
import { IconButton } from './IconButton.tsx';

/** Stands in the corner of the host detail's own header. */
export function DetailBar() {
  const maximised = useUi((s) => s.detailMaximised);
  const cramped = useUi((s) => s.cramped.detail);
  return (
    <div className={styles.bar}>
      {!cramped && (
        <IconButton
          label={maximised ? 'Restore the size of the host detail' : 'Maximise the host detail'}
          onClick={() => useUi.setState({ detailMaximised: !maximised })}
        >
          {maximised ? <Minimize2 size={13} /> : <Maximize2 size={13} />}
        </IconButton>
      )}
      <IconButton label="Fold the host detail away" onClick={toggleDetail}>
        <ChevronDown size={14} />
      </IconButton>
    </div>
  );
}
