import type { Clock } from '../../../shared/base/clock.ts';
import { failure } from '../../../shared/contract/errors.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type {
  RemediationOutcome,
  RemediationPlan,
  RemediationRecord,
  RemediationStep,
} from '../../../shared/model/remediation.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { RunResult, SessionFailure } from '../sessions/session.ts';
import { WAIT_MS } from './killPlan.ts';
import { parseKillOutput } from './killScript.ts';
import type { RemediationOptions } from './remediation.ts';
import { outcomeEvent, remediationDetail, startedEvent } from './remediationEvents.ts';

export type ExecutionContext = RemediationOptions & { ended: AbortSignal };

/** CPU is compared over so long before and after. */
const COMPARE_MS = 10_000;
/** A respawn loop is called ended after ten quiet seconds. */
const EFFECT_MS = 16_000;
const RUN_MS = WAIT_MS + 10_000;

/** Runs a confirmed plan to its end. Throws `storage` when the intent cannot be recorded: then nothing has run. */
export async function executeKill(
  plan: RemediationPlan,
  argv: string[],
  context: ExecutionContext,
): Promise<RemediationRecord> {
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
  step('guard', 'running', 'Checking on the host that it is still the same process');
  context.publishRecord(record);

  const session = context.sessionOf(plan.host);
  const result = session
    ? await session.run(argv, { purpose: 'remediation', timeoutMs: RUN_MS, maximumBytes: 65_536 })
    : {
        ok: false as const,
        error: { kind: 'not_connected' as const, reason: 'the host is not open any more' },
      };
  if (!result.ok) concludeFailure(result.error);
  else concludeResult(result.value);
  step('record', 'done', 'On record');
  tell();
  const finished = outcomeEvent(record, clock.now());
  context.publishEvent(finished);
  if (record.outcome === 'succeeded') await followEffect(finished);
  return record;

  function concludeFailure(error: SessionFailure): void {
    if (error.kind === 'not_connected' || error.kind === 'full' || error.kind === 'refused') {
      step('guard', 'failed', `Nothing was run: ${error.reason}`);
      conclude('failed', `nothing was run: ${visibleText(error.reason, 300)}`);
      return;
    }
    const what =
      error.kind === 'timeout'
        ? 'it gave no result in time'
        : `the link ended (${visibleText(error.reason, 200)})`;
    step('guard', 'unknown', 'Not known');
    step('execute', 'unknown', `Whether the signal was sent is not known: ${what}`);
    conclude('unknown', `what it did is not known: ${what}. Verify when the host can be reached.`);
  }

  function concludeResult(ran: RunResult): void {
    const { pid } = plan.arguments.target;
    const text = ran.stderr === '' ? ran.stdout : `${ran.stdout}${ran.stderr}`;
    record = { ...record, output: text, ...(ran.exitCode === undefined ? {} : { exitCode: ran.exitCode }) };
    const output = parseKillOutput(ran.stdout);
    switch (output.kind) {
      case 'refused': {
        const why = refusalWords(output.reason, pid);
        step('guard', 'failed', why);
        conclude('refused', `${why} No signal was sent.`);
        return;
      }
      case 'error': {
        step('guard', 'done', 'It is still the same process');
        const said = visibleText(output.text, 200);
        step('execute', 'failed', `The host refused the signal: ${said}`);
        conclude(
          'failed',
          output.notPermitted
            ? `this account may not signal it: ${said}. ${plan.needs}`
            : `the signal was not delivered: ${said}`,
        );
        return;
      }
      case 'silent': {
        const said = visibleText(ran.stderr.trim(), 300);
        if (ran.exitCode === undefined || ran.exitCode === 0) {
          step('guard', 'unknown', 'The command ended without a word');
          conclude('unknown', 'the command ended without saying what it did. Verify it.');
        } else {
          step('guard', 'failed', `The command could not run: ${said}`);
          conclude(
            'failed',
            `the command could not run (exit status ${ran.exitCode})${said === '' ? '' : `: ${said}`}`,
          );
        }
        return;
      }
      case 'sent': {
        step('guard', 'done', 'It was still the same process, checked in the process that signalled');
        const way = output.how === 'pidfd' ? ', bound to the process (pidfd)' : '';
        step('execute', 'done', `SIG${plan.arguments.signal} sent${way}`);
        concludeSent(output.end, output.afterMs ?? 0);
        return;
      }
    }
  }

  function concludeSent(end: 'gone' | 'zombie' | 'standing' | 'unknown', afterMs: number): void {
    const { pid } = plan.arguments.target;
    const { signal } = plan.arguments;
    const seconds = `${(afterMs / 1000).toFixed(1)} s`;
    switch (end) {
      case 'gone':
        step('verify', 'done', `Pid ${pid} went after ${seconds}`);
        conclude('succeeded', `it is gone, after ${seconds}.`);
        return;
      case 'zombie':
        step(
          'verify',
          'done',
          `Pid ${pid} is dead after ${seconds}; a zombie until its parent clears it away`,
        );
        conclude('succeeded', `it is dead, after ${seconds} (a zombie until its parent clears it away).`);
        return;
      case 'standing':
        step('verify', 'failed', `Pid ${pid} still stands after ${seconds}`);
        if (signal === 'TERM') record = { ...record, offerKill: true };
        conclude(
          'failed',
          signal === 'TERM'
            ? `SIGTERM was delivered and it still stands after ${seconds}: SIGKILL can be planned.`
            : `SIGKILL was delivered and it still stands after ${seconds}: the kernel holds it, most likely in a call to a disk or a network file system that does not answer.`,
        );
        return;
      case 'unknown':
        step('verify', 'unknown', 'The command ended before it saw whether the process went');
        conclude('unknown', 'the signal was sent; whether the process went is not known. Verify it.');
        return;
    }
  }

  /** Watches what became of the machine and of the event; the outcome stands already. */
  async function followEffect(event: TimelineEvent): Promise<void> {
    const finishedAt = record.finishedAt ?? clock.now();
    step('effect', 'running', 'Comparing CPU, and watching whether it helped');
    context.publishRecord(record);
    const effect = plan.event === undefined ? undefined : watchEvent(plan.event, context);
    await wait(clock, COMPARE_MS, context.ended);
    const cpuAfter = context.cpuBusy(plan.host, finishedAt, clock.now());
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
}

async function watchEvent(event: EventId, context: ExecutionContext): Promise<string | undefined> {
  if (context.effect) return context.effect(event);
  const { clock, store, ended } = context;
  const start = clock.now();
  for (;;) {
    const found = store.readEvents({ limit: 500 }).find((e) => e.id === event);
    if (!found) return undefined;
    const name = found.kind === 'process.respawn_loop' ? 'The respawn loop' : 'What it was for';
    if (found.endedAt !== undefined) return `${name} ended.`;
    if (ended.aborted || clock.now() - start >= EFFECT_MS) {
      return found.kind === 'process.respawn_loop' ? `${name} still goes on.` : undefined;
    }
    await wait(clock, 1000, ended);
  }
}

function cpuWords({ cpuBefore, cpuAfter }: RemediationRecord): string | undefined {
  if (cpuBefore === undefined || cpuAfter === undefined) return undefined;
  return `Busy CPU ${cpuBefore.toFixed(2)} → ${cpuAfter.toFixed(2)} cores (means of ten seconds before and after).`;
}

function refusalWords(
  reason: Extract<ReturnType<typeof parseKillOutput>, { kind: 'refused' }>['reason'],
  pid: number,
): string {
  switch (reason.kind) {
    case 'boot':
      return 'The host has rebooted since the plan was made.';
    case 'gone':
      return `Pid ${pid} was gone already.`;
    case 'zombie':
      return `Pid ${pid} was dead already (a zombie; its parent is pid ${reason.parentPid}).`;
    case 'other': {
      const command = visibleText(reason.command.trim() === '' ? reason.name : reason.command.trim(), 300);
      return `The process that was planned is gone; pid ${pid} is now another: ${command}.`;
    }
  }
}

/** Resolves early when the service ends. */
function wait(clock: Clock, milliseconds: number, ended: AbortSignal): Promise<void> {
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
