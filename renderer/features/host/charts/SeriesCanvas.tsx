import { useEffect, useRef } from 'react';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import { coreNow } from '../../../series/coreTime.ts';
import { frameLoop, type Surface } from '../../../series/frameLoop.ts';
import { onSeries } from '../../../series/samples.ts';
import { onSecond } from '../../../series/secondBeat.ts';
import { windowSeries } from '../../../series/windowReader.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import { type TimeWindow, useUi } from '../../../stores/ui.ts';

export type DrawSeries = (surface: Surface, series: WindowSeries, now: number) => void;

interface SeriesCanvasProps {
  host: HostId;
  draw: DrawSeries;
  className?: string | undefined;
  /** The span shown while live; absent: the span of the whole window. */
  liveSpanMs?: number;
}

/** After this without data a canvas is drawn by the clock instead, so that its age and its hatching grow. */
const QUIET_MS = 1500;

/** A canvas that is redrawn when its host ticks, when the window moves, and once a second while nothing comes. */
export function SeriesCanvas({ host, draw, className, liveSpanMs }: SeriesCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawNow = useRef(draw);
  drawNow.current = draw;

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const lifetime = new DisposableStore();
    let changedAt = 0;
    const drawing = lifetime.add(
      frameLoop.add(element, (surface) => {
        const { time } = useUi.getState();
        drawNow.current(surface, windowSeries(host, shownWindow(time, liveSpanMs)), coreNow());
      }),
    );
    const change = () => {
      changedAt = performance.now();
      drawing.invalidate();
    };
    lifetime.add(onSeries(host, change));
    lifetime.add(
      onSecond(() => {
        if (performance.now() - changedAt > QUIET_MS) drawing.invalidate();
      }),
    );
    lifetime.addStop(
      useUi.subscribe((state, before) => {
        if (state.time !== before.time) change();
      }),
    );
    return () => lifetime.dispose();
  }, [host, liveSpanMs]);

  return <canvas ref={canvas} className={className} />;
}

/** Small pictures show the last minutes while live; of the past they show the same window as everything else. */
function shownWindow(time: TimeWindow, liveSpanMs: number | undefined): TimeWindow {
  return time.kind === 'live' && liveSpanMs !== undefined ? { kind: 'live', spanMs: liveSpanMs } : time;
}
