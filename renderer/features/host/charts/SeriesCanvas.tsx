import { useRef } from 'react';
import type { HostId } from '../../../../shared/model/host.ts';
import { onSurface, type Surface } from '../../../series/surface.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import { useSeriesDrawing } from './useSeriesDrawing.ts';

export type DrawSeries = (surface: Surface, series: WindowSeries, now: number) => void;

/** A canvas with the shared window of one host. */
export function SeriesCanvas({
  host,
  draw,
  className,
}: {
  host: HostId;
  draw: DrawSeries;
  className?: string | undefined;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSeriesDrawing(canvas, {
    host,
    draw: (element, size, series, now) => onSurface(element, (surface) => draw(surface, series, now))(size),
  });
  return <canvas ref={canvas} className={className} />;
}
