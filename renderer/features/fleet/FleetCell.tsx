import { memo, useRef } from 'react';
import {
  asText,
  formatAge,
  formatBytes,
  formatMilliseconds,
  formatWholeShare,
} from '../../../shared/model/format.ts';
import type { HostId, HostSummary } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { metricIndex } from '../../../shared/model/metric.ts';
import { seriesOf } from '../../series/samples.ts';
import type { WindowSeries } from '../../series/windowSeries.ts';
import { useHosts } from '../../stores/hosts.ts';
import { useUi } from '../../stores/ui.ts';
import { CPU_LAYERS, MEMORY_SPARK, readBusy, readMemoryShare } from '../host/charts/chartSpec.ts';
import { SeverityShape } from '../host/charts/EventMarks.tsx';
import { staleMs } from '../host/charts/gaps.ts';
import { Spark } from '../host/charts/Spark.tsx';
import { writeText } from '../host/charts/writeText.ts';
import { LinkMark, linkSentence } from '../host/LinkMark.tsx';
import styles from './Fleet.module.css';
import { type Trouble, troubleWord } from './openTrouble.ts';

interface FleetCellProps {
  id: HostId;
  focused: boolean;
  tabbable: boolean;
  trouble: Trouble | undefined;
  onChoose: (id: HostId) => void;
}

/** One host. Its numbers are written by the drawing of its sparkline, once a tick and only while it can be seen. */
export const FleetCell = memo(function FleetCell({
  id,
  focused,
  tabbable,
  trouble,
  onChoose,
}: FleetCellProps) {
  const host = useHosts((s) => s.byId[id]);
  const cell = useRef<HTMLButtonElement>(null);
  const cpu = useRef<HTMLSpanElement>(null);
  const memory = useRef<HTMLSpanElement>(null);
  const age = useRef<HTMLSpanElement>(null);
  if (!host) return null;

  const write = (series: WindowSeries, now: number) => {
    const { view } = series;
    const last = view.length - 1;
    writeText(cpu.current, asText(formatWholeShare(readBusy(view, last))));
    writeText(memory.current, asText(formatWholeShare(readMemoryShare(view, last))));
    const stale = useUi.getState().time.kind === 'live' ? staleMs(series, now) : undefined;
    writeText(
      age.current,
      stale === undefined ? (view.length === 0 ? 'no data' : '') : `${formatAge(stale)} old`,
    );
    if (cell.current) cell.current.dataset['stale'] = String(stale !== undefined);
  };

  return (
    <button
      ref={cell}
      type="button"
      role="option"
      aria-selected={focused}
      tabIndex={tabbable ? 0 : -1}
      data-host={id}
      className={styles.cell}
      onClick={() => onChoose(id)}
      onPointerEnter={(event) => {
        event.currentTarget.title = describe(host, trouble);
      }}
    >
      <span className={styles.top}>
        <LinkMark link={host.link} sampler={host.sampler} agent={host.extras?.agentForwarding} />
        <span className={styles.name}>{visibleText(id, 64)}</span>
        <span ref={age} className={styles.age} />
        {trouble && (
          <span className={styles.badge} data-severity={trouble.worst.severity}>
            <SeverityShape severity={trouble.worst.severity} />
            {troubleWord(trouble.worst.kind)}
            {trouble.count > 1 && ` +${trouble.count - 1}`}
          </span>
        )}
      </span>
      <span className={styles.vitals}>
        <span className={styles.kind}>cpu</span>
        <span ref={cpu} className={styles.number} />
        <Spark host={id} layers={CPU_LAYERS} className={styles.spark} onDraw={write} />
        <span className={styles.kind}>mem</span>
        <span ref={memory} className={styles.number} />
        <Spark host={id} layers={MEMORY_SPARK} className={styles.spark} />
      </span>
    </button>
  );
});

const SAMPLER_CPU = metricIndex('fireline.sampler.cpu');
const SAMPLER_RESIDENT = metricIndex('fireline.sampler.resident');
const SAMPLER_FRAME = metricIndex('fireline.sampler.frame');

/** The tooltip: made when the pointer arrives, since its numbers change every second. */
function describe(host: HostSummary, trouble: Trouble | undefined): string {
  const { ring } = seriesOf(host.id);
  const lines = [
    `${visibleText(host.id, 64)}: ${visibleText(host.address, 100)}`,
    `link ${linkSentence(host.link, host.sampler)}`,
  ];
  if (trouble) lines.push(visibleText(trouble.worst.title, 200));
  if (host.sampler.kind === 'running' && ring.newestAt !== undefined) {
    const view = ring.window(ring.newestAt, ring.newestAt);
    const value = (metric: number) => view.valueAt(metric, view.length - 1);
    lines.push(
      `sampler (${host.sampler.implementation}): ${asText(formatMilliseconds(value(SAMPLER_CPU)))} CPU a tick, ` +
        `${asText(formatBytes(value(SAMPLER_RESIDENT)))} memory, ${asText(formatBytes(value(SAMPLER_FRAME)))} a frame`,
    );
  } else if (host.sampler.kind === 'silent' || host.sampler.kind === 'failed') {
    lines.push(`sampler ${host.sampler.kind}: ${visibleText(host.sampler.reason, 200)}`);
  }
  return lines.join('\n');
}
