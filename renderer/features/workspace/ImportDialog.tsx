import { TriangleAlert } from 'lucide-react';
import { useId, useState } from 'react';
import { IMPORT_SOURCES, type ImportPreview, type ImportSource } from '../../../shared/contract/commands.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { Sheet, SheetButtons } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import { PathField } from './PathField.tsx';
import styles from './Workspace.module.css';
import { WorkspaceEditor } from './WorkspaceEditor.tsx';

/** What can be imported: how it is called, where such files usually are, and what becomes of them. */
const SOURCES: Record<ImportSource, { name: string; label: string; path: string; hint: string }> = {
  ssh_config: {
    name: 'ssh_config',
    label: 'ssh_config file',
    path: '~/.ssh/config',
    hint: 'Each alias becomes a host and keeps being resolved there.',
  },
  ansible: {
    name: 'Ansible inventory',
    label: 'Inventory file',
    path: '~/',
    hint: 'INI or YAML, with the group_vars and host_vars beside it. Groups become tags; secrets are left out.',
  },
  tmuxinator: {
    name: 'tmuxinator project',
    label: 'Project file',
    path: '~/.config/tmuxinator/',
    hint: 'Windows and panes; a pane that logs in by ssh becomes that host. Its commands wait for your approval.',
  },
  tmuxp: {
    name: 'tmuxp session',
    label: 'Session file',
    path: '~/.config/tmuxp/',
    hint: 'Windows and panes; a pane that logs in by ssh becomes that host. Its commands wait for your approval.',
  },
};

/** What the team already has, from a file of another tool: read, looked through, saved, opened. */
export function ImportDialog() {
  const open = useUi((s) => s.dialog?.kind === 'importWorkspace');
  if (!open) return null;
  return (
    <Sheet wide title="Import hosts or a session" onLeave={closeDialog}>
      <ImportSteps />
    </Sheet>
  );
}

function ImportSteps() {
  const [source, setSource] = useState<ImportSource>('ssh_config');
  const [path, setPath] = useState(SOURCES.ssh_config.path);
  const sourceField = useId();
  const [reading, setReading] = useState(false);
  const [preview, setPreview] = useState<ImportPreview>();
  const [refusal, setRefusal] = useState<string>();

  async function read(chosen: string): Promise<void> {
    setReading(true);
    setRefusal(undefined);
    try {
      setPreview(await call('workspace.import', { source, path: chosen }));
    } catch (thrown) {
      const { message, advice } = errorOf(thrown);
      setRefusal(advice ? `${message}. ${advice}` : message);
    }
    setReading(false);
  }

  if (preview) {
    return (
      <>
        <p className={sheet.hint}>
          {preview.hostCount === 1 ? '1 host' : `${preview.hostCount} hosts`} found. Take out what you do not
          need; nothing is written until you save.
        </p>
        {preview.warnings.length > 0 && (
          <ul className={styles.warnings} aria-label="Warnings">
            {preview.warnings.map((warning) => (
              <li key={warning}>
                <TriangleAlert size={13} aria-hidden /> {visibleText(warning, 400)}
              </li>
            ))}
          </ul>
        )}
        <WorkspaceEditor initial={preview.text} onCancel={() => setPreview(undefined)} />
      </>
    );
  }
  return (
    <>
      <div className={sheet.field}>
        <label htmlFor={sourceField}>From</label>
        <select
          id={sourceField}
          value={source}
          onChange={(event) => {
            const next = event.target.value as ImportSource;
            // A path that was typed stays; a usual place gives way to the next.
            if (path === SOURCES[source].path) setPath(SOURCES[next].path);
            setSource(next);
            setRefusal(undefined);
          }}
        >
          {IMPORT_SOURCES.map((one) => (
            <option key={one} value={one}>
              {SOURCES[one].name}
            </option>
          ))}
        </select>
        <p className={sheet.hint}>{SOURCES[source].hint}</p>
      </div>
      <PathField
        label={SOURCES[source].label}
        value={path}
        onChange={setPath}
        onSubmit={(chosen) => void read(chosen)}
        accept={() => true}
        autoFocus
      />
      {refusal && (
        <p className={sheet.error} role="alert">
          {visibleText(refusal, 600)}
        </p>
      )}
      <SheetButtons
        disabled={reading || path.trim() === '' || path.endsWith('/')}
        onConfirm={() => void read(path.trim())}
      >
        {reading ? 'Reading…' : 'Read the file'}
      </SheetButtons>
    </>
  );
}
