import { Lock, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { WorkspaceView } from '../../../shared/contract/commands.ts';
import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import { useHosts } from '../../stores/hosts.ts';
import { openDialog } from '../../stores/ui.ts';
import { useWorkspace } from '../../stores/workspace.ts';
import { approveHeld } from './approve.ts';
import { shortList } from './OpenDialog.tsx';
import { Problems } from './Problems.tsx';
import styles from './Workspace.module.css';

/** What is to be known about the open workspace, one slim line each, above the regions. */
export function WorkspaceStrips() {
  return (
    <>
      <FirstSteps />
      <HeldCommands />
      <FileProblems />
    </>
  );
}

/** While only this machine is open: what could be done next. */
function FirstSteps() {
  const fromFile = useWorkspace((s) => s.view?.path !== undefined);
  const hosts = useHosts((s) => s.order.length);
  const [away, setAway] = useState(false);
  if (fromFile || hosts > 1 || away) return null;
  return (
    <div className={styles.strip}>
      <span>This is the machine Fireline runs on. Open your own hosts:</span>
      <button type="button" onClick={() => openDialog({ kind: 'openWorkspace' })}>
        Open a workspace
      </button>
      <button type="button" onClick={() => openDialog({ kind: 'createWorkspace' })}>
        Create one
      </button>
      <button type="button" onClick={() => openDialog({ kind: 'importWorkspace' })}>
        Import what you have
      </button>
      <span className={styles.grow} />
      <button type="button" data-quiet onClick={() => setAway(true)}>
        Not now
      </button>
    </div>
  );
}

/** Commands of a file that nobody approved yet: shown exactly, run by nobody. */
function HeldCommands() {
  const view = useWorkspace((s) => s.view);
  const [open, setOpen] = useState(false);
  if (!view || view.held.length === 0) return null;
  const { held } = view;
  return (
    <div className={styles.strip} data-tone="warning">
      <Lock size={13} aria-hidden />
      <span>This file {visibleText(heldWords(held), 400)}. Nothing runs until you approve.</span>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Hide' : 'Show'}
      </button>
      <button type="button" onClick={() => void approveHeld()}>
        Approve {held.length === 1 ? 'it' : 'all'}
      </button>
      {open && (
        <dl className={styles.held}>
          {held.map(({ host, command, typed }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two panes may be told the same; the list changes only whole
            <div key={index}>
              <dt>
                {visibleText(host, 64)}
                <small>{typed ? 'typed in a pane' : 'run on this machine'}</small>
              </dt>
              <dd>
                <code>{visibleLines(command, 4000)}</code>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** `runs a command on this machine (pod) and types into 2 panes (web1, web2)` */
function heldWords(held: WorkspaceView['held']): string {
  const [typed, run] = [held.filter((one) => one.typed), held.filter((one) => !one.typed)];
  const names = (part: typeof held) => shortList([...new Set(part.map((one) => one.host))]);
  return [
    ...(run.length > 0
      ? [`runs ${run.length === 1 ? 'a command' : `${run.length} commands`} on this machine (${names(run)})`]
      : []),
    ...(typed.length > 0
      ? [`types commands into ${typed.length === 1 ? 'a pane' : `${typed.length} panes`} (${names(typed)})`]
      : []),
  ].join(' and ');
}

/** A file that was opened although parts of it are wrong. */
function FileProblems() {
  const problems = useWorkspace((s) => s.view?.problems);
  const [open, setOpen] = useState(false);
  const [away, setAway] = useState<typeof problems>();
  if (!problems || problems.length === 0 || away === problems) return null;
  const missing = [...new Set(problems.flatMap((p) => (p.severity === 'error' && p.host ? [p.host] : [])))];
  return (
    <div className={styles.strip} data-tone="warning">
      <TriangleAlert size={13} aria-hidden />
      <span>
        The workspace file has {problems.length === 1 ? 'a problem' : `${problems.length} problems`}
        {missing.length > 0 && `; not open: ${visibleText(shortList(missing), 200)}`}.
      </span>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Hide' : 'Show'}
      </button>
      <span className={styles.grow} />
      <button type="button" data-quiet onClick={() => setAway(problems)}>
        Put away
      </button>
      {open && <Problems problems={problems} />}
    </div>
  );
}
