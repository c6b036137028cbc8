import type { Disposable } from '../../../shared/base/disposable.ts';
import type { RpcClient } from '../../../shared/contract/rpc.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { usePanes } from '../../stores/panes.ts';
import { TerminalView } from './terminalView.ts';

/** The terminals of this window live outside React: drawing anew must never cost a terminal its scrollback. */
const views = new Map<PaneId, TerminalView>();

export function terminalOf(pane: PaneId): TerminalView | undefined {
  return views.get(pane);
}

/** The pane's terminal, made and attached when it is first needed. */
export function openTerminal(pane: PaneId): TerminalView {
  const known = views.get(pane);
  if (known) return known;
  const made = new TerminalView(pane);
  views.set(pane, made);
  return made;
}

/** Sends output of a new connection to the terminals, and has those that are open replayed. */
export function connectTerminals(client: RpcClient): Disposable {
  for (const [pane, view] of views) {
    if (pane in usePanes.getState().byId) view.attach(client);
  }
  return client.onTerminal((frame) => {
    if (frame.type !== 'output' && frame.type !== 'replay') return;
    paneOfWire(frame.wire)?.receive(frame.bytes, frame.type === 'replay', client, frame.wire);
  });
}

/** Panes that are gone take their terminals with them. */
usePanes.subscribe(({ byId }, before) => {
  if (byId === before.byId) return;
  for (const [pane, view] of views) {
    if (pane in byId) continue;
    views.delete(pane);
    view.dispose();
  }
});

const paneByWire = new Map<number, PaneId>();

function paneOfWire(wire: number): TerminalView | undefined {
  const { byId } = usePanes.getState();
  let pane = paneByWire.get(wire);
  if (pane === undefined || byId[pane]?.wire !== wire) {
    pane = Object.values(byId).find((p) => p.wire === wire)?.id;
    if (pane === undefined) return undefined;
    paneByWire.set(wire, pane);
  }
  return views.get(pane);
}
