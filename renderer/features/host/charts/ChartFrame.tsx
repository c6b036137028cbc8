import { type ReactNode, useEffect, useRef, useState } from 'react';
import { asText, formatAge, formatClock } from '../../../../shared/model/format.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import { timeTicks, type ValueAxis, valueAxis } from './axis.ts';
import styles from './Chart.module.css';
import { type ChartSpec, highest, highestRight, isKnown, layersOf } from './chartSpec.ts';
import { pointCrosshair, useCrosshairLine } from './crosshair.ts';
import { EventMarks } from './EventMarks.tsx';
import { gapsOf } from './gaps.ts';
import { Readout } from './Readout.tsx';

/** What a chart's interior needs to draw itself. `plot` is the size in pixels of the area of values. */
export interface Axes {
  left: ValueAxis;
  right: ValueAxis | undefined;
  time: number[];
  plot: { width: number; height: number };
}

interface ChartFrameProps {
  spec: ChartSpec;
  host: HostId;
  series: WindowSeries;
  now: number;
  /** Draws the values, without axes. */
  children: (axes: Axes) => ReactNode;
}

/**
 * Everything round a chart's values, whoever draws them: title, values at the crosshair or now, axes, gaps, event marks,
 * the crosshair. So all charts, on canvas or in Recharts, look and behave alike.
 */
export function ChartFrame({ spec, host, series, now, children }: ChartFrameProps) {
  const { view } = series;
  const plot = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const size = useSize(plot);
  useCrosshairLine(line, view);
  const known = isKnown(spec, view);
  const mirrored = spec.below.length > 0;
  const steps = Math.max(1, Math.min(5, Math.floor(size.height / (mirrored ? 44 : 24))));
  const left = valueAxis(highest(spec, view), spec.unit, steps, spec.fixedTop);
  const right =
    spec.rightUnit === undefined ? undefined : valueAxis(highestRight(spec, view), spec.rightUnit, steps);
  const time = timeTicks(view.from, view.to, size.width / 64);
  const share = (at: number) => (at - view.from) / (view.to - view.from);
  const labelled = time.ticks.filter(
    (at) => share(at) * size.width > 16 && (1 - share(at)) * size.width > 16,
  );

  return (
    <figure className={styles.chart} data-right={right !== undefined}>
      <Readout spec={spec} series={series} known={known} />
      <div className={styles.body}>
        <div className={styles.valueAxis} aria-hidden="true">
          {known &&
            (mirrored ? mirror(left.ticks) : left.ticks).map((tick) => (
              <span
                key={tick}
                style={{
                  bottom: `${((mirrored ? tick + left.top : tick) / (mirrored ? 2 * left.top : left.top)) * 100}%`,
                }}
              >
                {mirrored && tick < 0 && Math.abs(tick) === left.top
                  ? left.label(tick).replace(/[^\d.].*$/u, '')
                  : left.label(tick)}
              </span>
            ))}
        </div>
        <div
          ref={plot}
          className={styles.plot}
          role="img"
          aria-label={useSummary(spec, series, known)}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            pointCrosshair(view.from + ((event.clientX - box.left) / box.width) * (view.to - view.from));
          }}
          onPointerLeave={() => pointCrosshair(undefined)}
        >
          {known &&
            (mirrored ? mirror(left.ticks) : left.ticks).map((tick) => (
              <div
                key={tick}
                className={styles.gridLine}
                data-zero={tick === 0}
                style={{
                  bottom: `${((mirrored ? tick + left.top : tick) / (mirrored ? 2 * left.top : left.top)) * 100}%`,
                }}
              />
            ))}
          {known &&
            gapsOf(series, now).map((gap) => (
              <div
                key={gap.from}
                className={styles.gap}
                style={{
                  left: `${share(gap.from) * 100}%`,
                  width: `${(share(gap.to) - share(gap.from)) * 100}%`,
                }}
              >
                {gap.open && (share(gap.to) - share(gap.from)) * size.width > LEAST_WORDS && (
                  <span className={styles.gapWords}>no data for {formatAge(gap.to - gap.from)}</span>
                )}
              </div>
            ))}
          <div className={styles.values}>
            {known && size.width > 0 && children({ left, right, time: time.ticks, plot: size })}
          </div>
          {known ? (
            <EventMarks host={host} span={view} />
          ) : (
            <p className={styles.unknown}>{nothing(spec, series)}</p>
          )}
          <div ref={line} className={styles.crosshair} />
        </div>
        {right && (
          <div className={styles.rightAxis} aria-hidden="true">
            {known &&
              right.ticks.map((tick) => (
                <span key={tick} style={{ bottom: `${(tick / right.top) * 100}%` }}>
                  {right.label(tick)}
                </span>
              ))}
          </div>
        )}
      </div>
      <div className={styles.timeAxis} aria-hidden="true">
        {labelled.map((at) => (
          <span key={at} style={{ left: `${share(at) * 100}%` }}>
            {time.seconds ? formatClock(at) : formatClock(at).slice(0, 5)}
          </span>
        ))}
      </div>
    </figure>
  );
}

/** Pixels of a gap that has room for its words; the header of the host says them in any case. */
const LEAST_WORDS = 100;

function mirror(ticks: number[]): number[] {
  return [
    ...ticks
      .slice(1)
      .map((tick) => -tick)
      .reverse(),
    ...ticks,
  ];
}

function nothing(spec: ChartSpec, series: WindowSeries): string {
  if (series.state === 'loading') return 'Reading the record';
  if (series.state === 'failed') return 'The record could not be read; trying again';
  if (series.view.length === 0)
    return series.newestAt === undefined ? 'No samples yet' : 'No samples in this window';
  return spec.unknown;
}

/** For screen readers: read out by itself at most every five seconds. */
const SUMMARY_MS = 5000;

function useSummary(spec: ChartSpec, series: WindowSeries, known: boolean): string {
  const said = useRef({ at: 0, words: '' });
  const at = performance.now();
  if (said.current.words === '' || at - said.current.at > SUMMARY_MS) {
    const { view } = series;
    const index = view.length - 1;
    const values = layersOf(spec).map(
      (l) => `${l.label} ${asText(l.format((l.readShown ?? l.read)(view, index)))}`,
    );
    said.current = {
      at,
      words: known ? `${spec.title}: ${values.join(', ')}` : `${spec.title}: ${nothing(spec, series)}`,
    };
  }
  return said.current.words;
}

function useSize(element: React.RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const observed = element.current;
    if (!observed) return;
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = observed;
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
    });
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
