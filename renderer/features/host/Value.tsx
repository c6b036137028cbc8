import type { Formatted } from '../../../shared/model/format.ts';
import styles from './Value.module.css';

/** A number in tabular figures with its unit set smaller. `width` in characters keeps what stands beside it in place. */
export function Value({ of, width }: { of: Formatted; width?: number }) {
  return (
    <span className={styles.value} style={width === undefined ? undefined : { minWidth: `${width}ch` }}>
      {of.number}
      {of.unit !== '' && <span className={styles.unit}>{of.unit}</span>}
    </span>
  );
}
