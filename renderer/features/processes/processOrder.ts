import type { ProcessRow } from '../../../shared/model/process.ts';

export type ProcessColumn = 'pid' | 'user' | 'state' | 'threads' | 'cpu' | 'memory' | 'started' | 'command';

export interface ProcessSort {
  column: ProcessColumn;
  descending: boolean;
}

/** A row as it is listed: how deep in the tree, and whether the process is gone (kept in place while the order is held). */
export interface ListedProcess {
  key: string;
  row: ProcessRow;
  depth: number;
  gone: boolean;
}

/** A pid alone is reused; with its start time it is this process, for as long as the host is up. */
export function processKey(row: ProcessRow): string {
  return `${row.pid}:${row.startTicks}`;
}

/** Kernel threads have no command line and descend from kthreadd, pid 2. */
export function isKernelThread(row: ProcessRow): boolean {
  return row.command === '' && (row.pid === 2 || row.parentPid === 2);
}

/** What stands in the command column. */
export function commandOf(row: ProcessRow): string {
  return row.command === '' ? `[${row.name}]` : row.command;
}

function compareProcesses(sort: ProcessSort): (a: ProcessRow, b: ProcessRow) => number {
  const compare = COMPARE[sort.column];
  const sign = sort.descending ? -1 : 1;
  return (a, b) => sign * compare(a, b) || a.pid - b.pid;
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const COMPARE: Record<ProcessColumn, (a: ProcessRow, b: ProcessRow) => number> = {
  pid: (a, b) => a.pid - b.pid,
  user: (a, b) => byText(a.user, b.user),
  state: (a, b) => byText(a.state, b.state),
  threads: (a, b) => a.threads - b.threads,
  cpu: (a, b) => a.cpu - b.cpu,
  memory: (a, b) => a.residentBytes - b.residentBytes,
  started: (a, b) => a.startedAt - b.startedAt,
  command: (a, b) => byText(commandOf(a), commandOf(b)),
};

/** Every word must occur in the pid, user, name or command; case does not matter. */
function matchesFilter(row: ProcessRow, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = `${row.pid} ${row.user} ${row.name} ${row.command}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

export interface ListOptions {
  sort: ProcessSort;
  filter: string;
  tree: boolean;
  kernelThreads: boolean;
}

/** The rows to list, in order. In a tree the ancestors of what matches are listed too. */
export function listProcesses(rows: readonly ProcessRow[], options: ListOptions): ListedProcess[] {
  const present = options.kernelThreads ? rows : rows.filter((row) => !isKernelThread(row));
  const compare = compareProcesses(options.sort);
  if (!options.tree) {
    return present
      .filter((row) => matchesFilter(row, options.filter))
      .sort(compare)
      .map((row) => ({ key: processKey(row), row, depth: 0, gone: false }));
  }
  return treeOf(present, compare, options.filter);
}

function treeOf(
  rows: readonly ProcessRow[],
  compare: (a: ProcessRow, b: ProcessRow) => number,
  filter: string,
): ListedProcess[] {
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const shown = new Set<ProcessRow>();
  for (const row of rows) {
    if (!matchesFilter(row, filter)) continue;
    for (let at: ProcessRow | undefined = row; at && !shown.has(at); at = byPid.get(at.parentPid))
      shown.add(at);
  }
  const children = new Map<number, ProcessRow[]>();
  const roots: ProcessRow[] = [];
  for (const row of shown) {
    const parent = byPid.get(row.parentPid);
    if (!parent || parent === row) {
      roots.push(row);
      continue;
    }
    const siblings = children.get(parent.pid);
    if (siblings) siblings.push(row);
    else children.set(parent.pid, [row]);
  }
  const listed: ListedProcess[] = [];
  const seen = new Set<ProcessRow>();
  // A stack, not recursion: a fork bomb's chain may be thousands deep.
  const list = (from: ProcessRow[]) => {
    const stack = from
      .sort(compare)
      .reverse()
      .map((row) => ({ row, depth: 0 }));
    for (let next = stack.pop(); next; next = stack.pop()) {
      if (seen.has(next.row)) continue;
      seen.add(next.row);
      listed.push({ key: processKey(next.row), row: next.row, depth: next.depth, gone: false });
      const { depth } = next;
      for (const child of (children.get(next.row.pid) ?? []).sort(compare).reverse()) {
        stack.push({ row: child, depth: depth + 1 });
      }
    }
  };
  list(roots);
  // Rows are read one after another: a pid reused in between may close a circle of parents that has no root.
  if (listed.length < shown.size) list([...shown].filter((row) => !seen.has(row)));
  return listed;
}

/**
 * The list as it stands under the pointer: every row in its place with its newest values, what has exited marked as gone,
 * what is new at the end.
 */
export function heldList(shown: readonly ListedProcess[], next: readonly ListedProcess[]): ListedProcess[] {
  const now = new Map(next.map((one) => [one.key, one]));
  const before = new Set(shown.map((one) => one.key));
  return [
    ...shown.map((one) => {
      const fresh = now.get(one.key);
      return fresh ? { ...fresh, depth: one.depth } : { ...one, gone: true };
    }),
    ...next.filter((one) => !before.has(one.key)),
  ];
}

/** From the process to the oldest ancestor on the list. */
export function ancestorsOf(rows: readonly ProcessRow[], row: ProcessRow): ProcessRow[] {
  const byPid = new Map(rows.map((one) => [one.pid, one]));
  const found: ProcessRow[] = [];
  for (
    let at = byPid.get(row.parentPid);
    at && at !== row && !found.includes(at);
    at = byPid.get(at.parentPid)
  )
    found.push(at);
  return found;
}
