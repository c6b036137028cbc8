import { useRef } from 'react';
import type { HostId } from '../../../../shared/model/host.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import type { Layer } from './chartSpec.ts';
import styles from './Spark.module.css';
import { sparkPaths } from './sparkPaths.ts';
import { useSeriesDrawing } from './useSeriesDrawing.ts';

/** While live, sparklines show the last two minutes. */
const SPARK_MS = 120_000;

/**
 * A sparkline: layers of shares on each other, without axes. A fleet has eighty of them: as canvases each was a layer of its
 * own to the browser, and putting the layers together took 3.5 of the 5 ms of every frame of the page, an echo's too.
 * `onDraw` is told with each drawing, so that the numbers beside it are written with it.
 */
export function Spark({
  host,
  layers,
  className,
  onDraw,
}: {
  host: HostId;
  layers: readonly Layer[];
  className?: string | undefined;
  onDraw?: (series: WindowSeries, now: number) => void;
}) {
  const svg = useRef<SVGSVGElement>(null);
  useSeriesDrawing(svg, {
    host,
    liveSpanMs: SPARK_MS,
    draw: (element, size, series, now) => {
      const { areas, gaps } = sparkPaths(series, now, layers, size);
      const paths = [gaps, ...areas.reverse()];
      for (const [place, path] of paths.entries()) element.children[place]?.setAttribute('d', path);
      onDraw?.(series, now);
    },
  });
  return (
    <svg ref={svg} className={`${styles.spark} ${className ?? ''}`} aria-hidden="true">
      <path className={styles.gaps} />
      {layers.toReversed().map(({ key, colour }) => (
        <path key={key} style={{ fill: `var(${colour})` }} />
      ))}
    </svg>
  );
}
