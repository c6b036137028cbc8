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
  /** A ring of lines, which grows when it is full. */
  #numbers = new Float64Array(32 * NUMBERS);
  /** The place of the oldest line, and how many there are. */
  #first = 0;
  #count = 0;
  #spanMs = 0;

  /** How much time its ticks cover. */
  get spanMs(): number {
    return this.#spanMs;
  }

  /** When the oldest of them came, epoch ms; 0: there is none. */
  get oldestAt(): number {
    return this.#count === 0 ? 0 : this.#number(0, AT);
  }

  /** Adds a tick, and forgets those that are not needed to cover the last `keepMs`. */
  add(sample: Sample, keepMs: number): void {
    const { at, intervalMs, cpu, balance } = sample;
    if (this.#count * NUMBERS === this.#numbers.length) this.#grow();
    const line = this.#line(this.#count++);
    const numbers = this.#numbers;
    numbers[line + AT] = at;
    numbers[line + INTERVAL] = intervalMs;
    numbers[line + BUSY] = busyOf(sample);
    numbers[line + STEAL] = cpu.steal;
    numbers[line + IOWAIT] = cpu.iowait;
    numbers[line + VISIBLE] = balance.visible;
    numbers[line + REAPED] = balance.reaped;
    numbers[line + UNATTRIBUTED] = balance.unattributed;
    this.#spanMs += intervalMs;
    while (this.#count > 1 && this.#number(1, AT) <= at - keepMs) {
      this.#spanMs -= this.#number(0, INTERVAL);
      this.#first = this.#line(1) / NUMBERS;
      this.#count--;
    }
  }

  /** Each weighed by its tick's length. */
  means(): CpuMeans {
    const mean = (which: number) => {
      let sum = 0;
      for (let n = 0; n < this.#count; n++) sum += this.#number(n, which) * this.#number(n, INTERVAL);
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

  /** Where the nth line begins, the oldest being the first. */
  #line(n: number): number {
    return ((this.#first + n) * NUMBERS) % this.#numbers.length;
  }

  #number(n: number, which: number): number {
    return this.#numbers[this.#line(n) + which] ?? 0;
  }

  #grow(): void {
    const before = this.#numbers;
    const from = this.#first * NUMBERS;
    this.#numbers = new Float64Array(before.length * 2);
    this.#numbers.set(before.subarray(from));
    this.#numbers.set(before.subarray(0, from), before.length - from);
    this.#first = 0;
  }
}

/** The share of all cores that did something. */
export function busyOf({ cpu }: Sample): number {
  return 1 - cpu.idle - cpu.iowait;
}
