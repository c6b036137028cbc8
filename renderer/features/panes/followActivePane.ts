import type { Disposable } from '../../../shared/base/disposable.ts';
import { toDisposable } from '../../../shared/base/disposable.ts';
import { activePane, usePanes } from '../../stores/panes.ts';
import { focusHost, useUi } from '../../stores/ui.ts';

/** The host detail follows the pane that is worked in. */
export function followActivePane(): Disposable {
  return toDisposable(
    usePanes.subscribe((state, before) => {
      if (state.layout === before.layout) return;
      const pane = activePane(state);
      if (pane && pane.id !== activePane(before)?.id && useUi.getState().focusedHost !== pane.host)
        focusHost(pane.host);
    }),
  );
}
