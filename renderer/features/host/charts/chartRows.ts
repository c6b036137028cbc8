import type { SeriesView } from '../../../series/seriesRing.ts';
import { type ChartSpec, layersOf } from './chartSpec.ts';

/**
 * A row for Recharts: milliseconds from the window's beginning, and a value a layer; `null` is a gap. Layers below zero are
 * negative.
 */
export type ChartRow = { at: number } & Record<string, number | null>;

/**
 * At most `maximum` rows. Of each bucket of time the tick with the highest total stays, so that a spike is never thinned
 * away, and its values stay those of one moment. Buckets stand on whole multiples of their width: a sliding window
 * keeps its picture. Between ticks that are a gap apart stands a row of nulls.
 */
export function chartRows(spec: ChartSpec, view: SeriesView, maximum = 240): ChartRow[] {
  const layers = layersOf(spec);
  const width = bucketWidth(view, maximum);
  const rows: ChartRow[] = [];
  let previous: number | undefined;
  let index = 0;
  while (index < view.length) {
    const bucket = Math.floor(view.timeAt(index) / width);
    let chosen = index;
    let best = Number.NEGATIVE_INFINITY;
    let end = index;
    while (end < view.length && Math.floor(view.timeAt(end) / width) === bucket) {
      if (end > index && view.timeAt(end) - view.timeAt(end - 1) > view.gapMs) break;
      let total = 0;
      for (const layer of layers) total += layer.read(view, end) || 0;
      if (total > best) {
        best = total;
        chosen = end;
      }
      end++;
    }
    const first = view.timeAt(index);
    if (previous !== undefined && first - previous > view.gapMs)
      rows.push(gapRow(spec, previous + 1 - view.from));
    rows.push(row(spec, view, chosen));
    previous = view.timeAt(end - 1);
    index = end;
  }
  return rows;
}

function bucketWidth(view: SeriesView, maximum: number): number {
  if (view.length <= maximum) return 1;
  const span = view.timeAt(view.length - 1) - view.timeAt(0);
  const raw = span / (maximum - 2);
  return Math.ceil(raw / 1000) * 1000;
}

function row(spec: ChartSpec, view: SeriesView, index: number): ChartRow {
  const made: ChartRow = { at: view.timeAt(index) - view.from };
  const below = new Set(spec.below);
  for (const layer of layersOf(spec)) {
    const value = layer.read(view, index);
    made[layer.key] = Number.isFinite(value) ? (below.has(layer) ? -value : value) : null;
  }
  return made;
}

function gapRow(spec: ChartSpec, at: number): ChartRow {
  const made: ChartRow = { at };
  for (const layer of layersOf(spec)) made[layer.key] = null;
  return made;
}
