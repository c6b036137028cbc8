import { useEffect, useRef } from 'react';
import type { PaneId } from '../../../shared/model/pane.ts';
import styles from './Pane.module.css';
import { closePane, focusActiveTerminal } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';

/** A shell that runs ends with its pane; its recording stays. */
export function CloseQuestion({ pane, host }: { pane: PaneId; host: string }) {
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  const leave = () => {
    usePaneUi.setState({ closing: undefined });
    focusActiveTerminal();
  };
  return (
    <div
      className={styles.strip}
      data-tone="warning"
      role="alertdialog"
      aria-label={`Close this pane of ${host}?`}
      onKeyDown={(event) => {
        if (event.key === 'Escape' || event.key === 'n') leave();
        else if (event.key === 'y') void closePane(pane);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <div className={styles.words}>
        End the shell on {host} and close its pane?
        <small>What it showed stays in the record.</small>
      </div>
      <div className={styles.actions}>
        <button type="button" data-danger onClick={() => void closePane(pane)}>
          Close (y)
        </button>
        <button type="button" ref={keep} onClick={leave}>
          Keep (n)
        </button>
      </div>
    </div>
  );
}
