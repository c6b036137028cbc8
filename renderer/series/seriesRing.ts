import { METRICS, type MetricVector } from '../../shared/model/metric.ts';

/** Consecutive ticks further apart than this have a gap between them (one tick a second; one may be late). */
export const GAP_MS = 2500;

/**
 * A window of one host's series, oldest first: an index is a tick. Values that are not known are NaN, and so is all outside. Valid until the
 * ring takes its next tick: read it, do not keep it.
 */
export interface SeriesView {
  readonly from: number;
  readonly to: number;
  /** Ticks in `[from, to]`, with one more on each side where there is one, so that lines reach the edge. */
  readonly length: number;
  /** Ticks further apart than this are a gap. */
  readonly gapMs: number;
  /** Cores that any tick of the ring has shown. */
  readonly coreCount: number;
  timeAt(index: number): number;
  /** `metric`: a position in METRICS. */
  valueAt(metric: number, index: number): number;
  /** Busy share of one core in steps of 0.5 %. */
  coreAt(core: number, index: number): number;
}

/** Busy shares of cores are kept in a byte: 200 is a whole core, 255 not known. */
const CORE_STEPS = 200;
const CORE_UNKNOWN = 255;

/**
 * The newest `capacity` ticks of one host, one typed-array row a metric. 34 metrics × 3,700 ticks as Float32 are 0.5 MB a
 * host; 24 bits of mantissa hold a terabyte to 64 KiB, finer than any chart shows. Times are Float64.
 */
export class SeriesRing {
  readonly capacity: number;
  #times: Float64Array;
  #values: Float32Array;
  #cores = new Uint8Array(0);
  #coreCount = 0;
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#times = new Float64Array(capacity);
    this.#values = new Float32Array(capacity * METRICS.length);
  }

  get length(): number {
    return this.#length;
  }

  get oldestAt(): number | undefined {
    return this.#length === 0 ? undefined : this.#timeAt(0);
  }

  get newestAt(): number | undefined {
    return this.#length === 0 ? undefined : this.#timeAt(this.#length - 1);
  }

  /** Takes a tick. One that is not newer than the newest is merged into its place. */
  append(vector: MetricVector): void {
    const newest = this.newestAt;
    if (newest !== undefined && vector.at <= newest) {
      this.merge([vector]);
      return;
    }
    this.#push(vector);
  }

  /** Sorts older ticks in; of two with one time the one that is here stays. */
  merge(vectors: readonly MetricVector[]): void {
    if (vectors.length === 0) return;
    const here: MetricVector[] = [];
    for (let i = 0; i < this.#length; i++) here.push(this.#read(i));
    const known = new Set(here.map((v) => v.at));
    const all = [...here, ...vectors.filter((v) => !known.has(v.at))].sort((a, b) => a.at - b.at);
    this.#head = 0;
    this.#length = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (const vector of all.slice(-this.capacity)) {
      if (vector.at === last) continue;
      last = vector.at;
      this.#push(vector);
    }
  }

  /** Ticks of `[from, to]` and one neighbour on each side. */
  window(from: number, to: number, gapMs = GAP_MS): SeriesView {
    const first = Math.max(0, this.#firstAtOrAfter(from) - 1);
    const end = Math.min(this.#length, this.#firstAtOrAfter(to + 0.5) + 1);
    const metrics = METRICS.length;
    const length = Math.max(0, end - first);
    const outside = (index: number) => index < 0 || index >= length;
    return {
      from,
      to,
      length,
      gapMs,
      coreCount: this.#coreCount,
      timeAt: (index) => (outside(index) ? Number.NaN : this.#timeAt(first + index)),
      valueAt: (metric, index) =>
        outside(index)
          ? Number.NaN
          : (this.#values[this.#slot(first + index) * metrics + metric] ?? Number.NaN),
      coreAt: (core, index) => (outside(index) ? Number.NaN : this.#coreAt(core, this.#slot(first + index))),
    };
  }

  #push(vector: MetricVector): void {
    if (vector.cores.length > this.#coreCount) this.#growCores(vector.cores.length);
    const slot = this.#head;
    this.#head = (this.#head + 1) % this.capacity;
    this.#length = Math.min(this.capacity, this.#length + 1);
    this.#times[slot] = vector.at;
    const base = slot * METRICS.length;
    for (let i = 0; i < METRICS.length; i++) this.#values[base + i] = vector.values[i] ?? Number.NaN;
    for (let core = 0; core < this.#coreCount; core++) {
      const share = vector.cores[core];
      this.#cores[slot * this.#coreCount + core] =
        share === undefined || Number.isNaN(share)
          ? CORE_UNKNOWN
          : Math.round(Math.min(1, Math.max(0, share)) * CORE_STEPS);
    }
  }

  /** Cores may be hot-plugged: the rows are laid out anew. */
  #growCores(count: number): void {
    const grown = new Uint8Array(this.capacity * count).fill(CORE_UNKNOWN);
    for (let slot = 0; slot < this.capacity && this.#coreCount > 0; slot++) {
      grown.set(this.#cores.subarray(slot * this.#coreCount, (slot + 1) * this.#coreCount), slot * count);
    }
    this.#cores = grown;
    this.#coreCount = count;
  }

  #read(index: number): MetricVector {
    const slot = this.#slot(index);
    const values = this.#values.subarray(slot * METRICS.length, (slot + 1) * METRICS.length);
    const cores: number[] = [];
    for (let core = 0; core < this.#coreCount; core++) cores.push(this.#coreAt(core, slot));
    return { at: this.#times[slot] ?? 0, values: [...values], cores };
  }

  #coreAt(core: number, slot: number): number {
    const step = this.#cores[slot * this.#coreCount + core] ?? CORE_UNKNOWN;
    return core >= this.#coreCount || step === CORE_UNKNOWN ? Number.NaN : step / CORE_STEPS;
  }

  #slot(index: number): number {
    return (this.#head - this.#length + index + this.capacity) % this.capacity;
  }

  #timeAt(index: number): number {
    return this.#times[this.#slot(index)] ?? Number.NaN;
  }

  #firstAtOrAfter(time: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timeAt(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The index of the tick nearest to `time`, or -1 when none is within a gap's length of it. */
export function nearestTick(view: SeriesView, time: number): number {
  let low = 0;
  let high = view.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.timeAt(middle) < time) low = middle + 1;
    else high = middle;
  }
  const after = low < view.length ? view.timeAt(low) - time : Number.POSITIVE_INFINITY;
  const before = low > 0 ? time - view.timeAt(low - 1) : Number.POSITIVE_INFINITY;
  if (Math.min(after, before) > view.gapMs) return -1;
  return after < before ? low : low - 1;
}
