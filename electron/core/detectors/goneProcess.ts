import type { ProcessIdentity, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { Victim } from './oomKillEvent.ts';
import { movedRows } from './words.ts';

type Process = Pick<ProcessRow, 'pid' | 'startTicks' | 'name' | 'command' | 'residentBytes'>;
type Tables = readonly Sample['table'][];

/** A sample, and who went with it: processes end all the time, and hardly one is ever asked for, so that is looked for then. */
export interface SeenSample {
  readonly sample: Sample;
  gone: readonly GoneProcess[] | undefined;
}

/** The tables in which a dying process's last figures are looked for. */
const TABLES_BEFORE = 3;

/** Remembers a sample; forgets those that are older than `keepMs` and hold no table for one that is not. */
export function rememberSample(seen: SeenSample[], sample: Sample, keepMs: number): void {
  seen.push({ sample, gone: undefined });
  while (sample.at - (seen[TABLES_BEFORE]?.sample.at ?? sample.at) > keepMs) seen.shift();
}

/** Those that are gone, as the remembered samples say, or are zombies since: the same objects each time. */
export function goneProcesses(seen: readonly SeenSample[]): GoneProcess[] {
  const found = new Map<string, GoneProcess>();
  for (const [n, one] of seen.entries()) {
    const before = seen[n - 1]?.sample;
    if (!before) continue;
    one.gone ??= goneWith(one.sample, before.at, seen.slice(Math.max(0, n - TABLES_BEFORE), n));
    // Each once: what went was here before only as a zombie.
    for (const gone of one.gone) {
      const key = `${gone.identity.pid}:${gone.identity.startTicks}`;
      if (!found.has(key)) found.set(key, gone);
    }
  }
  return [...found.values()];
}

function goneWith(sample: Sample, after: number, before: readonly SeenSample[]): GoneProcess[] {
  const tables = before.map((one) => one.sample.table);
  const gone = (process: Process) => new GoneProcess(process, sample.bootId, after, sample.at, tables);
  const exited = sample.changes.filter(({ change }) => change === 'exited');
  // A victim whose parent does not reap it stays in the table. A zombie that was one before is no news.
  const zombies = movedRows(sample).filter(({ state }) => state === 'Z' || state === 'X');
  return [
    ...exited.map(gone).filter((one, n) => exited[n]?.residentBytes !== 0 || !one.wasZombie()),
    ...zombies.map(gone).filter((one) => !one.wasZombie()),
  ];
}

/** A dying process shows no memory: its last figures are looked for in the tables before. */
export class GoneProcess implements Victim {
  readonly identity: ProcessIdentity;
  readonly name: string;
  /** It went between these two samples, workbench clock. */
  readonly after: number;
  readonly at: number;
  claimed = false;
  readonly #process: Process;
  readonly #tables: Tables;

  constructor(process: Process, bootId: string, after: number, at: number, tables: Tables) {
    this.identity = { bootId, pid: process.pid, startTicks: process.startTicks };
    this.name = process.name;
    this.after = after;
    this.at = at;
    this.#process = process;
    this.#tables = tables;
  }

  get command(): string {
    const { command } = this.#process;
    return command === '' ? (this.#before().find((row) => row.command !== '')?.command ?? '') : command;
  }

  get residentBytes(): number {
    return Math.max(this.#process.residentBytes, ...this.#before().map((row) => row.residentBytes));
  }

  wasZombie(): boolean {
    return this.#before().some((row) => row.state === 'Z' || row.state === 'X');
  }

  /** Its rows in the last tables. */
  #before(): ProcessRow[] {
    const { pid, startTicks } = this.identity;
    return this.#tables
      .map((rows) => rows.find((row) => row.pid === pid && row.startTicks === startTicks))
      .filter((row) => row !== undefined);
  }
}
