import type { ProcessIdentity, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { Victim } from './oomKillEvent.ts';

/** The process tables of the last ticks, the newest last. Never written to. */
export type Tables = readonly (readonly ProcessRow[])[];

/** Processes end all the time, and hardly one is ever asked for: its last figures are looked for then. */
export class GoneProcess implements Victim {
  readonly pid: number;
  readonly startTicks: number;
  readonly name: string;
  /** It went between these two samples, workbench clock. */
  readonly after: number;
  readonly at: number;
  claimed = false;
  readonly #bootId: string;
  readonly #process: { command: string; residentBytes: number };
  readonly #tables: Tables;

  constructor(
    process: { pid: number; startTicks: number; name: string; command: string; residentBytes: number },
    sample: Sample,
    lastSampleAt: number | undefined,
    tables: Tables,
  ) {
    this.pid = process.pid;
    this.startTicks = process.startTicks;
    this.#bootId = sample.bootId;
    this.name = process.name;
    this.after = lastSampleAt ?? sample.at;
    this.at = sample.at;
    this.#process = process;
    this.#tables = tables;
  }

  get identity(): ProcessIdentity {
    return { bootId: this.#bootId, pid: this.pid, startTicks: this.startTicks };
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
    return this.#tables
      .map((rows) => rows.find((row) => row.pid === this.pid && row.startTicks === this.startTicks))
      .filter((row) => row !== undefined);
  }
}
