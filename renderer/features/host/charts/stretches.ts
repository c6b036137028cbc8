import type { SeriesView } from '../../../series/seriesRing.ts';

/** Runs of ticks that follow each other without a gap and all of which are known. */
export function eachStretch(
  view: SeriesView,
  known: (index: number) => boolean,
  take: (first: number, last: number) => void,
): void {
  let first = -1;
  for (let i = 0; i <= view.length; i++) {
    const goes = i < view.length && known(i);
    const joined = goes && first >= 0 && view.timeAt(i) - view.timeAt(i - 1) <= view.gapMs;
    if (first >= 0 && !joined) {
      take(first, i - 1);
      first = -1;
    }
    if (goes && first < 0) first = i;
  }
}
