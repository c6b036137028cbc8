import type { ProcessChange, ProcessIdentity, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { movedGlance } from './movedGlance.ts';
import type { Victim } from './oomKillEvent.ts';

/** The process tables of the last ticks, the newest last. Never written to. */
export type Tables = readonly (readonly ProcessRow[])[];

type Process = Pick<ProcessRow, 'pid' | 'startTicks' | 'name' | 'command' | 'residentBytes'>;

/** Processes end all the time, and hardly one is ever asked for: who they were, and their last figures, are looked for then. */
export class GoneProcesses {
  readonly at: number;
  readonly #after: number;
  readonly #bootId: string;
  readonly #changes: readonly ProcessChange[];
  readonly #zombies: readonly ProcessRow[];
  readonly #tables: Tables;
  #all: readonly GoneProcess[] | undefined;

  /** Of those that a sample says are gone, or are zombies now; undefined where there is none. */
  static of(sample: Sample, lastSampleAt: number | undefined, tables: Tables): GoneProcesses | undefined {
    // A victim whose parent does not reap it stays in the table.
    const zombies = tables.length === 0 ? NONE : movedGlance(sample).zombies;
    if (zombies.length === 0 && !sample.changes.some(isExit)) return undefined;
    return new GoneProcesses(sample, zombies, lastSampleAt ?? sample.at, tables);
  }

  private constructor(sample: Sample, zombies: readonly ProcessRow[], after: number, tables: Tables) {
    this.at = sample.at;
    this.#after = after;
    this.#bootId = sample.bootId;
    this.#changes = sample.changes;
    this.#zombies = zombies;
    this.#tables = tables;
  }

  /** The same objects each time. */
  get all(): readonly GoneProcess[] {
    this.#all ??= [
      ...this.#changes.filter(isExit).map((one) => this.#gone(one, false)),
      ...this.#zombies.map((one) => this.#gone(one, true)),
    ].filter((one) => one !== undefined);
    return this.#all;
  }

  #gone(process: Process, zombie: boolean): GoneProcess | undefined {
    const one = new GoneProcess(process, this.#bootId, this.#after, this.at, this.#tables);
    // A zombie that was one before is no news.
    return (zombie || process.residentBytes === 0) && one.wasZombie() ? undefined : one;
  }
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

const NONE: readonly ProcessRow[] = [];

const isExit = ({ change }: ProcessChange) => change === 'exited';
