import * as Dialog from '@radix-ui/react-dialog';
import { type FormEvent, useState } from 'react';
import type { HostId } from '../../../shared/model/host.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { useHosts } from '../../stores/hosts.ts';
import { putEvents } from '../../stores/timeline.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { SheetButtons, SheetContent } from '../shell/Sheet.tsx';
import styles from '../shell/sheet.module.css';

/** A person's own line on the timeline: now, or at the crosshair when looking at the past. */
export function NoteDialog() {
  const open = useUi((s) => s.dialog?.kind === 'note');
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && closeDialog()}>
      {open && <NoteForm />}
    </Dialog.Root>
  );
}

function NoteForm() {
  const { focusedHost, time, crosshair } = useUi.getState();
  const hosts = useHosts((s) => s.order);
  const past = time.kind === 'past' ? (crosshair ?? time.to) : undefined;
  const [text, setText] = useState('');
  const [host, setHost] = useState<string>(past !== undefined && focusedHost ? focusedHost : '');
  const [error, setError] = useState<string>();

  async function save(submitted: FormEvent) {
    submitted.preventDefault();
    try {
      const note = await call('timeline.note', {
        text,
        ...(host ? { host: host as HostId } : {}),
        ...(past === undefined ? {} : { at: past }),
      });
      putEvents([note]);
      closeDialog();
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
  }

  return (
    <Dialog.Portal>
      <Dialog.Overlay className={styles.overlay} />
      <SheetContent className={styles.sheet} aria-describedby={undefined}>
        <Dialog.Title className={styles.title}>Add a note to the timeline</Dialog.Title>
        <form onSubmit={(e) => void save(e)}>
          <label className={styles.field}>
            <span>Note</span>
            <textarea
              // biome-ignore lint/a11y/noAutofocus: the dialog exists to be typed into
              autoFocus
              rows={4}
              maxLength={10_000}
              value={text}
              onChange={(e) => setText(e.target.value)}
              onKeyDown={(e) => {
                if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void save(e);
              }}
            />
          </label>
          <label className={styles.field}>
            <span>About</span>
            <select value={host} onChange={(e) => setHost(e.target.value)}>
              <option value="">the whole workspace</option>
              {hosts.map((id) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          </label>
          <p className={styles.hint}>
            {past === undefined
              ? 'Written at the present time.'
              : `Written at ${new Date(past).toLocaleTimeString('en-GB')}.`}{' '}
            Ctrl-Enter saves.
          </p>
          {error && (
            <p className={styles.error} role="alert">
              {error}
            </p>
          )}
          <SheetButtons disabled={text.trim() === ''}>Add note</SheetButtons>
        </form>
      </SheetContent>
    </Dialog.Portal>
  );
}
