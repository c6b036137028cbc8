import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import type { PaneSummary } from '../../../shared/model/pane.ts';
import { useHosts } from '../../stores/hosts.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { disconnectHost, reconnectHost } from '../shell/hostCommands.ts';
import { useNow } from '../shell/useNow.ts';
import { approveHeld } from '../workspace/approve.ts';
import styles from './Pane.module.css';
import { closePane, restartPane } from './paneCommands.ts';
import { type NoticeAction, paneNotice } from './paneNotice.ts';

const WORDS: Record<NoticeAction, string> = {
  reconnect: 'Reconnect now',
  cancel: 'Stop trying',
  restart: 'New shell',
  another: 'Open another connection',
  close: 'Close pane',
  approve: 'Approve the commands of this file',
};

/** Under the terminal, never over it: its last lines may be the evidence. */
export function PaneNoticeStrip({ pane }: { pane: PaneSummary }) {
  const link = useHosts((s) => s.byId[pane.host]?.link);
  const held = useWorkspace((s) => s.view?.held.find((h) => h.host === pane.host && !h.typed)?.command);
  const calm = pane.state.kind === 'open' && (link?.kind === 'good' || link?.kind === 'degraded');
  const now = useNow(calm ? undefined : 500);
  const notice = paneNotice(pane.host, link, pane.state, held, now, pane.durable);
  if (!notice) return null;

  const run: Record<NoticeAction, () => void> = {
    reconnect: () => reconnectHost(pane.host),
    cancel: () => disconnectHost(pane.host),
    restart: () => void restartPane(pane.id),
    another: () => void restartPane(pane.id, true),
    close: () => void closePane(pane.id),
    approve: () => void approveHeld(),
  };
  return (
    // Heard when one comes to it: it counts the seconds to the next try. That a link is lost, the timeline tells.
    // biome-ignore lint/a11y/useSemanticElements: a few words and buttons are no set of form fields
    <div className={styles.strip} data-tone={notice.tone} role="group" aria-label={`Notice of ${pane.host}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <div className={styles.words} tabIndex={0}>
        {visibleText(notice.text, 600)}
        {notice.advice && <small>{visibleText(notice.advice, 1200)}</small>}
        {notice.command && <code>{visibleLines(notice.command, 4000)}</code>}
      </div>
      <div className={styles.actions}>
        {notice.actions.map((action) => (
          <button key={action} type="button" onClick={run[action]}>
            {WORDS[action]}
          </button>
        ))}
      </div>
    </div>
  );
}
