import { X } from 'lucide-react';
import { useState } from 'react';
import { asText, formatBytes, formatClock, formatDuration } from '../../../shared/model/format.ts';
import type { HostSummary } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import styles from './ProcessTable.module.css';
import { askTo, askToProfile, lookAt } from './processDeeds.ts';
import { ancestorsOf, commandOf, type ListedProcess, processKey } from './processOrder.ts';

interface ProcessDetailProps {
  host: HostSummary;
  process: ListedProcess;
  rows: readonly ProcessRow[];
  onChoose: (key: string) => void;
  onClose: () => void;
}

/** One process: what makes it itself, its whole command, whom it came from and what came of it. */
export function ProcessDetail({ host, process, rows, onChoose, onClose }: ProcessDetailProps) {
  const { row, gone } = process;
  const children = rows.filter((one) => one.parentPid === row.pid && one.pid !== row.pid);
  const stopped = row.state === 'T' || row.state === 't';
  const [nice, setNice] = useState(10);
  const ticksPerSecond = host.facts?.ticksPerSecond ?? 100;
  return (
    <aside
      className={styles.detail}
      aria-label={`Process ${row.pid}`}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
    >
      <header>
        <strong>
          {row.pid} {visibleText(programName(row), 40)}
        </strong>
        {gone && <span className={styles.goneWord}>gone</span>}
        <button type="button" className={styles.close} aria-label="Close the detail" onClick={onClose}>
          <X size={13} aria-hidden />
        </button>
      </header>
      {!gone && host.facts && (
        <div className={styles.deeds} role="toolbar" aria-label={`What can be done with process ${row.pid}`}>
          <button type="button" onClick={() => askTo('kill', host, row)}>
            Kill…
          </button>
          {children.length > 0 && (
            <button type="button" onClick={() => askTo('killTree', host, row)}>
              Kill tree…
            </button>
          )}
          <button type="button" onClick={() => askTo(stopped ? 'resume' : 'pause', host, row)}>
            {stopped ? 'Resume…' : 'Pause…'}
          </button>
          <span className={styles.renice}>
            <input
              type="number"
              min={-20}
              max={19}
              value={nice}
              aria-label="Niceness, -20 to 19"
              onChange={(event) =>
                setNice(Math.min(19, Math.max(-20, Math.trunc(Number(event.target.value)))))
              }
            />
            <button type="button" onClick={() => askTo({ renice: nice }, host, row)}>
              Renice…
            </button>
          </span>
          <button type="button" onClick={() => askToProfile(host, row, true)}>
            Profile…
          </button>
          <button
            type="button"
            title="All processes of this program on the host, in the same seconds (p)"
            onClick={() => askToProfile(host, row, false)}
          >
            Profile all…
          </button>
          <button
            type="button"
            title="Open files, limits, memory map, system calls … (d)"
            onClick={() => lookAt(host, row)}
          >
            Look at it
          </button>
        </div>
      )}
      <pre>{visibleText(commandOf(row), 4096)}</pre>
      <dl>
        <dt>identity</dt>
        <dd>
          pid {row.pid}, start {row.startTicks} ticks, boot{' '}
          {visibleText(host.facts?.bootId ?? 'not known yet', 40)}
        </dd>
        <dt>started</dt>
        <dd>{formatClock(row.startedAt)} by the clock of the host</dd>
        <dt>CPU time</dt>
        <dd>{formatDuration((row.cpuTicks / ticksPerSecond) * 1000)}</dd>
        <dt>memory</dt>
        <dd>
          {asText(formatBytes(row.residentBytes))} resident, {asText(formatBytes(row.virtualBytes))} virtual
        </dd>
        <dt>parents</dt>
        <dd>
          <Links processes={ancestorsOf(rows, row)} none="none on the list" onChoose={onChoose} />
        </dd>
        <dt>children</dt>
        <dd>
          <Links processes={children} none="none" onChoose={onChoose} />
        </dd>
      </dl>
    </aside>
  );
}

/** More than these would push everything else out. */
const MOST_LINKS = 30;

function Links({
  processes,
  none,
  onChoose,
}: {
  processes: ProcessRow[];
  none: string;
  onChoose: (key: string) => void;
}) {
  if (processes.length === 0) return <>{none}</>;
  return (
    <>
      {processes.slice(0, MOST_LINKS).map((one) => (
        <button
          key={processKey(one)}
          type="button"
          className={styles.link}
          onClick={() => onChoose(processKey(one))}
        >
          {one.pid} {visibleText(one.name, 20)}
        </button>
      ))}
      {processes.length > MOST_LINKS && ` and ${processes.length - MOST_LINKS} more`}
    </>
  );
}
