import * as Dialog from '@radix-ui/react-dialog';
import { useEffect, useState } from 'react';
import type { ExportedReport } from '../../../shared/contract/commands.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { Incident, IncidentId } from '../../../shared/model/incident.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { SheetContent } from '../shell/Sheet.tsx';
import styles from '../shell/sheet.module.css';

const FORMATS = [
  { value: 'html', label: 'HTML, one offline file' },
  { value: 'md', label: 'Markdown' },
  { value: 'json', label: 'JSON, everything' },
] as const;

/** Exports the report: saved beside the record, and handed to the browser as a download. */
export function ReportDialog() {
  const open = useUi((s) => s.dialog?.kind === 'report');
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && closeDialog()}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={styles.overlay} />
          <SheetContent className={styles.sheet} aria-describedby={undefined}>
            <ReportForm />
          </SheetContent>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function ReportForm() {
  const [incidents, setIncidents] = useState<Incident[]>([]);
  const [incident, setIncident] = useState('');
  const [format, setFormat] = useState<(typeof FORMATS)[number]['value']>('html');
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<ExportedReport>();
  const [error, setError] = useState<string>();

  useEffect(() => {
    call('incident.list', {}).then(
      (list) => {
        setIncidents(list);
        setIncident(list[0]?.id ?? '');
      },
      (thrown) => setError(errorOf(thrown).message),
    );
  }, []);

  async function exportReport() {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      const report = await call('report.export', {
        format,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        ...(incident ? { incident: incident as IncidentId } : {}),
      });
      setDone(report);
      download(report);
    } catch (thrown) {
      setError(errorOf(thrown).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        void exportReport();
      }}
    >
      <Dialog.Title className={styles.title}>Export a report</Dialog.Title>
      <label className={styles.field}>
        <span>About</span>
        <select value={incident} onChange={(e) => setIncident(e.target.value)}>
          {incidents.map((i) => (
            <option key={i.id} value={i.id}>
              INC-{i.number} {visibleText(i.title, 120)}
            </option>
          ))}
          <option value="">
            {incidents.length === 0 ? 'all that is on record (no incident yet)' : 'the latest'}
          </option>
        </select>
      </label>
      <label className={styles.field}>
        <span>Format</span>
        <select value={format} onChange={(e) => setFormat(e.target.value as typeof format)}>
          {FORMATS.map((f) => (
            <option key={f.value} value={f.value}>
              {f.label}
            </option>
          ))}
        </select>
      </label>
      <p className={styles.hint}>
        Nothing is left out and nothing is redacted yet: read it before you send it on.
      </p>
      {done && (
        <p className={styles.verdict} data-outcome="succeeded" role="status">
          Saved to {done.savedTo}
        </p>
      )}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <footer className={styles.footer}>
        <button type="button" onClick={closeDialog}>
          Close
        </button>
        {/* Not disabled meanwhile: the focus would be lost with it. */}
        <button type="submit" data-primary aria-disabled={busy}>
          {busy ? 'Writing…' : 'Export report'}
        </button>
      </footer>
    </form>
  );
}

function download(report: ExportedReport): void {
  const address = URL.createObjectURL(new Blob([report.content], { type: report.mediaType }));
  const link = document.createElement('a');
  link.href = address;
  link.download = report.fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
