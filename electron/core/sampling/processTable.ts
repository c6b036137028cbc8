import type { ProcessChange, ProcessRow } from '../../../shared/model/process.ts';
import type { ExitedProcess, GrownProcess } from './balance.ts';
import type { Frame, ProcessLine, ProcessNumbers } from './frame.ts';

export interface TableContext {
  /** Clock ticks a second. */
  hz: number;
  pageBytes: number;
  /** Host clock, epoch ms. */
  bootedAt: number;
  /** Milliseconds between the frame that is applied and the one `age` before it; undefined when not known. */
  intervalOf: (age: number) => number | undefined;
}

export interface TableUpdate {
  rows: readonly ProcessRow[];
  /** Of them, those that are new or changed. */
  moved: readonly ProcessRow[];
  changes: ProcessChange[];
  grown: GrownProcess[];
  exits: ExitedProcess[];
  /** Lines about processes that were never told: a frame was lost, and all must be told again. */
  unknown: number;
}

interface Entry {
  row: ProcessRow;
  reapedTicks: number;
}

/** The process table of one host, from the sampler's deltas. Rows are never written to: a changed one is a new one. */
export class ProcessTable {
  #entries = new Map<number, Entry>();
  #users = new Map<string, string>();
  /** Pids whose row says that they use CPU: those that are not heard of again have stopped. */
  #active = new Set<number>();

  get size(): number {
    return this.#entries.size;
  }

  row(pid: number): ProcessRow | undefined {
    return this.#entries.get(pid)?.row;
  }

  parentOf(pid: number): number | undefined {
    return this.#entries.get(pid)?.row.parentPid;
  }

