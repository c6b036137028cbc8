import { useEffect, useRef, useState } from 'react';
import { asText, formatShare } from '../../../shared/model/format.ts';
import { type HostId, isUp } from '../../../shared/model/host.ts';
import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import { MOST_SECONDS, type ProfilePlan, type ProfileWay } from '../../../shared/model/profile.ts';
import { coreNow } from '../../series/coreTime.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { useHosts } from '../../stores/hosts.ts';
import { type TakingState, takeProfiles, useProfiles } from '../../stores/profiles.ts';
import { closeDialog, type Dialog, openDialog, useUi } from '../../stores/ui.ts';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import { Sheet } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import { useNow } from '../shell/useNow.ts';
import styles from './ProfileSheet.module.css';

type Request = Extract<Dialog, { kind: 'profile' }>;

const SECONDS = [3, 10, 30, 60].filter((one) => one <= MOST_SECONDS);
const WAY_WORDS: Record<ProfileWay, string> = { inspector: 'Node’s inspector', perf: 'perf' };

/** What would be profiled, what that does to the processes and costs the host; then, on one word, done at once. */
export function ProfileSheet() {
  const dialog = useUi((s) => s.dialog);
  if (dialog?.kind !== 'profile') return null;
  return (
    <Sheet wide title={visibleText(dialog.label, 200)} onLeave={closeDialog}>
      <Ask request={dialog} key={JSON.stringify([dialog.host, dialog.targets])} />
    </Sheet>
  );
}

type Planned = { plan: ProfilePlan } | { error: string } | undefined;

function Ask({ request }: { request: Request }) {
  const { host } = request;
  const [seconds, setSeconds] = useState(10);
  const [way, setWay] = useState<ProfileWay>();
  const [beside, setBeside] = useState<HostId>();
  const [confirmed, setConfirmed] = useState<readonly ProfilePlan[]>();
  const cancel = useRef<HTMLButtonElement>(null);
  const first = usePlan(host, request.targets, seconds, way);
  const name = first && 'plan' in first ? first.plan.processes[0]?.name : undefined;
  const peers = usePeers(host);
  const second = usePlan(beside, name === undefined ? undefined : { name }, seconds, way);
  const taking = useProfiles((s) => s.taking);
  useEffect(() => cancel.current?.focus(), []);

  const plans = [first, second].flatMap((one) => (one && 'plan' in one ? [one.plan] : []));
  const ready =
    plans.length === (beside === undefined ? 1 : 2) && plans.every(({ refusal }) => refusal === undefined);

  async function take(): Promise<void> {
    setConfirmed(plans);
    const taken = await takeProfiles(plans, request.event);
    const [one, other] = plans.map((plan) => taken.get(plan.host));
    // Whoever left the sheet meanwhile finds it on the timeline.
    if (one && taken.size === plans.length && useUi.getState().dialog === request)
      openDialog({ kind: 'flame', profile: one.id, ...(other ? { against: other.id } : {}) });
  }

  if (confirmed) return <Taking plans={confirmed} taking={taking} />;
  return (
    <>
      <div className={styles.choices}>
        <label>
          For{' '}
          <select value={seconds} onChange={(event) => setSeconds(Number(event.target.value))}>
            {SECONDS.map((one) => (
              <option key={one} value={one}>
                {one} s
              </option>
            ))}
          </select>
        </label>
        <label>
          By{' '}
          <select
            value={way ?? (first && 'plan' in first ? first.plan.way : 'inspector')}
            onChange={(event) => setWay(event.target.value as ProfileWay)}
          >
            {(['inspector', 'perf'] as const).map((one) => (
              <option key={one} value={one}>
                {WAY_WORDS[one]}
              </option>
            ))}
          </select>
        </label>
        <label>
          Compared with{' '}
          <select
            value={beside ?? ''}
            onChange={(event) =>
              setBeside(event.target.value === '' ? undefined : (event.target.value as HostId))
            }
          >
            <option value="">no other host</option>
            {peers.map(({ id, shared }) => (
              <option key={id} value={id}>
                {id}
                {shared ? ` (also ${shared})` : ''}, at the same time
              </option>
            ))}
          </select>
        </label>
      </div>
      <Plan host={host} planned={first} />
      {beside !== undefined && <Plan host={beside} planned={second} after={first} />}
      <footer className={`${sheet.footer} ${styles.confirm}`}>
        <button type="button" ref={cancel} onClick={closeDialog}>
          Cancel
        </button>
        <button type="button" data-primary disabled={!ready} onClick={() => void take()}>
          {plans[0] && ready
            ? `${visibleText(plans[0].title, 120)} on ${plans.map((one) => one.host).join(' and ')}`
            : 'Profile'}
        </button>
      </footer>
    </>
  );
}

/** Others that are up; those that share a tag first. */
function usePeers(host: HostId): { id: HostId; shared: string | undefined }[] {
  const { order, byId } = useHosts();
  const own = byId[host]?.tags ?? [];
  return order
    .flatMap((id) => {
      const other = byId[id];
      return other && id !== host && isUp(other.link)
        ? [{ id, shared: other.tags.find((tag) => own.includes(tag)) }]
        : [];
    })
    .sort((a, b) => Number(b.shared !== undefined) - Number(a.shared !== undefined));
}

function usePlan(
  host: HostId | undefined,
  targets: Request['targets'] | undefined,
  seconds: number,
  way: ProfileWay | undefined,
): Planned {
  const [planned, setPlanned] = useState<Planned>();
  const wanted = JSON.stringify(targets);
  useEffect(() => {
    let current = true;
    setPlanned(undefined);
    if (host === undefined || wanted === undefined) return;
    call('profile.plan', { host, targets: JSON.parse(wanted), seconds, ...(way ? { way } : {}) }).then(
      (plan) => current && setPlanned({ plan }),
      (thrown) => {
        const { message, advice } = errorOf(thrown);
        if (current) setPlanned({ error: [message, advice].filter(Boolean).join(' ') });
      },
    );
    return () => {
      current = false;
    };
  }, [host, wanted, seconds, way]);
  return planned;
}

