import { type RefObject, useEffect } from 'react';
import { useUi } from '../../../stores/ui.ts';

export interface Span {
  from: number;
  to: number;
}

let wanted: number | undefined;
let frame = 0;

/** Moves the one crosshair, at most once a frame. `undefined` takes it away. */
export function pointCrosshair(at: number | undefined): void {
  wanted = at;
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    if (useUi.getState().crosshair !== wanted) useUi.setState({ crosshair: wanted });
  });
}

/** Moves a line over a plot with the crosshair without rendering: it is placed in per cents of its parent's width. */
export function useCrosshairLine(line: RefObject<HTMLElement | null>, span: Span): void {
  useEffect(() => {
    const place = (at: number | undefined) => {
      const element = line.current;
      if (!element) return;
      const share = at === undefined ? -1 : (at - span.from) / (span.to - span.from);
      const shown = share >= 0 && share <= 1;
      element.style.display = shown ? 'block' : 'none';
      if (shown) element.style.left = `${share * 100}%`;
    };
    place(useUi.getState().crosshair);
    return useUi.subscribe((state, before) => {
      if (state.crosshair !== before.crosshair) place(state.crosshair);
    });
  }, [line, span.from, span.to]);
}
