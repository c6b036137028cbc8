import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';

type Table = Sample['table'];

/** What differs between two tables of one host. */
export interface TableChange {
  /** Rows of the later one that are new or were others before. */
  changed: readonly ProcessRow[];
  /** Rows of the earlier one whose process is not in the later one. */
  gone: readonly ProcessRow[];
}

/**
 * A row that did not change is the same object, and rows keep their order, the new ones last: so most of a table is passed
 * over without being looked at. In another order all is right too, but more is said to have changed.
 */
export function tableChange(before: Table, now: Table): TableChange {
  // Several detectors ask for the same two, one after another.
  if (latest?.before !== before || latest.now !== now) latest = { before, now, change: compare(before, now) };
  return latest.change;
}

let latest: { before: Table; now: Table; change: TableChange } | undefined;

function compare(before: Table, now: Table): TableChange {
  const changed: ProcessRow[] = [];
  const passed: ProcessRow[] = [];
  let n = 0;
  for (const row of now) {
    if (before[n] === row) {
      n++;
      continue;
    }
    changed.push(row);
    for (let old = before[n]; old && old.pid !== row.pid; old = before[n]) {
      passed.push(old);
      n++;
    }
    const same = before[n++];
    if (same && same.startTicks !== row.startTicks) passed.push(same);
  }
  for (; n < before.length; n++) {
    const old = before[n];
    if (old) passed.push(old);
  }
  if (passed.length === 0) return { changed, gone: passed };
  // Of those that were passed over a few are here all the same, further on.
  const gone = new Map(passed.map((row) => [row.pid, row]));
  for (const { pid, startTicks } of changed) if (gone.get(pid)?.startTicks === startTicks) gone.delete(pid);
  return { changed, gone: [...gone.values()] };
}
