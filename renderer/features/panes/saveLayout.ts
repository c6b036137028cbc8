import type { Disposable } from '../../../shared/base/disposable.ts';
import { toDisposable } from '../../../shared/base/disposable.ts';
import type { LayoutState } from '../../../shared/panes/layoutState.ts';
import { call } from '../../stores/connection.ts';
import { placedPanes, usePanes } from '../../stores/panes.ts';

/** A drag makes a layout a frame; the core is told of the one it ends with. */
const WAIT_MS = 400;

/** Tells the core of the layout when it has changed here. */
export function keepLayoutSaved(): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = () => {
    timer = undefined;
    // The next change tries again; without a connection the banner says enough.
    call('layout.save', { layout: withHosts(usePanes.getState()) }).catch(() => {});
  };
  // A window that is closed or loaded anew a moment after a change has it all the same.
  const saveNow = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    save();
  };
  window.addEventListener('pagehide', saveNow);
  const stop = usePanes.subscribe(({ layout }, before) => {
    if (layout === before.layout || layout.windows.length === 0) return;
    clearTimeout(timer);
    timer = setTimeout(save, WAIT_MS);
  });
  return toDisposable(() => {
    clearTimeout(timer);
    window.removeEventListener('pagehide', saveNow);
    stop();
  });
}

/** With the host of each pane: panes end with the core. */
export function withHosts({ layout, byId }: ReturnType<typeof usePanes.getState>): LayoutState {
  const hosts = placedPanes(layout).flatMap((pane) => {
    const host = byId[pane]?.host ?? layout.hosts?.[pane];
    return host === undefined ? [] : [[pane, host] as const];
  });
  return { ...layout, hosts: Object.fromEntries(hosts) };
}
