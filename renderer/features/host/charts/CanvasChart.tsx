import type { HostId } from '../../../../shared/model/host.ts';
import styles from './Chart.module.css';
import type { Axes } from './ChartFrame.tsx';
import type { ChartSpec } from './chartSpec.ts';
import { paintChart } from './paint.ts';
import { SeriesCanvas } from './SeriesCanvas.tsx';

/** A chart's values on canvas: for many charts at once. */
export function CanvasChart({ spec, host, axes }: { spec: ChartSpec; host: HostId; axes: Axes }) {
  return (
    <SeriesCanvas
      host={host}
      className={styles.canvas}
      draw={(surface, series) => paintChart(surface, series, spec, axes.left.top, axes.right?.top ?? 1)}
    />
  );
}
