import * as Dialog from '@radix-ui/react-dialog';
import { CircleAlert, CircleCheck, CircleHelp, LoaderCircle } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { DIAGNOSES } from '../../../shared/model/diagnosis.ts';
import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import type {
  RemediationPlan,
  RemediationRecord,
  RemediationStep,
} from '../../../shared/model/remediation.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { look } from '../../stores/diagnoses.ts';
import { useHosts } from '../../stores/hosts.ts';
import { putRemediation, useRemediations } from '../../stores/remediations.ts';
import { closeDialog, type Dialog as DialogRequest, useUi } from '../../stores/ui.ts';
import { keepSheetForPrompt, SheetPrompts } from '../prompts/Prompts.tsx';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import { SheetContent } from '../shell/Sheet.tsx';
import styles from '../shell/sheet.module.css';

type Request = Extract<DialogRequest, { kind: 'remediation' }>;

/** Slow on purpose: what runs, where, what it touches; then a button that repeats verb, target and host. */
export function RemediationSheet() {
  const dialog = useUi((s) => s.dialog);
  const request = dialog?.kind === 'remediation' ? dialog : undefined;
  return (
    <Dialog.Root open={request !== undefined} onOpenChange={(next) => !next && closeDialog()}>
      {request && (
        <Dialog.Portal>
          <Dialog.Overlay className={styles.overlay} />
          <Sheet request={request} key={JSON.stringify(request.request)} />
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function Sheet({ request }: { request: Request }) {
  const [plan, setPlan] = useState<RemediationPlan>();
  const [error, setError] = useState<string>();
  const record = useRemediations((s) => (plan ? s.byPlan[plan.id] : undefined));
  const cancel = useRef<HTMLButtonElement>(null);
  const { host } = request.request;
  const address = useHosts((s) => s.byId[host]?.address);

  useEffect(() => {
    let current = true;
    const event = request.event ? { event: request.event } : {};
    const { label: _, host: on, ...wanted } = request.request;
    call('remediation.plan', { host: on, request: wanted, ...event }).then(
      (made) => current && setPlan(made),
      (thrown) => current && setError(written(thrown)),
    );
    return () => {
      current = false;
    };
  }, [request.request, request.event]);

  function run(command: 'remediation.execute' | 'remediation.verify') {
    if (!plan) return;
    setError(undefined);
    call(command, { plan: plan.id }).then(putRemediation, (thrown) => setError(written(thrown)));
  }

  return (
    <SheetContent
      className={`${styles.sheet} ${styles.wide}`}
      aria-describedby={undefined}
      onEscapeKeyDown={keepSheetForPrompt}
      onOpenAutoFocus={(event) => {
        // Enter must never confirm by accident: Cancel has the focus first.
        event.preventDefault();
        cancel.current?.focus();
      }}
    >
      <Dialog.Title className={styles.title}>
        {visibleText(plan?.title ?? request.request.label, 200)}
      </Dialog.Title>
      <p className={styles.onHost}>
        {host} <small>{address}</small>
      </p>
      {!plan && !error && <p className={styles.hint}>Reading how things are on {host}…</p>}
      {plan && <PlanText plan={plan} />}
      {plan && !plan.refusal && !record && <EvidenceFirst plan={plan} />}
      {record && <Progress record={record} />}
      {record && <SheetPrompts />}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <footer className={styles.footer}>
        <button type="button" ref={cancel} onClick={closeDialog}>
          {record ? 'Close' : 'Cancel'}
        </button>
        {plan && !plan.refusal && !record && (
          <button type="button" data-danger onClick={() => run('remediation.execute')}>
            {visibleText(plan.title, 120)} on {host}
          </button>
        )}
        {record?.outcome === 'unknown' && (
          <button type="button" data-primary onClick={() => run('remediation.verify')}>
            Verify on {host}
          </button>
        )}
        {record?.offers?.map((offer) => (
          <button
            key={offer.label}
            type="button"
            data-danger
            onClick={() => useUi.setState({ dialog: { ...request, request: offer } })}
          >
            {visibleText(offer.label, 120)}
          </button>
        ))}
      </footer>
    </SheetContent>
  );
}

/** What goes with the process: taken into the record before it is gone. */
function EvidenceFirst({ plan }: { plan: RemediationPlan }) {
  const [taken, setTaken] = useState<string[]>();
  if (plan.action !== 'process.kill') return null;
  const { target } = plan.arguments;
  async function collect(): Promise<void> {
    const done: string[] = [];
    setTaken(done);
    for (const one of DIAGNOSES) {
      if (one.about !== 'process' || 'cost' in one) continue;
      const fine = await look(plan.host, one, target, plan.event);
      done.push(`${one.label.toLowerCase()}${fine ? '' : ' (failed)'}`);
      setTaken([...done]);
    }
  }
  return (
    <p className={styles.evidence} role="status">
      <button
        type="button"
        className={styles.button}
        disabled={taken !== undefined}
        onClick={() => void collect()}
      >
        Collect evidence first
      </button>{' '}
      {taken === undefined
        ? 'Stack, open files, limits, memory map and last log lines, into the record.'
        : `On the timeline: ${taken.join(', ')}${taken.length < EVIDENCE_COUNT ? ' …' : '.'}`}
    </p>
  );
}

const EVIDENCE_COUNT = DIAGNOSES.filter((one) => one.about === 'process' && !('cost' in one)).length;

function PlanText({ plan }: { plan: RemediationPlan }) {
  return (
    <>
      {plan.refusal && (
        <p className={styles.verdict} data-outcome="refused" role="alert">
          {visibleText(plan.refusal, 2000)}
        </p>
      )}
      <h3 className={styles.subheading}>
        {plan.action.startsWith('aws.') ? 'Asks AWS' : 'Runs on the host'}
      </h3>
      <ScrollableText className={styles.command}>{visibleLines(plan.command)}</ScrollableText>
      {plan.touches.length > 0 && (
        <>
          <h3 className={styles.subheading}>Touches</h3>
          <ul className={styles.list}>
            {plan.touches.map((line) => (
              <li key={line}>{visibleText(line, 1000)}</li>
            ))}
          </ul>
        </>
      )}
      <h3 className={styles.subheading}>Needs</h3>
      <p className={styles.text}>{visibleText(plan.needs, 1000)}</p>
      <h3 className={styles.subheading}>Verified by</h3>
      <p className={styles.text}>{visibleText(plan.verification, 1000)}</p>
    </>
  );
}

function Progress({ record }: { record: RemediationRecord }) {
  return (
    <div aria-live="polite">
      <h3 className={styles.subheading}>Progress</h3>
      <ol className={styles.steps}>
        {record.steps.map((step) => (
          <li key={`${step.name} ${step.at}`} data-state={step.state}>
            <StepMark state={step.state} />
            <span className={styles.stepName}>{step.name}</span>
            <span>{visibleText(step.text, 2000)}</span>
          </li>
        ))}
      </ol>
      {(record.cpuBefore !== undefined || record.cpuAfter !== undefined) && (
        <p className={styles.figures}>
          <span>
            CPU before <b>{cores(record.cpuBefore)}</b>
          </span>
          <span>
            after <b>{cores(record.cpuAfter)}</b>
          </span>
        </p>
      )}
      {record.outcome && (
        <p className={styles.verdict} data-outcome={record.outcome} role="status">
          {record.outcome}: {visibleText(record.verdict ?? '', 2000)}
        </p>
      )}
    </div>
  );
}

function StepMark({ state }: { state: RemediationStep['state'] }) {
  const Shape =
    state === 'done'
      ? CircleCheck
      : state === 'failed'
        ? CircleAlert
        : state === 'unknown'
          ? CircleHelp
          : LoaderCircle;
  return <Shape size={14} aria-label={state} />;
}

function cores(value: number | undefined): string {
  return value === undefined ? 'not known' : `${value.toFixed(2)} cores`;
}

function written(thrown: unknown): string {
  const error = errorOf(thrown);
  return visibleText([error.message, error.advice].filter(Boolean).join('. '), 2000);
}
