import * as Dialog from '@radix-ui/react-dialog';
import { Fragment, useEffect, useRef, useState } from 'react';
import type { HostId } from '../../../shared/model/host.ts';
import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import type { RemediationPlan, RemediationRecord } from '../../../shared/model/remediation.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { putRemediation, useRemediations } from '../../stores/remediations.ts';
import { closeDialog, type Dialog as DialogRequest, useUi } from '../../stores/ui.ts';
import { keepSheetForPrompt, SheetPrompts } from '../prompts/Prompts.tsx';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import { SheetContent } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import { commandGroups, hostWords } from './commandGroups.ts';
import styles from './ManyHostsSheet.module.css';

type Request = Extract<DialogRequest, { kind: 'remediations' }>;
type Planned = { kind: 'planned'; plan: RemediationPlan } | { kind: 'failed'; reason: string };

/** One remediation on several hosts: a list, one host first, then the others one by one, and a stop at the first surprise. */
export function ManyHostsSheet() {
  const dialog = useUi((s) => s.dialog);
  const request = dialog?.kind === 'remediations' ? dialog : undefined;
  return (
    <Dialog.Root open={request !== undefined} onOpenChange={(next) => !next && closeDialog()}>
      {request && (
        <Dialog.Portal>
          <Dialog.Overlay className={sheet.overlay} />
          <SheetContent
            className={`${sheet.sheet} ${sheet.wide}`}
            aria-describedby={undefined}
            onEscapeKeyDown={keepSheetForPrompt}
          >
            <Sheet request={request} key={JSON.stringify(request)} />
          </SheetContent>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function Sheet({ request }: { request: Request }) {
  const [planned, setPlanned] = useState<ReadonlyMap<HostId, Planned>>(new Map());
  const [state, setState] = useState<'asking' | 'canary' | 'proved' | 'rest' | 'stopped' | 'done'>('asking');
  const [surprise, setSurprise] = useState<string>();
  const [canary, setCanary] = useState<HostId | undefined>(request.hosts[0]);
  const byPlan = useRemediations((s) => s.byPlan);
  const gone = useRef(false);

  useEffect(() => {
    gone.current = false;
    for (const host of request.hosts) {
      const put = (one: Planned) => setPlanned((before) => new Map(before).set(host, one));
      call('remediation.plan', { host, request: request.request }).then(
        (plan) => put({ kind: 'planned', plan }),
        (thrown) => put({ kind: 'failed', reason: errorOf(thrown).message }),
      );
    }
    return () => {
      // Closing the sheet stops after the host that is under way.
      gone.current = true;
    };
  }, [request]);

  const recordOf = (host: HostId): RemediationRecord | undefined => {
    const one = planned.get(host);
    return one?.kind === 'planned' ? byPlan[one.plan.id] : undefined;
  };
  const can = request.hosts.filter((host) => {
    const one = planned.get(host);
    return one?.kind === 'planned' && one.plan.refusal === undefined;
  });
  const first = canary !== undefined && can.includes(canary) ? canary : can[0];
  const others = can.filter((host) => host !== first);

  /** False at anything but a success. */
  async function carryOut(host: HostId): Promise<boolean> {
    const one = planned.get(host);
    if (one?.kind !== 'planned') return false;
    try {
      const record = await call('remediation.execute', { plan: one.plan.id });
      putRemediation(record);
      if (record.outcome === 'succeeded') return true;
      setSurprise(`${host}: ${record.outcome}, ${record.verdict ?? ''}`);
    } catch (thrown) {
      setSurprise(`${host}: ${errorOf(thrown).message}`);
    }
    return false;
  }

  async function runFirst(): Promise<void> {
    if (first === undefined) return;
    setCanary(first);
    setState('canary');
    setState((await carryOut(first)) ? (others.length === 0 ? 'done' : 'proved') : 'stopped');
  }

  async function runRest(): Promise<void> {
    setState('rest');
    for (const host of others) {
      if (gone.current) return;
      if (!(await carryOut(host))) {
        setState('stopped');
        return;
      }
    }
    setState('done');
  }

  const plans = request.hosts.flatMap((host) => {
    const one = planned.get(host);
    return one?.kind === 'planned' ? [one.plan] : [];
  });
  return (
    <>
      <Dialog.Title className={sheet.title}>
        {visibleText(request.label, 120)}, on {request.hosts.length} hosts
      </Dialog.Title>
      {commandGroups(plans).map(({ command, needs, hosts }) => (
        <Fragment key={`${command} ${needs}`}>
          <h3 className={sheet.subheading}>Runs on {hostWords(hosts, can.length)}</h3>
          <ScrollableText className={sheet.command}>{visibleLines(command)}</ScrollableText>
          <p className={sheet.hint}>{visibleText(needs, 500)}</p>
        </Fragment>
      ))}
      <h3 className={sheet.subheading}>Hosts, one first</h3>
      <ul className={styles.hosts}>
        {request.hosts.map((host) => (
          <li key={host} data-outcome={recordOf(host)?.outcome}>
            <label>
              <input
                type="radio"
                name="canary"
                checked={host === first}
                disabled={state !== 'asking' || !can.includes(host)}
                onChange={() => setCanary(host)}
              />
              {host}
            </label>
            <span>{wordsOf(planned.get(host), recordOf(host), host === first)}</span>
          </li>
        ))}
      </ul>
      <SheetPrompts />
      {surprise !== undefined && (
        <p className={sheet.error} role="alert">
          Stopped: {visibleText(surprise, 1000)} The hosts after it were left alone.
        </p>
      )}
      {state === 'done' && (
        <p className={sheet.hint} role="status">
          Done on {can.length} host{can.length === 1 ? '' : 's'}.
        </p>
      )}
      <footer className={sheet.footer}>
        <button type="button" onClick={closeDialog}>
          {state === 'asking' ? 'Cancel' : state === 'rest' ? 'Stop after this host' : 'Close'}
        </button>
        {(state === 'asking' || state === 'canary') && (
          <button
            type="button"
            data-danger
            disabled={state === 'canary' || first === undefined || planned.size < request.hosts.length}
            onClick={() => void runFirst()}
          >
            On {first ?? 'no host'} first
          </button>
        )}
        {(state === 'proved' || state === 'rest') && (
          <button type="button" data-danger disabled={state === 'rest'} onClick={() => void runRest()}>
            Go on with the other {others.length}
          </button>
        )}
      </footer>
    </>
  );
}

function wordsOf(
  planned: Planned | undefined,
  record: RemediationRecord | undefined,
  first: boolean,
): string {
  if (record?.outcome) return `${record.outcome}: ${visibleText(record.verdict ?? '', 300)}`;
  if (record) return visibleText(record.steps.at(-1)?.text ?? 'running', 200);
  if (!planned) return 'reading how things are…';
  if (planned.kind === 'failed') return `left out: ${visibleText(planned.reason, 300)}`;
  if (planned.plan.refusal !== undefined) return `left out: ${visibleText(planned.plan.refusal, 300)}`;
  return first ? 'first' : 'waits';
}
