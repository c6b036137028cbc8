import { useRef } from 'react';
import type { HostId } from '../../../../shared/model/host.ts';
import type { SeriesView } from '../../../series/seriesRing.ts';
import type { Surface } from '../../../series/surface.ts';
import { colour } from '../../../series/themeColours.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import styles from './Chart.module.css';
import { pointCrosshair, useCrosshairLine } from './crosshair.ts';
import { paintGaps, timeScale } from './paint.ts';
import { SeriesCanvas } from './SeriesCanvas.tsx';

/** Rows of fewer pixels than this cannot be told apart: neighbours then share a row, which shows the busiest of them. */
const LEAST_ROW = 2;

/** One row a core, time along it, stronger where busier: up to 128 cores in the height of a chart's head. */
export function CoreStrip({ host, series, cores }: { host: HostId; series: WindowSeries; cores: number }) {
  const line = useRef<HTMLDivElement>(null);
  const { view } = series;
  useCrosshairLine(line, view);
  return (
    <div className={styles.cores} style={{ height: Math.min(64, Math.max(14, cores * 4)) }}>
      <span className={styles.coresLabel}>{cores === 1 ? '1 core' : `${cores} cores`}</span>
      <div
        className={styles.coresPlot}
        role="img"
        aria-label={`Busy share of ${cores === 1 ? 'the only core' : `each of ${cores} cores`} over time; ${saturated(view)} above 90 % now`}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          pointCrosshair(view.from + ((event.clientX - box.left) / box.width) * (view.to - view.from));
        }}
        onPointerLeave={() => pointCrosshair(undefined)}
      >
        <SeriesCanvas host={host} className={styles.canvas} draw={paintCores} />
        <div ref={line} className={styles.crosshair} />
      </div>
    </div>
  );
}

function saturated(view: SeriesView): number {
  let count = 0;
  for (let core = 0; core < view.coreCount; core++) if (view.coreAt(core, view.length - 1) > 0.9) count++;
  return count;
}

function paintCores(surface: Surface, series: WindowSeries, now: number): void {
  const { context, width, height } = surface;
  const { view } = series;
  const x = timeScale({ left: 0, top: 0, width, height }, view);
  paintGaps(surface, series, { left: 0, top: 0, width, height }, x, now);
  if (view.coreCount === 0 || view.length === 0) return;
  const rows = Math.min(view.coreCount, Math.floor(height / LEAST_ROW));
  const perRow = Math.ceil(view.coreCount / rows);
  const shown = Math.ceil(view.coreCount / perRow);
  const rowHeight = height / shown;
  const gutter = rowHeight >= 4 ? 1 : 0;
  context.fillStyle = colour('--cpu-user');
  for (let i = 0; i < view.length; i++) {
    const left = x(view.timeAt(i));
    const next = i + 1 < view.length ? view.timeAt(i + 1) : view.timeAt(i) + 1000;
    const right = Math.min(width, next - view.timeAt(i) > view.gapMs ? x(view.timeAt(i) + 1000) : x(next));
    for (let row = 0; row < shown; row++) {
      let busiest = Number.NaN;
      for (let core = row * perRow; core < Math.min(view.coreCount, (row + 1) * perRow); core++) {
        const share = view.coreAt(core, i);
        if (!(share <= busiest)) busiest = Number.isNaN(share) ? busiest : share;
      }
      if (Number.isNaN(busiest)) continue;
      // Idle cores stay faintly visible: a row without colour would be a gap.
      context.globalAlpha = 0.07 + 0.93 * busiest;
      context.fillRect(left, row * rowHeight, right - left + 0.3, rowHeight - gutter);
    }
  }
  context.globalAlpha = 1;
}
