import { useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { panesOf } from '../../../shared/panes/layout.ts';
import { useHosts } from '../../stores/hosts.ts';
import { usePanes } from '../../stores/panes.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { Sheet, SheetButtons } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import styles from './Broadcast.module.css';
import { type BroadcastScope, broadcastGroup, startBroadcast, useBroadcast } from './broadcast.ts';
import { focusActiveTerminal } from './paneCommands.ts';

/** Who gets what is typed: the panes of a window, of a tag, or those that are ticked. */
export function BroadcastSheet() {
  const open = useUi((s) => s.dialog?.kind === 'broadcast');
  if (!open) return null;
  return (
    <Sheet
      returnFocus={focusActiveTerminal}
      title="Broadcast what is typed"
      hint="Every key goes to all panes of the group at once. A pane whose link or shell is gone gets nothing, and is named."
      onLeave={closeDialog}
    >
      <Choice />
    </Sheet>
  );
}

function Choice() {
  const { windows, activeWindow } = usePanes((s) => s.layout);
  const panes = usePanes((s) => s.byId);
  const hosts = useHosts((s) => s.byId);
  const { scope, excluded } = useBroadcast.getState();
  const [picked, setPicked] = useState<readonly PaneId[]>(() =>
    broadcastGroup(scope ?? { kind: 'window', id: activeWindow }).filter((pane) => !excluded.includes(pane)),
  );
  const tags = [...new Set(Object.values(hosts).flatMap((host) => host.tags))].sort();
  const start = (chosen: BroadcastScope) => {
    startBroadcast(chosen);
    closeDialog();
  };
  const words = (chosen: BroadcastScope) => {
    const count = broadcastGroup(chosen).length;
    return count === 1 ? 'one pane' : `${count} panes`;
  };
  const window: BroadcastScope = { kind: 'window', id: activeWindow };
  return (
    <>
      <div className={styles.choices}>
        <button type="button" className={sheet.button} onClick={() => start(window)}>
          This window <small>{words(window)}</small>
        </button>
        {tags.map((tag) => (
          <button
            key={tag}
            type="button"
            className={sheet.button}
            disabled={broadcastGroup({ kind: 'tag', tag }).length === 0}
            onClick={() => start({ kind: 'tag', tag })}
          >
            Tag {visibleText(tag, 64)} <small>{words({ kind: 'tag', tag })}</small>
          </button>
        ))}
      </div>
      <h3 className={sheet.subheading}>Or these panes</h3>
      {windows.map((one, index) => (
        <fieldset key={one.id} className={styles.window}>
          <legend>
            {index}: {visibleText(one.name, 80)}
          </legend>
          {panesOf(one.root).map((pane, number) => (
            <label key={pane}>
              <input
                type="checkbox"
                checked={picked.includes(pane)}
                onChange={(event) =>
                  setPicked(
                    event.target.checked ? [...picked, pane] : picked.filter((other) => other !== pane),
                  )
                }
              />
              {number}: {visibleText(panes[pane]?.host ?? '', 64)}
            </label>
          ))}
        </fieldset>
      ))}
      <SheetButtons disabled={picked.length < 2} onConfirm={() => start({ kind: 'panes', panes: picked })}>
        Broadcast to {picked.length} panes
      </SheetButtons>
    </>
  );
}
