import * as Menu from '@radix-ui/react-dropdown-menu';
import { ChevronDown, CircleHelp, History, Moon, Search, Sun } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import type { RecentWorkspace } from '../../../shared/contract/commands.ts';
import { describeLink, type LinkWords } from '../../../shared/model/describeLink.ts';
import { formatClock } from '../../../shared/model/format.ts';
import type { LinkState } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { call } from '../../stores/connection.ts';
import { useHosts } from '../../stores/hosts.ts';
import { useSettings } from '../../stores/settings.ts';
import { goLive, openDialog, useUi } from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { IncidentBadge } from '../incident/IncidentBadge.tsx';
import { openWorkspace } from '../workspace/workspaceCommands.ts';
import { actionById } from './actions.ts';
import { IconButton } from './IconButton.tsx';
import { isOursInTerminal, showKey } from './keys.ts';
import menu from './menu.module.css';
import styles from './TopBar.module.css';

export function TopBar() {
  const theme = useUi((s) => s.theme);
  return (
    <header className={styles.bar}>
      <PageName />
      <WorkspaceMenu />
      <HostCounts />
      <div className={styles.incident}>
        <IncidentBadge />
      </div>
      <span className={styles.space} />
      <PastNote />
      <SearchButton />
      <IconButton
        label={theme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
        onClick={() => actionById('theme')?.run()}
      >
        {theme === 'dark' ? <Sun size={14} /> : <Moon size={14} />}
      </IconButton>
      <IconButton label="Show the keys" keys="?" onClick={() => openDialog({ kind: 'keys' })}>
        <CircleHelp size={14} />
      </IconButton>
    </header>
  );
}

/** With a key that gets there from where the focus is. */
function SearchButton() {
  const inTerminal = useInTerminal();
  // A key that the settings give to it is taken from the shell as well.
  const chosen = useSettings((s) => s.keys['palette'] !== undefined);
  const keys = actionById('palette')?.keys ?? [];
  const key = inTerminal && !chosen ? keys.find((one) => isOursInTerminal(one)) : keys[0];
  return (
    <button type="button" className={styles.search} onClick={() => openDialog({ kind: 'palette' })}>
      <Search size={13} aria-hidden />
      <span>Search or do anything</span>
      {key !== undefined && <kbd>{showKey(key)}</kbd>}
    </button>
  );
}

function onFocusChange(changed: () => void): () => void {
  document.addEventListener('focusin', changed);
  document.addEventListener('focusout', changed);
  return () => {
    document.removeEventListener('focusin', changed);
    document.removeEventListener('focusout', changed);
  };
}

const useInTerminal = () => useSyncExternalStore(onFocusChange, isInTerminal);
const isInTerminal = () => document.activeElement?.closest('.xterm') != null;

/** For those who cannot see where they are. */
function PageName() {
  const name = useWorkspace((s) => s.view?.name);
  return (
    <h1 className={styles.pageName}>
      {name === undefined ? 'Fireline' : `${visibleText(name, 60)}, Fireline`}
    </h1>
  );
}

function WorkspaceMenu() {
  const view = useWorkspace((s) => s.view);
  const [recent, setRecent] = useState<readonly RecentWorkspace[]>([]);

  function onOpenChange(open: boolean): void {
    if (open) call('workspace.recent', {}).then(setRecent, () => setRecent([]));
  }

  return (
    <Menu.Root onOpenChange={onOpenChange}>
      <Menu.Trigger className={styles.workspace} title={view?.path}>
        <span>{view ? visibleText(view.name, 60) : 'Fireline'}</span>
        <ChevronDown size={13} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className={menu.content} align="start" sideOffset={4} collisionPadding={8}>
          {['workspace.open', 'workspace.create', 'workspace.import', 'workspace.machine'].map((id) => {
            const action = actionById(id);
            return (
              action && (
                <Menu.Item key={id} className={menu.item} onSelect={action.run}>
                  {action.label}
                  {action.keys[0] && <kbd>{showKey(action.keys[0])}</kbd>}
                </Menu.Item>
              )
            );
          })}
          {recent.length > 0 && (
            <>
              <Menu.Separator className={menu.separator} />
              <Menu.Label className={menu.label}>Recent</Menu.Label>
              {recent.slice(0, 8).map(({ path, name }) => (
                <Menu.Item key={path} className={menu.item} onSelect={() => void openWorkspace(path)}>
                  <span>
                    {visibleText(name, 60)}
                    <small>{visibleText(path, 200)}</small>
                  </span>
                </Menu.Item>
              ))}
            </>
          )}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

const GROUPS = [
  { mark: '●', word: 'up', tone: 'plain' },
  { mark: '◐', word: 'unsettled', tone: 'warning' },
  { mark: '○', word: 'down', tone: 'critical' },
] as const;

/** How many hosts are how: a shape, a number and a word each. */
function HostCounts() {
  const { order, byId } = useHosts();
  const sorted: Record<(typeof GROUPS)[number]['word'], string[]> = { up: [], unsettled: [], down: [] };
  for (const id of order) {
    const host = byId[id];
    if (!host) continue;
    const words = describeLink(host.link, host.sampler);
    sorted[groupOf(host.link, words)].push(`${id}: ${words.word}`);
  }
  if (order.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: three numbers are no set of form fields
    <div className={styles.counts} role="group" aria-label="Hosts by state of their link">
      <span className={styles.all}>{order.length === 1 ? '1 host' : `${order.length} hosts`}</span>
      {GROUPS.map(({ mark, word, tone }) => (
        <span
          key={word}
          className={styles.count}
          data-tone={sorted[word].length === 0 ? 'none' : tone}
          title={sorted[word].slice(0, 30).join('\n')}
        >
          <i aria-hidden>{mark}</i>
          {sorted[word].length}
          <span className={styles.word}> {word}</span>
        </span>
      ))}
    </div>
  );
}

function groupOf(link: LinkState, { mark }: LinkWords): 'up' | 'unsettled' | 'down' {
  if (mark === '●') return 'up';
  return mark === '◐' ? 'unsettled' : link.kind === 'idle' ? 'unsettled' : 'down';
}

/** While the time axis stands in the past: what is being looked at, and the way back. */
function PastNote() {
  const time = useUi((s) => s.time);
  const inTerminal = useInTerminal();
  if (time.kind !== 'past') return null;
  const [from, to] = [time.from, time.to].map((at) => formatClock(at).slice(0, 5));
  return (
    <div className={styles.past} role="status">
      <History size={13} aria-hidden />
      <span>
        Viewing {from}–{to}.
      </span>
      <button type="button" onClick={goLive}>
        Return to live{!inTerminal && ' (Esc)'}
      </button>
    </div>
  );
}
