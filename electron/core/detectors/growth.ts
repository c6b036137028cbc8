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
}

const LEAST_POINTS = 4;
const MOST_POINTS = 240;

/** Adds a look and forgets what is older than `keepMs`. A look that is too soon after the last is not kept by itself. */
export function addPoint(points: Point[], point: Point, keepMs: number): void {
  points.push(point);
  const oldest = point.at - keepMs;
  // One point at or before the start of the window stays: growth is measured from it.
  while (points.length > 2 && (points[1]?.at ?? point.at) <= oldest) points.shift();
  if (points.length > MOST_POINTS) points.splice(0, points.length, ...points.filter((_, n) => n % 2 === 1));
}

/**
 * Growth without release, over the last `spanMs`. Unlike a start that levels off, a single jump or a sawtooth, it goes on
 * through all of the span: some in its first half and still some in its last fifth, and next to nothing is given back.
 */
export function steadyGrowth(points: readonly Point[], rule: GrowthRule): Growth | undefined {
  const to = points.at(-1);
  if (!to) return undefined;
  // Looks that are far apart need a longer window to be four.
  const start = Math.min(lastBefore(points, to.at - rule.spanMs), points.length - LEAST_POINTS);
  const from = points[start];
  if (!from) return undefined;
  const total = to.value - from.value;
  if (total < rule.growth || total < rule.share * from.value || total <= 0) return undefined;
  const span = to.at - from.at;
  let highest = from.value;
  let half = from.value;
  let fifth = from.value;
  for (let n = start; n < points.length; n++) {
    const { at, value } = points[n] ?? to;
    highest = Math.max(highest, value);
    if (highest - value > total * 0.1) return undefined;
    if (at - from.at <= span / 2) half = value;
    if (at - from.at <= span * 0.8) fifth = value;
  }
  const early = (half - from.value) / total;
  const late = (to.value - fifth) / total;
  if (early < 0.15 || early > 0.85 || late < 0.08) return undefined;
  return { from, to, perSecond: (total * 1000) / span };
}

/** The last of them that is at this time or before; -1: none. Most are asked for in vain, so that this must cost little. */
function lastBefore(points: readonly Point[], at: number): number {
  let low = -1;
  let high = points.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((points[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** For an event's detail: at most forty looks, evenly chosen, the first and the last among them. */
export function history(points: readonly Point[]): number[][] {
  const step = Math.max(1, Math.ceil(points.length / 40));
  return points
    .filter((_, n) => (points.length - 1 - n) % step === 0 || n === 0)
    .map(({ at, value }) => [at, Math.round(value * 1000) / 1000]);
}
