import { asText, formatBytes } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { Evidence } from '../../../shared/model/timelineEvent.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import type { DetectorContext } from './detector.ts';

/** `node (pid 18)`; hostile names made visible. */
export function processWords(row: Pick<ProcessRow, 'name' | 'command' | 'pid'>): string {
  return `${visibleText(programName(row), 40).trim()} (pid ${row.pid})`;
}

/** `1,204`. */
export function countWords(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',');
}

export function bytesWords(bytes: number): string {
  return asText(formatBytes(bytes));
}

/** `4.2 %`, `37 %`; what is not all is not said to be. */
export function percent(share: number): string {
  if (share >= 0.995 && share < 1) return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
  return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

export function rowOf(sample: Sample, pid: number | undefined): ProcessRow | undefined {
  if (pid === undefined || pid === 0) return undefined;
  return sample.rowOf ? sample.rowOf(pid) : sample.table.find((row) => row.pid === pid);
}

/** What a look each tick has to see of the table. */
export function movedRows(sample: Sample): readonly ProcessRow[] {
  return sample.moved ?? sample.table;
}

export function identityOf(row: ProcessRow, bootId: string): ProcessIdentity {
  return { bootId, pid: row.pid, startTicks: row.startTicks };
}

/** Whether a process that an event names is no more in the table: then the event is to name who it is now. */
export function hasGone(named: ProcessIdentity | undefined, sample: Sample): boolean {
  return (
    named !== undefined &&
    (named.bootId !== sample.bootId || rowOf(sample, named.pid)?.startTicks !== named.startTicks)
  );
}

export function processEvidence(row: ProcessRow, bootId: string, note?: string): Evidence {
  return {
    type: 'process',
    identity: identityOf(row, bootId),
    name: row.name,
    command: row.command,
    ...(note === undefined ? {} : { note }),
  };
}

/** What a card needs to name a process and act on it. */
export function processDetail(row: ProcessRow, bootId: string) {
  return { process: row.name, pid: row.pid, startTicks: row.startTicks, bootId, command: row.command };
}

/** A threshold that is a number; those of a detector always are, or their default is. */
export function limit(context: DetectorContext, name: string): number {
  const value = context.thresholds[name];
  return typeof value === 'number' ? value : 0;
}
