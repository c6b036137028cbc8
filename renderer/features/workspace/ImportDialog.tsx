import * as Dialog from '@radix-ui/react-dialog';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { ImportPreview } from '../../../shared/contract/commands.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import sheet from '../shell/sheet.module.css';
import { PathField } from './PathField.tsx';
import styles from './Workspace.module.css';
import { WorkspaceEditor } from './WorkspaceEditor.tsx';

/** The hosts the team already has, from an ssh_config: read, looked through, saved, opened. */
export function ImportDialog() {
  const open = useUi((s) => s.dialog?.kind === 'importWorkspace');
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && closeDialog()}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={sheet.overlay} />
          <Dialog.Content className={`${sheet.sheet} ${sheet.wide}`} aria-describedby={undefined}>
            <Dialog.Title className={sheet.title}>Import hosts from ssh_config</Dialog.Title>
            <ImportSteps />
          </Dialog.Content>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function ImportSteps() {
  const [path, setPath] = useState('~/.ssh/config');
  const [reading, setReading] = useState(false);
  const [preview, setPreview] = useState<ImportPreview>();
  const [refusal, setRefusal] = useState<string>();

  async function read(chosen: string): Promise<void> {
    setReading(true);
    setRefusal(undefined);
    try {
      setPreview(await call('workspace.import', { source: 'ssh_config', path: chosen }));
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
      <PathField
        label="ssh_config file"
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
      <div className={sheet.footer}>
        <button type="button" onClick={closeDialog}>
          Cancel
        </button>
        <button
          type="button"
          data-primary
          disabled={reading || path.trim() === '' || path.endsWith('/')}
          onClick={() => void read(path.trim())}
        >
          {reading ? 'Reading…' : 'Read the file'}
        </button>
      </div>
    </>
  );
}
