import * as Dialog from '@radix-ui/react-dialog';
import { useEffect, useState } from 'react';
import type { RecentWorkspace } from '../../../shared/contract/commands.ts';
import { formatAge, formatDuration } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { call } from '../../stores/connection.ts';
import { closeDialog, openDialog, useUi } from '../../stores/ui.ts';
import { SheetContent } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import { useNow } from '../shell/useNow.ts';
import { type OpeningState, useOpening } from './opening.ts';
import { PathField } from './PathField.tsx';
import { Problems } from './Problems.tsx';
import styles from './Workspace.module.css';
import { openMachine, openWorkspace } from './workspaceCommands.ts';

/** A workspace is chosen, opened, and its problems are shown, in one place. */
export function OpenDialog() {
  const open = useUi((s) => s.dialog?.kind === 'openWorkspace');
  const state = useOpening((s) => s.state);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && back(state)}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={sheet.overlay} />
          <SheetContent className={`${sheet.sheet} ${sheet.wide}`} aria-describedby={undefined}>
            {state.kind === 'choosing' && <Choose />}
            {state.kind === 'opening' && <Opening since={state.since} />}
            {state.kind === 'failed' && <Failed state={state} />}
          </SheetContent>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

/** Escape goes one step back: from the problems to the choice, from the choice to the window. */
function back(state: OpeningState): void {
  if (state.kind === 'failed') useOpening.setState({ state: { kind: 'choosing' } });
  else closeDialog();
}

function Choose() {
  const [path, setPath] = useState(useOpening.getState().path);
  const [recent, setRecent] = useState<readonly RecentWorkspace[]>([]);
  const now = useNow(60_000);
  useEffect(() => {
    call('workspace.recent', {}).then(setRecent, () => setRecent([]));
  }, []);

  return (
    <>
      <Dialog.Title className={sheet.title}>Open a workspace</Dialog.Title>
      {recent.length > 0 && (
        <>
          <h3 className={sheet.subheading}>Recent</h3>
          <ul className={styles.recent}>
            {recent.slice(0, 6).map((one) => (
              <li key={one.path}>
                <button type="button" onClick={() => void openWorkspace(one.path)}>
                  <b>{visibleText(one.name, 80)}</b>
                  <span>{visibleText(one.path, 300)}</span>
                  <time>{formatAge(now - one.openedAt)} ago</time>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <PathField
        label="Workspace file (YAML)"
        value={path}
        onChange={setPath}
        onSubmit={(chosen) => void openWorkspace(chosen)}
        accept={isYaml}
        autoFocus
      />
      <div className={`${sheet.footer} ${styles.footer}`}>
        <button type="button" onClick={() => openDialog({ kind: 'createWorkspace' })}>
          Create…
        </button>
        <button type="button" onClick={() => openDialog({ kind: 'aws' })}>
          From AWS…
        </button>
        <button type="button" onClick={() => openDialog({ kind: 'importWorkspace' })}>
          Import…
        </button>
        <button type="button" onClick={() => void openMachine()}>
          This machine
        </button>
        <span />
        <button type="button" onClick={closeDialog}>
          Cancel
        </button>
        <button
          type="button"
          data-primary
          disabled={path.trim() === '' || path.endsWith('/')}
          onClick={() => void openWorkspace(path.trim())}
        >
          Open
        </button>
      </div>
    </>
  );
}

function Opening({ since }: { since: number }) {
  const path = useOpening((s) => s.path);
  const now = useNow(500);
  return (
    <>
      <Dialog.Title className={sheet.title}>Opening {visibleText(path, 300)}</Dialog.Title>
      <p className={sheet.hint} role="status">
        Reading and checking the file… {formatDuration(now - since)}
      </p>
    </>
  );
}

function Failed({ state }: { state: Extract<OpeningState, { kind: 'failed' }> }) {
  const path = useOpening((s) => s.path);
  const { error, problems } = state;
  const errors = problems.filter((p) => p.severity === 'error');
  const spoiled = [...new Set(errors.flatMap((p) => (p.host === undefined ? [] : [p.host])))];
  const partialHelps = errors.length > 0 && errors.every((p) => p.host !== undefined);
  return (
    <>
      <Dialog.Title className={sheet.title}>{visibleText(path, 300)} was not opened</Dialog.Title>
      {problems.length === 0 ? (
        <p className={sheet.error} role="alert">
          {visibleText(error.message, 600)}
          {error.advice && ` ${visibleText(error.advice, 600)}`}
        </p>
      ) : (
        <>
          <p className={sheet.hint}>
            {errors.length === 1 ? 'One entry is' : `${errors.length} entries are`} wrong. What was open
            before is still open.
          </p>
          <Problems problems={problems} />
        </>
      )}
      <div className={sheet.footer}>
        <button type="button" onClick={() => back(state)}>
          Choose another file
        </button>
        <button type="button" onClick={() => void openWorkspace(path)}>
          Read it again
        </button>
        {partialHelps && (
          <button type="button" data-primary onClick={() => void openWorkspace(path, true)}>
            Open the hosts that are fine (without {visibleText(shortList(spoiled), 200)})
          </button>
        )}
      </div>
    </>
  );
}

export function isYaml(name: string): boolean {
  return /\.ya?ml$/i.test(name);
}

export function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
