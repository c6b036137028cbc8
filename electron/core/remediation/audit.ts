import type { Clock } from '../../../shared/base/clock.ts';
import { failure } from '../../../shared/contract/errors.ts';
import { withoutSecrets } from '../../../shared/model/commandLine.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type {
  RemediationOutcome,
  RemediationPlan,
  RemediationRecord,
  RemediationStep,
} from '../../../shared/model/remediation.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { SessionFailure } from '../sessions/session.ts';
import type { RemediationOptions } from './remediation.ts';
import { outcomeEvent, remediationDetail, startedEvent } from './remediationEvents.ts';

export type ExecutionContext = RemediationOptions & {
  ended: AbortSignal;
  /** Of sudo; undefined when none was given. */
  askPassword: (plan: RemediationPlan) => Promise<string | undefined>;
};

/** The record of one execution, written before anything runs and whatever happens. */
export interface Audit {
  readonly record: RemediationRecord;
  /** A step of the same name is replaced. */
  step(name: RemediationStep['name'], state: RemediationStep['state'], text: string): void;
  add(more: Partial<Pick<RemediationRecord, 'output' | 'exitCode' | 'offers'>>): void;
  conclude(outcome: RemediationOutcome, verdict: string): void;
  /** What a command that gave no result means: not run at all, or not known. `what`: `the signal was sent`. */
  concludeFailure(error: SessionFailure, what: string): void;
  /** Puts the result on record and on the timeline, and after a success watches its effect. */
  finish(): Promise<RemediationRecord>;
}

/** CPU is compared over so long before and after. */
const COMPARE_MS = 10_000;
/** A respawn loop is called ended after ten quiet seconds. */
const EFFECT_MS = 16_000;

/** Throws `storage` when the intent cannot be recorded: then nothing may run. `guard`: what is checked first. */
export function openAudit(plan: RemediationPlan, guard: string, context: ExecutionContext): Audit {
  const { store, clock } = context;
  let record: RemediationRecord = { plan, actor: context.actor, confirmedAt: clock.now(), steps: [] };

  function step(name: RemediationStep['name'], state: RemediationStep['state'], text: string): void {
    const others = record.steps.filter((s) => s.name !== name);
    record = { ...record, steps: [...others, { name, state, at: clock.now(), text }] };
  }
  /** The command has run by now: what cannot be written is still shown. */
  function tell(): void {
    try {
      store.putRemediation(record);
    } catch (error) {
      context.diagnostic(`remediation: ${plan.title} could not be recorded: ${String(error)}`);
      step('record', 'failed', `The record could not be written: ${String(error)}`);
    }
    context.publishRecord(record);
  }
  function conclude(outcome: RemediationOutcome, verdict: string): void {
    record = { ...record, outcome, verdict, finishedAt: clock.now() };
  }

  const cpuBefore = context.cpuBusy(plan.host, record.confirmedAt - COMPARE_MS, record.confirmedAt);
  if (cpuBefore !== undefined) record = { ...record, cpuBefore };
  step('intent', 'done', `${record.actor} confirmed: ${plan.title}`);
  try {
    store.putRemediation(record);
  } catch (error) {
    throw failure(
      'storage',
      `The intent could not be recorded, so nothing was run: ${error instanceof Error ? error.message : String(error)}`,
      'Make room on the disk of the record and plan it again.',
    );
  }
  context.publishEvent(startedEvent(record, clock.now()));
  step('guard', 'running', guard);
  context.publishRecord(record);

  /** Watches what became of the machine and of the event; the outcome stands already. */
  async function followEffect(event: TimelineEvent): Promise<void> {
    const finished = clock.monotonic();
    step('effect', 'running', 'Comparing CPU, and watching whether it helped');
    context.publishRecord(record);
    const effect = plan.event === undefined ? undefined : watchEvent(plan.event, context);
    await wait(clock, COMPARE_MS, context.ended);
    // Samples are dated by the clock as it is now, which may have been stepped since.
    const now = clock.now();
    const cpuAfter = context.cpuBusy(plan.host, now - (clock.monotonic() - finished), now);
    if (cpuAfter !== undefined) record = { ...record, cpuAfter };
    const words = [await effect, cpuWords(record)].filter((w) => w !== undefined);
    step('effect', 'done', words.length > 0 ? words.join(' ') : 'Nothing was sampled to compare');
    tell();
    context.publishEvent({
      ...event,
      revision: event.revision + 1,
      title: [event.title, ...words].join(' '),
      detail: remediationDetail(record),
    });
  }

  return {
    get record() {
      return record;
    },
    step,
    add({ output, ...more }) {
      record = { ...record, ...more, ...(output === undefined ? {} : { output: withoutSecrets(output) }) };
    },
    conclude,
    concludeFailure(error, what) {
      if (error.kind === 'not_connected' || error.kind === 'full' || error.kind === 'refused') {
        step('guard', 'failed', `Nothing was run: ${error.reason}`);
        conclude('failed', `nothing was run: ${visibleText(error.reason, 300)}`);
        return;
      }
      const why =
        error.kind === 'timeout'
          ? 'it gave no result in time'
          : `the link ended (${visibleText(error.reason, 200)})`;
      step('guard', 'unknown', 'Not known');
      step('execute', 'unknown', `Whether ${what} is not known: ${why}`);
      conclude('unknown', `what it did is not known: ${why}. Verify when the host can be reached.`);
    },
    async finish() {
      step('record', 'done', 'On record');
      tell();
      const finished = outcomeEvent(record, clock.now());
      context.publishEvent(finished);
      if (record.outcome === 'succeeded') await followEffect(finished);
      return record;
    },
  };
}

async function watchEvent(event: EventId, context: ExecutionContext): Promise<string | undefined> {
  if (context.effect) return context.effect(event);
  const { clock, store, ended } = context;
  const start = clock.monotonic();
  for (;;) {
    const found = store.readEvents({ limit: 500 }).find((e) => e.id === event);
    if (!found) return undefined;
    const name = found.kind === 'process.respawn_loop' ? 'The respawn loop' : 'What it was for';
    if (found.endedAt !== undefined) return `${name} ended.`;
    if (ended.aborted || clock.monotonic() - start >= EFFECT_MS) {
      return found.kind === 'process.respawn_loop' ? `${name} still goes on.` : undefined;
    }
    await wait(clock, 1000, ended);
  }
}

function cpuWords({ cpuBefore, cpuAfter }: RemediationRecord): string | undefined {
  if (cpuBefore === undefined || cpuAfter === undefined) return undefined;
  return `Busy CPU ${cpuBefore.toFixed(2)} → ${cpuAfter.toFixed(2)} cores (means of ten seconds before and after).`;
}

/** Resolves early when the service ends. */
export function wait(clock: Clock, milliseconds: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ended.aborted) return resolve();
    const done = () => {
      timer.dispose();
      ended.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(milliseconds, done);
    ended.addEventListener('abort', done);
  });
}
