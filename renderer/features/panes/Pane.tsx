import { memo } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { dispatchLayout, usePanes } from '../../stores/panes.ts';
import { ScrollbackView } from '../scrollback/ScrollbackView.tsx';
import { showPrefix } from '../shell/keys.ts';
import { TerminalSlot } from '../terminal/TerminalSlot.tsx';
import { CloseQuestion } from './CloseQuestion.tsx';
import styles from './Pane.module.css';
import { PaneHeader } from './PaneHeader.tsx';
import { PaneNoticeStrip } from './PaneNoticeStrip.tsx';
import { usePaneUi } from './paneUi.ts';
import { useBroadcastRole } from './useBroadcastRole.ts';

interface PaneProps {
  id: PaneId;
  number: number;
  active: boolean;
  zoomed: boolean;
  /** The only one of its window. */
  alone: boolean;
}

export const Pane = memo(function Pane({ id, number, active, zoomed, alone }: PaneProps) {
  const pane = usePanes((s) => s.byId[id]);
  const numbers = usePaneUi((s) => s.numbers);
  const closing = usePaneUi((s) => s.closing === id);
  const prefix = usePaneUi((s) => (active ? s.keyMode : 'none'));
  const broadcast = useBroadcastRole(id);
  if (!pane) return null;

  function activate(): void {
    dispatchLayout({ type: 'focus', pane: id });
    usePaneUi.setState((s) => (s.bells[id] ? { bells: { ...s.bells, [id]: false } } : s));
  }

  return (
    <article
      className={styles.pane}
      data-active={active}
      data-alone={alone}
      data-broadcast={broadcast}
      aria-label={`Pane ${number}: ${pane.host}`}
      onFocusCapture={activate}
      onPointerDownCapture={activate}
    >
      <PaneHeader pane={pane} zoomed={zoomed} alone={alone} broadcast={broadcast} />
      <div className={styles.stack}>
        <TerminalSlot pane={id} label={`Terminal ${pane.host}`} />
        <ScrollbackView pane={id} host={pane.host} />
      </div>
      {closing && <CloseQuestion pane={id} host={visibleText(pane.host, 64)} />}
      <PaneNoticeStrip pane={pane} />
      {prefix !== 'none' && (
        <div className={styles.mode} role="status">
          {prefix === 'prefix' ? `${showPrefix()} …` : 'again: arrow'}
        </div>
      )}
      {numbers && <div className={styles.number}>{number}</div>}
    </article>
  );
});
