import type { PaneId } from '../../../shared/model/pane.ts';
import { usePanes } from '../../stores/panes.ts';
import { broadcastGroup, useBroadcast } from './broadcast.ts';

/** What a pane is to the broadcast that is on; `undefined`: nothing. Changes with the group and with the layout. */
export function useBroadcastRole(pane: PaneId): 'on' | 'excluded' | undefined {
  usePanes(() => roleOf(pane));
  return useBroadcast(() => roleOf(pane));
}

function roleOf(pane: PaneId): 'on' | 'excluded' | undefined {
  const { scope, excluded } = useBroadcast.getState();
  if (!scope || !broadcastGroup(scope).includes(pane)) return undefined;
  return excluded.includes(pane) ? 'excluded' : 'on';
}
