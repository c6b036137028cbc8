import { type RefObject, useEffect, useReducer, useRef, useState } from 'react';
import { type Disposable, DisposableStore } from '../../../../shared/base/disposable.ts';
import type { HostId } from '../../../../shared/model/host.ts';
import { coreNow } from '../../../series/coreTime.ts';
import { onSeries } from '../../../series/samples.ts';
import { onSecond } from '../../../series/secondBeat.ts';
import { inTurn } from '../../../series/turns.ts';
import { windowSeries } from '../../../series/windowReader.ts';
import type { WindowSeries } from '../../../series/windowSeries.ts';
import { useUi } from '../../../stores/ui.ts';

/** Ticks of one host come once a second; this lets one that is a little early through. */
const LEAST_MS = 900;

/**
 * The shared window of one host for React: read anew when the window moves, at most once a second while data comes or time
 * passes, and not at all while `active` is false. The view is for this render only.
 */
export function useSeriesWindow(host: HostId, active: boolean): { series: WindowSeries; now: number } {
  const time = useUi((s) => s.time);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const drawnAt = useRef(0);
  useEffect(() => {
    if (!active) return;
    const lifetime = new DisposableStore();
    let turn: Disposable | undefined;
    const change = () => {
      const at = performance.now();
      if (at - drawnAt.current < LEAST_MS) return;
      drawnAt.current = at;
      // Not given up and asked for again: in slow frames the last charts would never have their turn.
      turn = inTurn(redraw);
    };
    lifetime.addStop(() => turn?.dispose());
    redraw();
    lifetime.add(onSeries(host, change));
    lifetime.add(
      onSecond(() => {
        if (performance.now() - drawnAt.current > LEAST_MS + 600) change();
      }),
    );
    return () => lifetime.dispose();
  }, [host, active]);
  return { series: windowSeries(host, time), now: coreNow() };
}

/** True while any of the element can be seen, and the page itself. */
export function useVisible(element: RefObject<Element | null>): boolean {
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    const observed = element.current;
    if (!observed) return;
    let inSight = true;
    const say = () => setVisible(inSight && document.visibilityState === 'visible');
    const observer = new IntersectionObserver((entries) => {
      inSight = entries.at(-1)?.isIntersecting ?? inSight;
      say();
    });
    observer.observe(observed);
    document.addEventListener('visibilitychange', say);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', say);
    };
  }, [element]);
  return visible;
}
