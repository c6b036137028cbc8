import * as Tooltip from '@radix-ui/react-tooltip';
import { memo, useRef } from 'react';
import { asText, formatCount, formatLoad, formatWholeShare } from '../../../shared/model/format.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { WindowSeries } from '../../series/windowSeries.ts';
import { focusHost, showDetail, useUi } from '../../stores/ui.ts';
import {
  CPU_LAYERS,
  MEMORY_SPARK,
  readBusy,
  readCores,
  readLoad,
  readMemoryShare,
} from './charts/chartSpec.ts';
import { staleMs } from './charts/gaps.ts';
import { Spark } from './charts/Spark.tsx';
import { writeText } from './charts/writeText.ts';
import { Overview } from './Overview.tsx';
import styles from './PaneVitals.module.css';

/**
 * One host's vitals in a pane's header: CPU, memory and load as number and sparkline. At most 22 px high; where the header
 * is narrow the sparklines go first, then load, then memory. Resting the pointer on it shows all charts of the host, a
 * click focuses the host. It stays out of the Tab order, which belongs to the terminal: the fleet does the same by keyboard.
 */
export const PaneVitals = memo(function PaneVitals({ host }: { host: HostId }) {
  const root = useRef<HTMLButtonElement>(null);
  const cpu = useRef<HTMLSpanElement>(null);
  const memory = useRef<HTMLSpanElement>(null);
  const load = useRef<HTMLSpanElement>(null);

  const write = (series: WindowSeries, now: number) => {
    const { view } = series;
    const last = view.length - 1;
    writeText(cpu.current, asText(formatWholeShare(readBusy(view, last))));
    writeText(memory.current, asText(formatWholeShare(readMemoryShare(view, last))));
    const loadNumber = formatLoad(readLoad(view, last)).number;
    writeText(load.current, `${loadNumber}/${formatCount(readCores(view, last)).number}`);
    const stale = useUi.getState().time.kind === 'live' && staleMs(series, now) !== undefined;
    if (root.current) root.current.dataset['stale'] = String(stale);
  };

  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          ref={root}
          type="button"
          tabIndex={-1}
          className={styles.vitals}
          onClick={() => {
            focusHost(host);
            showDetail('overview');
          }}
        >
          <span className={styles.name}>Vitals of {visibleText(host, 64)}, shows its detail: </span>
          <span className={styles.group}>
            <span className={styles.kind}>cpu</span>
            <span ref={cpu} className={styles.number} />
            <Spark host={host} layers={CPU_LAYERS} className={styles.spark} onDraw={write} />
          </span>
          <span className={styles.group} data-group="memory">
            <span className={styles.kind}>mem</span>
            <span ref={memory} className={styles.number} />
            <Spark host={host} layers={MEMORY_SPARK} className={styles.spark} />
          </span>
          <span className={styles.group} data-group="load">
            <span className={styles.kind}>load</span>
            <span ref={load} className={styles.load} />
          </span>
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          className={styles.card}
          side="bottom"
          align="end"
          sideOffset={3}
          collisionPadding={8}
          aria-label={`Charts of ${visibleText(host, 64)}`}
        >
          <p className={styles.cardTitle}>{visibleText(host, 64)}</p>
          <div className={styles.cardBody}>
            <Overview host={host} canvas />
          </div>
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
});
