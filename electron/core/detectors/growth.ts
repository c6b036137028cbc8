/** One look at a number that may grow: epoch ms, value. */
export interface Point {
  at: number;
  value: number;
}

export interface GrowthRule {
  /** Over how long it must have grown, ms. */
  spanMs: number;
  /** By how much at least, absolute and as a share of what it was. */
  growth: number;
  share: number;
}

export interface Growth {
  from: Point;
  to: Point;
  perSecond: number;
  /** What its second half brought against its first: below one it slows down. */
  ratio: number;
  /** It is the least of each part of the span that grows: more is taken in between, and given back. */
  floor?: true;
}

const LEAST_POINTS = 4;
const MOST_POINTS = 240;

/** The latest looks at one number, oldest first. A hundred hosts keep a million of them: so they are numbers side by side. */
export class Points {
  /** Time, value, time, value … */
  readonly #numbers: number[] = [];
  /** Of them, how many are forgotten already. */
  #forgotten = 0;

  get length(): number {
    return (this.#numbers.length - this.#forgotten) / 2;
  }

  timeOf(n: number): number {
    return this.#numbers[this.#forgotten + 2 * n] ?? 0;
  }

  valueOf(n: number): number {
    return this.#numbers[this.#forgotten + 2 * n + 1] ?? 0;
  }

  /** The nth; counted from the end where it is negative. */
  at(n: number): Point | undefined {
    const index = n < 0 ? this.length + n : n;
    return index < 0 || index >= this.length
      ? undefined
      : { at: this.timeOf(index), value: this.valueOf(index) };
  }

  all(): Point[] {
    return Array.from({ length: this.length }, (_, n) => ({ at: this.timeOf(n), value: this.valueOf(n) }));
  }

  /** Adds a look and forgets what is older than `keepMs`. */
  add(at: number, value: number, keepMs: number): this {
    const numbers = this.#numbers;
    numbers.push(at, value);
    const oldest = at - keepMs;
    // One point at or before the start of the window stays: growth is measured from it.
    while (this.length > 2 && this.timeOf(1) <= oldest) this.#forgotten += 2;
    // All numbers are moved by that, so it is done for many at once.
    if (this.#forgotten >= 64) {
      numbers.splice(0, this.#forgotten);
      this.#forgotten = 0;
    }
    // Then every second one goes.
    if (this.length > MOST_POINTS) {
      const some = numbers.slice(this.#forgotten).filter((_, n) => (n >> 1) % 2 === 1);
      numbers.splice(0, numbers.length, ...some);
      this.#forgotten = 0;
    }
    return this;
  }
}

/**
 * Growth without release, over the last `spanMs`. Unlike a start that levels off, a single jump or a sawtooth, it goes on
 * through all of the span: some in its first half and still some in its last fifth, and next to nothing is given back.
 */
export function steadyGrowth(points: Points, rule: GrowthRule): Growth | undefined {
  const last = points.length - 1;
  const toAt = points.timeOf(last);
  const toValue = points.valueOf(last);
  // Looks that are far apart need a longer window to be four.
  const start = Math.min(lastBefore(points, toAt - rule.spanMs), points.length - LEAST_POINTS);
  if (start < 0) return undefined;
  const fromAt = points.timeOf(start);
  const fromValue = points.valueOf(start);
  const total = toValue - fromValue;
  if (total < rule.growth || total < rule.share * fromValue || total <= 0) return undefined;
  const span = toAt - fromAt;
  let highest = fromValue;
  let half = fromValue;
  let fifth = fromValue;
  for (let n = start; n <= last; n++) {
    const after = points.timeOf(n) - fromAt;
    const value = points.valueOf(n);
    highest = Math.max(highest, value);
    if (highest - value > total * 0.1) return undefined;
    if (after <= span / 2) half = value;
    if (after <= span * 0.8) fifth = value;
  }
  const early = (half - fromValue) / total;
  const late = (toValue - fifth) / total;
  if (early < 0.15 || early > 0.85 || late < 0.08) return undefined;
  return {
    from: { at: fromAt, value: fromValue },
    to: { at: toAt, value: toValue },
    perSecond: (total * 1000) / span,
    ratio: (1 - early) / early,
  };
}

const PARTS = 5;

/**
 * Growth of what is never given back: of a heap that is swept again and again, and keeps a little more each time. The least of
 * each fifth of the span is clearly more than that of the fifth before.
 */
export function risingFloor(points: Points, rule: GrowthRule): Growth | undefined {
  const last = points.length - 1;
  const toAt = points.timeOf(last);
  const start = lastBefore(points, toAt - rule.spanMs);
  if (start < 0 || last - start < PARTS * LEAST_POINTS) return undefined;
  const fromAt = points.timeOf(start);
  const lows: Point[] = [];
  for (let n = start; n <= last; n++) {
    const part = Math.min(PARTS - 1, Math.floor(((points.timeOf(n) - fromAt) * PARTS) / (toAt - fromAt)));
    const value = points.valueOf(n);
    if (value < (lows[part]?.value ?? Number.POSITIVE_INFINITY)) lows[part] = { at: points.timeOf(n), value };
  }
  const [from, middle, to] = [lows[0], lows[2], lows[PARTS - 1]];
  if (!from || !middle || !to) return undefined;
  const total = to.value - from.value;
  if (total < rule.growth || total < rule.share * from.value || total <= 0) return undefined;
  const steps = lows.slice(1).map((low, n) => low.value - (lows[n]?.value ?? low.value));
  if (lows.length < PARTS || steps.some((step) => step < total * 0.1)) return undefined;
  return {
    from,
    to,
    perSecond: (total * 1000) / (to.at - from.at),
    ratio: (to.value - middle.value) / (middle.value - from.value),
    floor: true,
  };
}

/** The last of them that is at this time or before; -1: none. Most are asked for in vain, so that this must cost little. */
function lastBefore(points: Points, at: number): number {
  let low = -1;
  let high = points.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (points.timeOf(middle) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** For an event's detail: at most forty looks, evenly chosen, the first and the last among them. */
export function history(points: Points): number[][] {
  const step = Math.max(1, Math.ceil(points.length / 40));
  return points
    .all()
    .filter((_, n) => (points.length - 1 - n) % step === 0 || n === 0)
    .map(({ at, value }) => [at, Math.round(value * 1000) / 1000]);
}