/** @param after what stands above it: what is the same is not said twice */
function Plan({ host, planned, after }: { host: HostId; planned: Planned; after?: Planned }) {
  const address = useHosts((s) => s.byId[host]?.address);
  const plan = planned && 'plan' in planned ? planned.plan : undefined;
  return (
    <section aria-label={`Profile on ${host}`} className={styles.plan}>
      <p className={sheet.onHost}>
        {host} <small>{address}</small>
      </p>
      {!planned && <p className={sheet.hint}>Looking at what can be profiled on {host}…</p>}
      {planned && 'error' in planned && (
        <p className={sheet.error} role="alert">
          {visibleText(planned.error, 1000)}
        </p>
      )}
      {plan && <PlanWords plan={plan} above={after && 'plan' in after ? after.plan : undefined} />}
    </section>
  );
}

const wordsOf = ({ way, touches, cost, notes, needs, refusal }: ProfilePlan) =>
  JSON.stringify([way, touches, cost, notes, needs, refusal]);

function PlanWords({ plan, above }: { plan: ProfilePlan; above: ProfilePlan | undefined }) {
  const same = above !== undefined && wordsOf(plan) === wordsOf(above);
  return (
    <>
      {plan.refusal !== undefined && (
        <p className={sheet.error} role="alert">
          {visibleText(plan.refusal, 1000)}
        </p>
      )}
      <table className={styles.processes} aria-label="Processes">
        <tbody>
          {plan.processes.map(({ identity, name, cpu, command, refusal }) => (
            <tr key={identity.pid} data-refused={refusal !== undefined || undefined}>
              <td className={styles.number}>{identity.pid}</td>
              <td>{visibleText(name, 30)}</td>
              <td className={styles.number}>{cpu === undefined ? '' : asText(formatShare(cpu))}</td>
              <td className={styles.words}>
                {refusal === undefined ? visibleText(command, 200) : `left out: ${refusal}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {plan.refusal === undefined && same && (
        <p className={sheet.text}>What it touches, costs and needs is the same as on {above.host}.</p>
      )}
      {plan.refusal === undefined && !same && (
        <>
          <h3 className={sheet.subheading}>Touches</h3>
          <ul className={sheet.list}>
            {plan.touches.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          <h3 className={sheet.subheading}>Costs</h3>
          <p className={sheet.text}>{plan.cost}</p>
          {plan.notes.length > 0 && (
            <>
              <h3 className={sheet.subheading}>To know</h3>
              <ul className={sheet.list}>
                {plan.notes.map((line) => (
                  <li key={line}>{visibleText(line, 500)}</li>
                ))}
              </ul>
            </>
          )}
          <h3 className={sheet.subheading}>Needs</h3>
          <p className={sheet.text}>{visibleText(plan.needs, 300)}</p>
        </>
      )}
      {plan.refusal === undefined && (
        <details className={styles.command}>
          <summary>
            The exact command{plan.program === undefined ? '' : ', and the program it is given'}
          </summary>
          <ScrollableText className={sheet.command}>
            {visibleLines(
              plan.program === undefined ? plan.command : `${plan.command}\n\n${plan.program}`,
              60_000,
            )}
          </ScrollableText>
        </details>
      )}
    </>
  );
}

function Taking({ plans, taking }: { plans: readonly ProfilePlan[]; taking: Record<string, TakingState> }) {
  const states = plans.map((plan) => ({ plan, state: taking[plan.id] }));
  const running = states.some(({ state }) => state?.kind === 'running');
  return (
    <>
      <ul className={styles.taking} aria-live="polite">
        {states.map(({ plan, state }) => (
          <li key={plan.id} data-state={state?.kind}>
            <strong>{plan.host}</strong> <TakingWords plan={plan} state={state} />
          </li>
        ))}
      </ul>
      <footer className={sheet.footer}>
        {running && (
          <button
            type="button"
            onClick={() => {
              for (const { plan } of states) void call('profile.cancel', { plan: plan.id }).catch(() => {});
            }}
          >
            Stop, and discard it
          </button>
        )}
        {states.map(
          ({ plan, state }) =>
            state?.kind === 'done' && (
              <button
                key={plan.id}
                type="button"
                onClick={() => openDialog({ kind: 'flame', profile: state.profile.id })}
              >
                Open the flame graph of {plan.host}
              </button>
            ),
        )}
        <button type="button" onClick={closeDialog}>
          Close
        </button>
      </footer>
    </>
  );
}

function TakingWords({ plan, state }: { plan: ProfilePlan; state: TakingState | undefined }) {
  useNow(500);
  const now = coreNow();
  if (!state) return null;
  if (state.kind === 'failed') return <span role="alert">{visibleText(state.reason, 600)}</span>;
  if (state.kind === 'done') return <span>done: {visibleText(state.profile.title, 100)}</span>;
  const { progress } = state;
  if (!progress || progress.phase === 'opening')
    return (
      <span>
        beginning{progress && progress.of > 1 ? `, ${progress.done} of ${progress.of} processes` : ''}…
      </span>
    );
  if (progress.phase === 'reading')
    return (
      <span>
        fetching what was seen
        {plan.way === 'inspector' && progress.of > 1 ? `, ${progress.done} of ${progress.of} processes` : ''}…
      </span>
    );
  const left = Math.max(0, Math.ceil(((progress.until ?? now) - now) / 1000));
  return <span>profiling: {left} s to go</span>;
}
