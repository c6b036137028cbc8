import type { PointerEvent } from 'react';
import type { PaneId } from '../../../shared/model/pane.ts';
import { dispatchLayout, usePanes } from '../../stores/panes.ts';
import { movePaneToWindow } from './paneActions.ts';
import { focusActiveTerminal } from './paneCommands.ts';
import { type DropTarget, usePaneUi } from './paneUi.ts';

/** Less is a click with an unsteady hand. */
const LEAST_PIXELS = 6;
/** Share of a pane, from each edge, in which a pane is put beside it; in the middle the two swap. */
const EDGE = 0.28;

/** A pane's header is dragged: to the edge of a pane, beside it; to its middle, the two swap; to a window's tab, there. */
export function beginPaneDrag(pane: PaneId, down: PointerEvent): void {
  if (down.button !== 0 || (down.target instanceof Element && down.target.closest('button'))) return;
  const from = { x: down.clientX, y: down.clientY };
  const abort = new AbortController();
  const { signal } = abort;
  const end = () => {
    abort.abort();
    usePaneUi.setState({ dragging: undefined });
  };
  document.addEventListener(
    'pointermove',
    (event) => {
      const far = Math.hypot(event.clientX - from.x, event.clientY - from.y) >= LEAST_PIXELS;
      if (!far && !usePaneUi.getState().dragging) return;
      usePaneUi.setState({ dragging: { pane, to: targetAt(pane, event.clientX, event.clientY) } });
    },
    { signal },
  );
  document.addEventListener(
    'pointerup',
    () => {
      const to = usePaneUi.getState().dragging?.to;
      end();
      if (to) drop(pane, to);
    },
    { signal },
  );
  document.addEventListener('pointercancel', end, { signal });
  document.addEventListener('keydown', (event) => event.key === 'Escape' && end(), { signal, capture: true });
}

function targetAt(dragged: PaneId, x: number, y: number): DropTarget | undefined {
  const under = document.elementFromPoint(x, y);
  const tab = under?.closest<HTMLElement>('[data-window]');
  if (tab?.dataset['window']) return { kind: 'window', id: tab.dataset['window'] };
  const place = under?.closest<HTMLElement>('[data-place]');
  const pane = place?.dataset['place'] as PaneId | undefined;
  if (!place || pane === undefined || pane === dragged) return undefined;
  const box = place.getBoundingClientRect();
  const [across, down] = [(x - box.left) / box.width, (y - box.top) / box.height];
  const edges = [
    ['left', across],
    ['right', 1 - across],
    ['top', down],
    ['bottom', 1 - down],
  ] as const;
  const [side, distance] = edges.reduce((best, one) => (one[1] < best[1] ? one : best));
  return distance < EDGE ? { kind: 'beside', pane, side } : { kind: 'swap', pane };
}

function drop(pane: PaneId, to: DropTarget): void {
  if (to.kind === 'window') {
    const { windows } = usePanes.getState().layout;
    const holds = windows.find((w) => w.id === to.id)?.active === pane;
    if (!holds) movePaneToWindow(pane, to.id);
  } else if (to.kind === 'swap') dispatchLayout({ type: 'swap', pane, with: to.pane });
  else
    dispatchLayout({
      type: 'join',
      pane,
      to: to.pane,
      direction: to.side === 'left' || to.side === 'right' ? 'row' : 'column',
      before: to.side === 'left' || to.side === 'top',
    });
  focusActiveTerminal();
}
