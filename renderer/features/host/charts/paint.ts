import type { SeriesView } from '../../../series/seriesRing.ts';
import type { Surface } from '../../../series/surface.ts';
import { colour } from '../../../series/themeColours.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import { type ChartSpec, isKnown, type Layer } from './chartSpec.ts';
import { gapsOf } from './gaps.ts';
import { hatch } from './hatch.ts';
import { eachStretch } from './stretches.ts';

/** Where on a surface the values are drawn, and how values become pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

type Scale = (value: number) => number;

export function timeScale(box: Box, view: SeriesView): Scale {
  const perMs = box.width / (view.to - view.from);
  return (at) => box.left + (at - view.from) * perMs;
}

/** Areas on each other, filled whole; each stretch between gaps is its own area. `sign` -1 hangs them under `zero`. */
function paintStack(
  surface: Surface,
  view: SeriesView,
  layers: readonly Layer[],
  x: Scale,
  zero: number,
  pixelsPerUnit: number,
  sign: 1 | -1 = 1,
): void {
  if (layers.length === 0 || view.length === 0) return;
  const { context } = surface;
  const base = new Float32Array(view.length);
  const top = new Float32Array(view.length);
  for (const layer of layers) {
    for (let i = 0; i < view.length; i++) top[i] = (base[i] ?? 0) + layer.read(view, i);
    context.fillStyle = colour(layer.colour);
    eachStretch(
      view,
      (i) => !Number.isNaN(top[i] ?? Number.NaN),
      (first, last) => {
        const y = (value: number | undefined) => zero - sign * (value ?? 0) * pixelsPerUnit;
        context.beginPath();
        context.moveTo(x(view.timeAt(first)), y(base[first]));
        for (let i = first; i <= last; i++) context.lineTo(x(view.timeAt(i)), y(top[i]));
        // A lone tick between two gaps is a pixel wide, so that it is seen.
        if (first === last) context.lineTo(x(view.timeAt(first)) + 1, y(top[first]));
        if (first === last) context.lineTo(x(view.timeAt(first)) + 1, y(base[first]));
        for (let i = last; i >= first; i--) context.lineTo(x(view.timeAt(i)), y(base[i]));
        context.closePath();
        context.fill();
      },
    );
    for (let i = 0; i < view.length; i++) {
      const value = top[i] ?? Number.NaN;
      if (!Number.isNaN(value)) base[i] = value;
    }
  }
}

function paintLine(surface: Surface, view: SeriesView, layer: Layer, x: Scale, y: Scale, width = 1.25): void {
  const { context } = surface;
  context.strokeStyle = colour(layer.colour);
  context.lineWidth = width;
  context.lineJoin = 'round';
  context.setLineDash(layer.dashed ? [3, 3] : []);
  eachStretch(
    view,
    (i) => Number.isFinite(layer.read(view, i)),
    (first, last) => {
      context.beginPath();
      for (let i = first; i <= last; i++) context.lineTo(x(view.timeAt(i)), y(layer.read(view, i)));
      if (first === last) context.lineTo(x(view.timeAt(first)) + 1, y(layer.read(view, first)));
      context.stroke();
    },
  );
  context.setLineDash([]);
}

/** Slanted hairlines where data is missing. */
export function paintGaps(surface: Surface, series: WindowSeries, box: Box, x: Scale, now: number): void {
  for (const gap of gapsOf(series, now)) {
    const left = Math.max(box.left, x(gap.from));
    const right = Math.min(box.left + box.width, x(gap.to));
    paintHatch(surface, { left, top: box.top, width: right - left, height: box.height });
  }
}

function paintHatch({ context }: Surface, box: Box): void {
  context.save();
  context.translate(0, box.top);
  context.strokeStyle = colour('--line-strong');
  context.lineWidth = 1;
  context.stroke(new Path2D(hatch(box.left, box.left + box.width, box.height)));
  context.restore();
}

/** One whole chart without axes and words: what a frame puts round it is HTML. */
export function paintChart(
  surface: Surface,
  series: WindowSeries,
  spec: ChartSpec,
  top: number,
  rightTop: number,
): void {
  const { view } = series;
  const { width, height, context } = surface;
  const box = { left: 0, top: 0, width, height };
  const x = timeScale(box, view);
  const mirrored = spec.below.length > 0;
  const zero = mirrored ? height / 2 : height;
  const perUnit = zero / top;
  if (!isKnown(spec, view)) return;
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  paintStack(surface, view, spec.stack, x, zero, perUnit);
  paintStack(surface, view, spec.below, x, zero, perUnit, -1);
  for (const layer of spec.lines) paintLine(surface, view, layer, x, (value) => zero - value * perUnit);
  for (const layer of spec.right)
    paintLine(surface, view, layer, x, (value) => zero - (value * zero) / rightTop);
  context.restore();
  if (mirrored) {
    context.fillStyle = colour('--line-strong');
    context.fillRect(0, Math.round(zero), width, 1);
  }
}
