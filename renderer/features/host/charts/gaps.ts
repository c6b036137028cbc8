import type { WindowSeries } from '../../../series/windowSeries.ts';

/** A stretch of the window without ticks. `open`: data has stopped and nothing came since. */
export interface Gap {
  from: number;
  to: number;
  open: boolean;
}

/** A tick is due every second; the newest may be one late before the chart calls itself stale. */
export const STALE_MS = 3500;

/**
 * Where the window has no data although it could have: between ticks that stand too far apart, and, when the window ends
 * now, from the last tick on. Before the first tick nothing is claimed: sampling may not have begun.
 */
export function gapsOf(series: WindowSeries, now: number): Gap[] {
  const { view, newestAt } = series;
  const gaps: Gap[] = [];
  for (let i = 1; i < view.length; i++) {
    const before = view.timeAt(i - 1);
    const after = view.timeAt(i);
    if (after - before > view.gapMs && after > view.from && before < view.to) {
      gaps.push({ from: Math.max(before, view.from), to: Math.min(after, view.to), open: false });
    }
  }
  const stale = staleMs(series, now);
  if (stale !== undefined && newestAt !== undefined && newestAt < view.to) {
    gaps.push({ from: Math.max(newestAt, view.from), to: Math.min(now, view.to), open: true });
  }
  return gaps.filter((gap) => gap.to > gap.from);
}

/** For how long nothing has come, once that is too long; `undefined` while it is live, or when nothing ever came. */
export function staleMs({ newestAt }: Pick<WindowSeries, 'newestAt'>, now: number): number | undefined {
  if (newestAt === undefined || now - newestAt <= STALE_MS) return undefined;
  return now - newestAt;
}
