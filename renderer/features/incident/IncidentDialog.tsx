import * as Dialog from '@radix-ui/react-dialog';
import { type FormEvent, useState } from 'react';
import type { Incident, IncidentSeverity } from '../../../shared/model/incident.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { useIncident } from '../../stores/incident.ts';
import { useTimeline } from '../../stores/timeline.ts';
import { closeDialog, openDialog, useUi } from '../../stores/ui.ts';
import { SheetButtons, SheetContent } from '../shell/Sheet.tsx';
import styles from '../shell/sheet.module.css';

const SEVERITIES: { value: IncidentSeverity; label: string }[] = [
  { value: 'SEV1', label: 'SEV1, users are down' },
  { value: 'SEV2', label: 'SEV2, users are hurt' },
  { value: 'SEV3', label: 'SEV3, at risk' },
  { value: 'SEV4', label: 'SEV4, to be looked at' },
];

/** Declares an incident, or shows the running one: its words, its four times, its end. */
export function IncidentDialog() {
  const open = useUi((s) => s.dialog?.kind === 'incident');
  const incident = useIncident((s) => s.incident);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && closeDialog()}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={styles.overlay} />
          <SheetContent className={styles.sheet} aria-describedby={undefined}>
            {incident ? <Running incident={incident} /> : <Declare />}
          </SheetContent>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function Declare() {
  const [title, setTitle] = useState('');
  const [severity, setSeverity] = useState<IncidentSeverity>('SEV2');
  const [began, setBegan] = useState('');
  const [error, setError] = useState<string>();

  async function start(submitted: FormEvent) {
    submitted.preventDefault();
    try {
      const impactBeganAt = localInputToMs(began);
      const incident = await call('incident.start', {
        title,
        severity,
        ...(impactBeganAt === undefined ? {} : { impactBeganAt }),
      });
      useIncident.setState({ incident });
      closeDialog();
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
  }

  return (
    <form onSubmit={(e) => void start(e)}>
      <Dialog.Title className={styles.title}>Declare an incident</Dialog.Title>
      <p className={styles.hint}>
        Everything was being recorded already. An incident marks the span that the report is about.
      </p>
      <label className={styles.field}>
        <span>Title</span>
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog exists to be typed into
          autoFocus
          value={title}
          maxLength={300}
          placeholder="what is wrong, as you would say it aloud"
          onChange={(e) => setTitle(e.target.value)}
        />
      </label>
      <div className={styles.row}>
        <SeverityField value={severity} onChange={setSeverity} />
        <TimeField label="Impact began (optional)" value={began} onChange={setBegan} />
      </div>
      {error && <Failure text={error} />}
      <SheetButtons disabled={title.trim() === ''}>Declare incident</SheetButtons>
    </form>
  );
}

function Running({ incident }: { incident: Incident }) {
  const [title, setTitle] = useState(incident.title);
  const [severity, setSeverity] = useState(incident.severity);
  const [summary, setSummary] = useState(incident.summary);
  const [began, setBegan] = useState(msToLocalInput(incident.impactBeganAt));
  const [detected, setDetected] = useState(msToLocalInput(incident.detectedAt ?? firstDetection(incident)));
  const [mitigated, setMitigated] = useState(msToLocalInput(incident.mitigatedAt));
  const [resolved, setResolved] = useState(msToLocalInput(incident.resolvedAt));
  const [error, setError] = useState<string>();

  async function save(): Promise<boolean> {
    const times = {
      impactBeganAt: localInputToMs(began),
      detectedAt: localInputToMs(detected),
      mitigatedAt: localInputToMs(mitigated),
      resolvedAt: localInputToMs(resolved),
    };
    const given = Object.fromEntries(Object.entries(times).filter(([, at]) => at !== undefined));
    try {
      const saved = await call('incident.update', {
        incident: incident.id,
        title,
        severity,
        summary,
        ...given,
      });
      useIncident.setState({ incident: saved });
      return true;
    } catch (thrown) {
      setError(errorOf(thrown).message);
      return false;
    }
  }

  async function end() {
    if (!(await save())) return;
    try {
      await call('incident.end', { incident: incident.id });
      useIncident.setState({ incident: null });
      openDialog({ kind: 'report' });
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
  }

  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        void save().then((saved) => saved && closeDialog());
      }}
    >
      <Dialog.Title className={styles.title}>INC-{incident.number}</Dialog.Title>
      <label className={styles.field}>
        <span>Title</span>
        <input value={title} maxLength={300} onChange={(e) => setTitle(e.target.value)} />
      </label>
      <SeverityField value={severity} onChange={setSeverity} />
      <label className={styles.field}>
        <span>Summary (Markdown)</span>
        <textarea rows={5} value={summary} onChange={(e) => setSummary(e.target.value)} />
      </label>
      <div className={styles.row}>
        <TimeField label="Impact began" value={began} onChange={setBegan} />
        <TimeField label="Detected" value={detected} onChange={setDetected} />
        <TimeField label="Mitigated" value={mitigated} onChange={setMitigated} />
        <TimeField label="Resolved" value={resolved} onChange={setResolved} />
      </div>
      {error && <Failure text={error} />}
      <footer className={styles.footer}>
        <button type="button" className={styles.aside} onClick={() => void end()}>
          End incident
        </button>
        <button type="button" onClick={closeDialog}>
          Cancel
        </button>
        <button type="submit" data-primary>
          Save
        </button>
      </footer>
    </form>
  );
}

function SeverityField(props: { value: IncidentSeverity; onChange: (value: IncidentSeverity) => void }) {
  return (
    <label className={styles.field}>
      <span>Severity</span>
      <select value={props.value} onChange={(e) => props.onChange(e.target.value as IncidentSeverity)}>
        {SEVERITIES.map((s) => (
          <option key={s.value} value={s.value}>
            {s.label}
          </option>
        ))}
      </select>
    </label>
  );
}

function TimeField(props: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className={styles.field}>
      <span>{props.label}</span>
      <input
        type="datetime-local"
        step="1"
        value={props.value}
        onChange={(e) => props.onChange(e.target.value)}
      />
    </label>
  );
}

function Failure({ text }: { text: string }) {
  return (
    <p className={styles.error} role="alert">
      {text}
    </p>
  );
}

/** The first critical thing a detector said around this incident: what the record itself knows of detection. */
function firstDetection(incident: Incident): number | undefined {
  const from = incident.impactBeganAt ?? incident.startedAt - 3_600_000;
  const { byId } = useTimeline.getState();
  const found = Object.values(byId).filter(
    (e) => e.source === 'detector' && e.severity === 'critical' && e.seenAt >= from,
  );
  return found.length === 0 ? undefined : Math.min(...found.map((e) => e.seenAt));
}

function msToLocalInput(at: number | undefined): string {
  if (at === undefined) return '';
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

function localInputToMs(text: string): number | undefined {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? undefined : at;
}
