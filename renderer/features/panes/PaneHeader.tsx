import { Bell, Bookmark, CircleSlash, Columns2, Maximize2, Minimize2, Radio, Rows2, X } from 'lucide-react';
import { describeLink } from '../../../shared/model/describeLink.ts';
import { asText, formatMilliseconds } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PaneId, PaneSummary } from '../../../shared/model/pane.ts';
import { useHosts } from '../../stores/hosts.ts';
import { dispatchLayout } from '../../stores/panes.ts';
import { PaneVitals } from '../host/PaneVitals.tsx';
import { actionById } from '../shell/actions.ts';
import { IconButton } from '../shell/IconButton.tsx';
import { showKey } from '../shell/keys.ts';
import { useNow } from '../shell/useNow.ts';
import { toggleExcluded, useBroadcast } from './broadcast.ts';
import type { AnswerMark } from './broadcastAnswers.ts';
import { beginPaneDrag } from './dragPane.ts';
import styles from './Pane.module.css';
import { PaneMenu } from './PaneMenu.tsx';
import { askToClosePane, focusActiveTerminal, keepPaneAlive, splitPane } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';

/** One line: which host, how its link is, its vitals, and what the mouse can do with the pane. */
export function PaneHeader({
  pane,
  zoomed,
  alone,
  broadcast,
}: {
  pane: PaneSummary;
  zoomed: boolean;
  alone: boolean;
  /** Undefined: the pane is in no broadcast's group. */
  broadcast: 'on' | 'excluded' | undefined;
}) {
  const { id, host } = pane;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a second way for the mouse; buttons, menu and keys do the same
    <header
      className={styles.header}
      onDoubleClick={() => !alone && zoom(pane)}
      onPointerDown={(event) => beginPaneDrag(id, event)}
    >
      <span className={styles.host} title={host}>
        {host}
      </span>
      <PaneLink pane={pane} />
      {broadcast && <BroadcastBadge pane={id} broadcast={broadcast} />}
      <PaneBadges pane={pane} />
      <PaneTitle pane={pane} />
      <span className={styles.space} />
      <div className={styles.vitals}>
        <PaneVitals host={host} />
      </div>
      <div className={styles.buttons} role="toolbar" aria-label={`Pane of ${host}`}>
        <IconButton
          skipTab
          label="Split left and right"
          keys={keyOfAction('pane.splitRow')}
          onClick={() => void splitPane('row', id)}
        >
          <Columns2 size={13} />
        </IconButton>
        <IconButton
          skipTab
          label="Split above and below"
          keys={keyOfAction('pane.splitColumn')}
          onClick={() => void splitPane('column', id)}
        >
          <Rows2 size={13} />
        </IconButton>
        <IconButton
          skipTab
          label={zoomed ? 'Show all panes' : 'Zoom this pane'}
          keys={keyOfAction('pane.zoom')}
          disabled={alone}
          pressed={zoomed}
          onClick={() => zoom(pane)}
        >
          {zoomed ? <Minimize2 size={13} /> : <Maximize2 size={13} />}
        </IconButton>
        <PaneMenu pane={pane} />
        <IconButton
          skipTab
          label="Close this pane"
          keys={keyOfAction('pane.close')}
          onClick={() => askToClosePane(id)}
        >
          <X size={14} />
        </IconButton>
      </div>
    </header>
  );
}

function keyOfAction(id: string): string | undefined {
  const key = actionById(id)?.keys[0];
  return key === undefined ? undefined : showKey(key);
}

function zoom({ id }: PaneSummary): void {
  dispatchLayout({ type: 'zoom', pane: id });
  focusActiveTerminal();
}

function PaneLink({ pane }: { pane: PaneSummary }) {
  const link = useHosts((s) => s.byId[pane.host]?.link);
  const sampler = useHosts((s) => s.byId[pane.host]?.sampler);
  if (!link) return null;
  const { mark, tone, word } = describeLink(link, sampler);
  const roundTrip = 'roundTripMs' in link ? link.roundTripMs : undefined;
  const reason = 'reason' in link ? visibleText(link.reason, 300) : undefined;
  return (
    <span className={styles.link} data-tone={tone} title={reason}>
      <i aria-hidden>{mark}</i>
      <b>
        {word}
        {roundTrip !== undefined && ` ${asText(formatMilliseconds(Math.round(roundTrip * 10) / 10))}`}
      </b>
    </span>
  );
}

const MARKS: Record<AnswerMark, string> = {
  prompt: 'prompt differs',
  output: 'output differs',
  silent: 'no answer',
};

/** A click takes the pane out of the broadcast, or in again. */
function BroadcastBadge({ pane, broadcast }: { pane: PaneId; broadcast: 'on' | 'excluded' }) {
  const mark = useBroadcast((s) => s.marks[pane]);
  const on = broadcast === 'on';
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles.broadcast}
      data-on={on}
      title={on ? 'Takes this pane out of the broadcast' : 'Takes this pane into the broadcast again'}
      onClick={() => {
        toggleExcluded(pane);
        focusActiveTerminal();
      }}
    >
      <Radio size={12} aria-hidden /> {on ? (mark ? MARKS[mark] : 'broadcast') : 'excluded'}
    </button>
  );
}

function PaneBadges({ pane }: { pane: PaneSummary }) {
  const bell = usePaneUi((s) => s.bells[pane.id] === true);
  const marked = usePaneUi((s) => s.marked === pane.id);
  return (
    <>
      {bell && (
        <span className={styles.badge} title="The terminal rang its bell">
          <Bell size={12} aria-label="bell" />
        </span>
      )}
      {marked && (
        <span
          className={styles.badge}
          data-tone="accent"
          title="The marked pane: it can be joined or swapped"
        >
          <Bookmark size={12} aria-hidden /> marked
        </span>
      )}
      {pane.durable && (
        <span
          className={styles.badge}
          {...(pane.durable.keeper ? {} : { 'data-tone': 'warning' })}
          title={
            pane.durable.keeper
              ? `Attached to the ${pane.durable.keeper} session ${pane.durable.name} on the host: it goes on when the link is lost`
              : 'Asked for a session of tmux, and there is none: this shell ends with its link'
          }
        >
          {pane.durable.keeper ? `${pane.durable.keeper} ${pane.durable.name}` : 'not durable'}
        </span>
      )}
      {!pane.recording && (
        <span className={styles.badge} data-tone="warning" title="The disk refused; the terminal goes on">
          <CircleSlash size={12} aria-hidden /> not recorded
        </span>
      )}
      {pane.expiresAt !== undefined && <Expiry pane={pane.id} at={pane.expiresAt} />}
    </>
  );
}

/** Counts down to the end of a session; typing in it is what keeps an idle one. */
function Expiry({ pane, at }: { pane: PaneId; at: number }) {
  const now = useNow(1000);
  const seconds = Math.max(0, Math.round((at - now) / 1000));
  return (
    <span
      className={styles.badge}
      data-tone="warning"
      title="Its session ends unless something is typed in it"
    >
      ends in {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')}
      <button
        type="button"
        className={styles.badgeButton}
        title="Sends a sign of life in time, as long as this pane is open"
        onClick={() => void keepPaneAlive(pane)}
      >
        keep alive
      </button>
    </span>
  );
}

/** The title that the host's programs set: text only, and never more than a hint. */
function PaneTitle({ pane }: { pane: PaneSummary }) {
  const title = usePaneUi((s) => s.titles[pane.id] ?? '');
  return <span className={styles.title}>{title}</span>;
}
