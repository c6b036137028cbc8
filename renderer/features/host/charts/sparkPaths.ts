import type { Size } from '../../../series/frameLoop.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import type { Layer } from './chartSpec.ts';
import { gapsOf } from './gaps.ts';
import { hatch } from './hatch.ts';
import { eachStretch } from './stretches.ts';

/**
 * A small picture as SVG path data: layers on each other, a share of 1 as high as the picture, and slanted hairlines where
 * data is missing. Each area reaches down to the bottom, and belongs behind those of the layers before it: so a point is
 * told once, and no seam shows. Nothing is outside the picture, which therefore needs no clip.
 */
export function sparkPaths(
  series: WindowSeries,
  now: number,
  layers: readonly Layer[],
  { width, height }: Size,
): { areas: string[]; gaps: string } {
  const { view } = series;
  const perMs = width / (view.to - view.from);
  const x = (at: number) => within((at - view.from) * perMs, width);
  const top = new Float32Array(view.length);
  const areas = layers.map((layer) => {
    const known = new Uint8Array(view.length);
    let adds = false;
    for (let i = 0; i < view.length; i++) {
      const value = layer.read(view, i);
      if (Number.isNaN(value)) continue;
      known[i] = 1;
      top[i] = (top[i] ?? 0) + value;
      if (value > 0) adds = true;
    }
    let path = '';
    if (!adds) return path;
    eachStretch(
      view,
      (i) => known[i] === 1,
      (first, last) => {
        path += `M${x(view.timeAt(first))} ${height}`;
        for (let i = first; i <= last; i++)
          path += `L${x(view.timeAt(i))} ${within(height - (top[i] ?? 0) * height, height)}`;
        // A lone tick between two gaps is a pixel wide, so that it is seen.
        path += `${first === last ? 'h1' : ''}V${height}Z`;
      },
    );
    return path;
  });
  return {
    areas,
    gaps: gapsOf(series, now)
      .map(({ from, to }) => hatch(x(from), x(to), height))
      .join(''),
  };
}

/** A tenth of a pixel is as fine as anyone sees. */
const within = (value: number, most: number) => Math.round(Math.max(0, Math.min(most, value)) * 10) / 10;
