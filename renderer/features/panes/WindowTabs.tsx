import { useEffect, useRef } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { panesOf } from '../../../shared/panes/layout.ts';
import { dispatchLayout, usePanes } from '../../stores/panes.ts';
import { focusActiveTerminal } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';
import styles from './WindowTabs.module.css';

/** tmux's status line: number, name, `*` the one shown, `-` the one before, `Z` zoomed. */
export function WindowTabs() {
  const layout = usePanes((s) => s.layout);
  const renaming = usePaneUi((s) => s.renaming);
  const bells = usePaneUi((s) => s.bells);
  const dropOn = usePaneUi((s) => (s.dragging?.to?.kind === 'window' ? s.dragging.to.id : undefined));
  return (
    <div className={styles.tabs} role="tablist" aria-label="Windows">
      {layout.windows.map((window, index) => {
        const active = window.id === layout.activeWindow;
        const flags = `${active ? '*' : window.id === layout.lastWindow ? '-' : ''}${window.zoomed ? 'Z' : ''}`;
        const rings = !active && panesOf(window.root).some((p) => bells[p]);
        if (renaming === window.id) return <NameField key={window.id} id={window.id} name={window.name} />;
        return (
          <button
            key={window.id}
            type="button"
            role="tab"
            data-window={window.id}
            data-drop={dropOn === window.id}
            aria-selected={active}
            className={styles.tab}
            title={rings ? 'A terminal in this window rang its bell' : undefined}
            onClick={() => {
              dispatchLayout({ type: 'selectWindow', id: window.id });
              focusActiveTerminal();
            }}
            onDoubleClick={() => usePaneUi.setState({ renaming: window.id })}
          >
            <span className={styles.index}>{index}</span>
            {visibleText(window.name, 60)}
            <span className={styles.flags}>
              {flags}
              {rings && '!'}
            </span>
          </button>
        );
      })}
    </div>
  );
}

function NameField({ id, name }: { id: string; name: string }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const leave = () => {
    usePaneUi.setState({ renaming: undefined });
    focusActiveTerminal();
  };
  return (
    <input
      ref={field}
      className={styles.field}
      aria-label="Name of the window"
      defaultValue={name}
      maxLength={200}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          dispatchLayout({ type: 'renameWindow', id, name: event.currentTarget.value.trim() || name });
          leave();
        } else if (event.key === 'Escape') leave();
        event.stopPropagation();
      }}
    />
  );
}
