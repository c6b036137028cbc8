import { Radio } from 'lucide-react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { useHosts } from '../../stores/hosts.ts';
import { activePane, usePanes } from '../../stores/panes.ts';
import { openDialog } from '../../stores/ui.ts';
import { actionById } from '../shell/actions.ts';
import { showKey } from '../shell/keys.ts';
import styles from './Broadcast.module.css';
import { broadcastGroup, scopeWords, stopBroadcast, useBroadcast, whyDeaf } from './broadcast.ts';
import { focusActiveTerminal } from './paneCommands.ts';

/** While what is typed goes to several hosts: to whom, to whom not, and how their answers differ. Over all windows. */
export function BroadcastBar() {
  const { scope, excluded, missed, marks, kinds } = useBroadcast();
  const byId = usePanes((s) => s.byId);
  const active = usePanes((s) => activePane(s)?.id);
  // Redrawn when a link changes: whom it reaches may have.
  useHosts((s) => s.byId);
  usePanes((s) => s.layout);
  if (!scope) return null;

  const group = broadcastGroup(scope);
  const name = (pane: PaneId) => visibleText(byId[pane]?.host ?? '', 64);
  const receivers = group.filter((pane) => !excluded.includes(pane) && whyDeaf(pane) === undefined);
  const outside = active !== undefined && (!group.includes(active) || excluded.includes(active));
  const differing = Object.keys(marks).length;
  const deaf = group.filter((pane) => !excluded.includes(pane) && whyDeaf(pane) !== undefined);
  return (
    // Heard as a whole when one comes to it: what a pane missed changes with each key.
    <div className={styles.bar} role="status" aria-label="Broadcast" aria-live="off">
      <span className={styles.heard} aria-live="polite">
        Broadcast to {receivers.length} of {group.length} panes
      </span>
      <b>
        <Radio size={14} aria-hidden /> BROADCAST
      </b>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <span className={styles.words} tabIndex={0}>
        {outside ? 'would go' : 'What you type goes'} to {receivers.length} of {group.length} panes of{' '}
        {visibleText(scopeWords(scope), 80)}: {list(receivers.map(name))}.
        {outside && <strong> You are in {active ? name(active) : ''}, which it does not reach.</strong>}
        {excluded.length > 0 && <> Excluded: {list(excluded.filter((p) => group.includes(p)).map(name))}.</>}
        {deaf.length > 0 && (
          <strong>
            {' '}
            Not reached:{' '}
            {list(
              deaf.map((pane) => {
                const lost = missed[pane];
                const keys = lost ? `, missed ${lost.keys === 1 ? 'one key' : `${lost.keys} keys`}` : '';
                return `${name(pane)} (${whyDeaf(pane)}${keys})`;
              }),
            )}
            .
          </strong>
        )}
        {group
          .filter((pane) => missed[pane] && !deaf.includes(pane))
          .map((pane) => (
            <strong key={pane}>
              {' '}
              {name(pane)} missed {missed[pane]?.keys} ({missed[pane]?.why}).
            </strong>
          ))}
        {differing > 0 && (
          <strong>
            {' '}
            {differing === 1 ? 'One pane differs' : `${differing} panes differ`}
            {kinds > 1 && `, ${kinds} different outputs`}.
          </strong>
        )}
      </span>
      <button type="button" onClick={() => openDialog({ kind: 'broadcast' })}>
        Choose…
      </button>
      <button
        type="button"
        onClick={() => {
          stopBroadcast();
          focusActiveTerminal();
        }}
      >
        Stop <kbd>{showKey(actionById('broadcast.window')?.keys[0] ?? '')}</kbd>
      </button>
    </div>
  );
}

const MOST_NAMES = 8;

function list(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown || 'nobody';
}
