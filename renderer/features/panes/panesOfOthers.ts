import { type Disposable, toDisposable } from '../../../shared/base/disposable.ts';
import { placedPanes, usePanes } from '../../stores/panes.ts';
import { placePanesOfOthers } from './paneCommands.ts';

/** A pane of this window is told of before its place is known; one of another window has none here. */
const WAIT_MS = 1_000;

/** Several windows of Fireline show one core: each arranges for itself, and all have every pane. */
export function followPanesOfOthers(): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    timer = undefined;
    if (isAnyLoose() && !placePanesOfOthers()) wait();
  };
  const wait = () => {
    timer ??= setTimeout(look, WAIT_MS);
  };
  const stop = usePanes.subscribe((state, before) => {
    if (state.byId !== before.byId && isAnyLoose()) wait();
  });
  return toDisposable(() => {
    clearTimeout(timer);
    stop();
  });
}

function isAnyLoose(): boolean {
  const { byId, layout } = usePanes.getState();
  const placed = new Set(placedPanes(layout));
  return Object.values(byId).some(({ id }) => !placed.has(id));
}
