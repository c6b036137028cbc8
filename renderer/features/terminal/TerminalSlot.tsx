import { useLayoutEffect, useRef } from 'react';
import type { PaneId } from '../../../shared/model/pane.ts';
import styles from './TerminalSlot.module.css';
import { terminalFontReady } from './terminalFont.ts';
import { openTerminal } from './terminals.ts';

/** The place where a pane's terminal is drawn. The terminal itself outlives it. */
export function TerminalSlot({ pane, label }: { pane: PaneId; label: string }) {
  const slot = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    let wanted = true;
    void terminalFontReady.then(() => {
      if (wanted && slot.current) openTerminal(pane).mount(slot.current);
    });
    return () => {
      wanted = false;
    };
  }, [pane]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a terminal is no set of form fields
    <div ref={slot} role="group" aria-label={label} data-pane={pane} className={styles.slot} />
  );
}
