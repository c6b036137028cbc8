import type { Sample } from '../../../shared/model/sample.ts';

/** Shares of all cores (0…1), and where what was busy went, in cores. */
export interface CpuMeans {
  spanMs: number;
  busy: number;
  steal: number;
  iowait: number;
  visible: number;
  reaped: number;
  unattributed: number;
}

/** What is kept of a tick: eight numbers side by side. The whole sample, with its table, would be held for long. */
const NUMBERS = 8;
const [AT, INTERVAL, BUSY, STEAL, IOWAIT, VISIBLE, REAPED, UNATTRIBUTED] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Where the CPU of a host went in its latest ticks. */
export class CpuWindow {
  /** Oldest first. */
  readonly #numbers: number[] = [];
  #spanMs = 0;

  /** How much time its ticks cover. */
  get spanMs(): number {
    return this.#spanMs;
  }

  /** When the oldest of them came, epoch ms; 0: there is none. */
  get oldestAt(): number {
    return this.#numbers[AT] ?? 0;
  }

  /** Adds a tick, and forgets those that are not needed to cover the last `keepMs`. */
  add(sample: Sample, keepMs: number): void {
    const { at, intervalMs, cpu, balance } = sample;
    const { visible, reaped, unattributed } = balance;
    const numbers = this.#numbers;
    numbers.push(at, intervalMs, busyOf(sample), cpu.steal, cpu.iowait, visible, reaped, unattributed);
    this.#spanMs += intervalMs;
    while ((numbers[NUMBERS + AT] ?? Number.POSITIVE_INFINITY) <= at - keepMs) {
      this.#spanMs -= numbers[INTERVAL] ?? 0;
      numbers.splice(0, NUMBERS);
    }
  }

  /** Each weighed by its tick's length. */
  means(): CpuMeans {
    const mean = (which: number) => {
      let sum = 0;
      for (let n = 0; n < this.#numbers.length; n += NUMBERS)
        sum += (this.#numbers[n + which] ?? 0) * (this.#numbers[n + INTERVAL] ?? 0);
      return sum / Math.max(1, this.#spanMs);
    };
    return {
      spanMs: this.#spanMs,
      busy: mean(BUSY),
      steal: mean(STEAL),
      iowait: mean(IOWAIT),
      visible: mean(VISIBLE),
      reaped: mean(REAPED),
      unattributed: mean(UNATTRIBUTED),
    };
  }
}

/** The share of all cores that did something. */
export function busyOf({ cpu }: Sample): number {
  return 1 - cpu.idle - cpu.iowait;
}