  apply(frame: Frame, context: TableContext): TableUpdate {
    const reset = frame.mode === 'reset';
    const earlier = this.#entries;
    if (reset) {
      this.#entries = new Map();
      this.#users.clear();
      this.#active.clear();
    }
    for (const [uid, name] of frame.users) this.#users.set(uid, name);

    const update: TableUpdate = { rows: [], moved: [], changes: [], grown: [], exits: [], unknown: 0 };
    const before = new Map<number, { cpuTicks: number; reapedTicks: number; age: number }>();
    const active = new Set<number>();
    const moved = new Set<number>();
    for (const line of frame.processes) {
      if (line.line === 'gone') this.#exit(line.pid, update, line.status);
      else this.#tell(line, context, reset, before, active, update);
    }

    // All is told anew where a frame was lost: who came or went in it is seen by what is there.
    if (reset && earlier.size > 0) this.#compare(earlier, update);
    for (const [pid, base] of before) {
      const entry = this.#entries.get(pid);
      if (!entry || reset) continue;
      const { row } = entry;
      const cpuTicks = Math.max(0, row.cpuTicks - base.cpuTicks);
      const reapedTicks = Math.max(0, entry.reapedTicks - base.reapedTicks);
      if (cpuTicks > 0) {
        const interval = context.intervalOf(Math.max(1, base.age));
        const cpu = interval === undefined || interval <= 0 ? 0 : (cpuTicks / context.hz) * (1000 / interval);
        // Accounting may lag a tick behind the clock, never more than all of its threads at once.
        entry.row = { ...row, cpu: Math.min(cpu, Math.max(1, row.threads)) };
        active.add(pid);
      }
      if (cpuTicks > 0 || reapedTicks > 0) {
        const { startTicks, name, command } = row;
        update.grown.push({ pid, startTicks, name, command, cpuTicks, reapedTicks });
      }
    }
    for (const { pid, count, limit } of frame.openFiles) {
      const entry = this.#entries.get(pid);
      if (!entry) continue;
      moved.add(pid);
      const { openFilesLimit: _, ...row } = entry.row;
      entry.row = { ...row, openFiles: count, ...(limit !== undefined && { openFilesLimit: limit }) };
    }
    for (const { pid, pages } of frame.sharedPages) {
      const entry = this.#entries.get(pid);
      if (!entry) continue;
      moved.add(pid);
      entry.row = { ...entry.row, sharedBytes: pages * context.pageBytes };
    }
    for (const pid of this.#active) {
      const entry = this.#entries.get(pid);
      if (!entry || active.has(pid) || entry.row.cpu === 0) continue;
      entry.row = { ...entry.row, cpu: 0 };
      moved.add(pid);
    }
    this.#active = active;
    for (const pid of before.keys()) moved.add(pid);
    update.moved = Array.from(moved, (pid) => this.#entries.get(pid)?.row).filter((row) => row !== undefined);
    update.rows = Array.from(this.#entries.values(), (entry) => entry.row);
    return update;
  }

  #compare(earlier: ReadonlyMap<number, Entry>, update: TableUpdate): void {
    for (const [pid, { row }] of earlier)
      if (this.#entries.get(pid)?.row.startTicks !== row.startTicks)
        update.changes.push(change('exited', row));
    for (const [pid, { row }] of this.#entries)
      if (earlier.get(pid)?.row.startTicks !== row.startTicks) update.changes.push(change('started', row));
  }

  #tell(
    line: Exclude<ProcessLine, { line: 'gone' }>,
    context: TableContext,
    reset: boolean,
    before: Map<number, { cpuTicks: number; reapedTicks: number; age: number }>,
    active: Set<number>,
    update: TableUpdate,
  ): void {
    let known = this.#entries.get(line.pid);
    if (line.line === 'changed') {
      if (!known) {
        update.unknown += 1;
        return;
      }
    } else if (known && known.row.startTicks !== line.startTicks) {
      this.#exit(line.pid, update);
      before.delete(line.pid);
      active.delete(line.pid);
      known = undefined;
    }
    if (!before.has(line.pid)) {
      before.set(line.pid, {
        cpuTicks: known?.row.cpuTicks ?? 0,
        reapedTicks: known?.reapedTicks ?? 0,
        age: line.age,
      });
    }
    const row =
      line.line === 'told'
        ? { ...lookedAt(known?.row), ...this.#row(line, known, context) }
        : { ...known?.row, ...numbers(line, context) };
    if (!isRow(row)) return;
    this.#entries.set(line.pid, { row, reapedTicks: line.reapedTicks });
    if (!known && !reset) update.changes.push(change('started', row));
  }

  #row(
    line: Extract<ProcessLine, { line: 'told' }>,
    known: Entry | undefined,
    context: TableContext,
  ): ProcessRow {
    return {
      cpu: known?.row.cpu ?? 0,
      ...numbers(line, context),
      startTicks: line.startTicks,
      name: line.name,
      command: line.command,
      user: line.uid === '-' ? '' : (this.#users.get(line.uid) ?? line.uid),
      startedAt: Math.round(context.bootedAt + (line.startTicks * 1000) / context.hz),
    };
  }

  #exit(pid: number, update: TableUpdate, status?: number): void {
    const entry = this.#entries.get(pid);
    if (!entry) return;
    this.#entries.delete(pid);
    update.changes.push({
      ...change('exited', entry.row),
      ...(status !== undefined && { exitStatus: status }),
    });
    update.exits.push({
      pid,
      parentPid: entry.row.parentPid,
      shownTicks: entry.row.cpuTicks + entry.reapedTicks,
    });
  }
}

function numbers(line: ProcessNumbers, context: TableContext) {
  return {
    pid: line.pid,
    parentPid: line.parentPid,
    state: line.state,
    threads: line.threads,
    cpuTicks: line.cpuTicks,
    residentBytes: line.residentPages * context.pageBytes,
    virtualBytes: line.virtualBytes,
  };
}

/** Known from another look than the rest of the row. */
function lookedAt(
  row: ProcessRow | undefined,
): Pick<ProcessRow, 'openFiles' | 'openFilesLimit' | 'sharedBytes'> {
  return {
    ...(row?.sharedBytes !== undefined && { sharedBytes: row.sharedBytes }),
    ...(row?.openFiles !== undefined && { openFiles: row.openFiles }),
    ...(row?.openFilesLimit !== undefined && { openFilesLimit: row.openFilesLimit }),
  };
}

function isRow(row: Partial<ProcessRow>): row is ProcessRow {
  return row.startTicks !== undefined;
}

function change(kind: ProcessChange['change'], row: ProcessRow): ProcessChange {
  const { pid, parentPid, startTicks, name, command, residentBytes, cpuTicks } = row;
  return { change: kind, pid, parentPid, startTicks, name, command, residentBytes, cpuTicks };
}
