import { type RefObject, useEffect, useRef } from 'react';
import { DisposableStore } from '../../../../shared/base/disposable.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import { coreNow } from '../../../series/coreTime.ts';
import { frameLoop, type Size } from '../../../series/frameLoop.ts';
import { onSeries } from '../../../series/samples.ts';
import { onSecond } from '../../../series/secondBeat.ts';
import { windowSeries } from '../../../series/windowReader.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import { type TimeWindow, useUi } from '../../../stores/ui.ts';

/** After this without data a picture is drawn by the clock instead, so that its age and its hatching grow. */
const QUIET_MS = 1500;

/**
 * Draws by hand in an element when its host ticks, when the window moves, and once a second while nothing comes.
 * `liveSpanMs`: the span shown while live; absent: the span of the whole window.
 */
export function useSeriesDrawing<Shown extends Element>(
  ref: RefObject<Shown | null>,
  {
    host,
    liveSpanMs,
    draw,
  }: {
    host: HostId;
    liveSpanMs?: number | undefined;
    draw: (element: Shown, size: Size, series: WindowSeries, now: number) => void;
  },
): void {
  const drawNow = useRef(draw);
  drawNow.current = draw;

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const lifetime = new DisposableStore();
    let changedAt = 0;
    const drawing = lifetime.add(
      frameLoop.add(element, (size) => {
        const { time } = useUi.getState();
        drawNow.current(element, size, windowSeries(host, shownWindow(time, liveSpanMs)), coreNow());
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
  }, [ref, host, liveSpanMs]);
}

/** Small pictures show the last minutes while live; of the past they show the same window as everything else. */
function shownWindow(time: TimeWindow, liveSpanMs: number | undefined): TimeWindow {
  return time.kind === 'live' && liveSpanMs !== undefined ? { kind: 'live', spanMs: liveSpanMs } : time;
}
