import type { ProcessRow } from '../../../shared/model/process.ts';

/** Everything that a process started, and what those started, in the order of the table's levels. At most 1,000. */
export function descendantsOf(root: ProcessRow, table: readonly ProcessRow[]): ProcessRow[] {
  const children = Map.groupBy(table, (row) => row.parentPid);
  const found: ProcessRow[] = [];
  let level: ProcessRow[] = [root];
  while (level.length > 0 && found.length < MOST) {
    level = level.flatMap((row) => children.get(row.pid) ?? []).filter((row) => row.pid !== root.pid);
    found.push(...level);
  }
  return found.slice(0, MOST);
}

const MOST = 1000;
