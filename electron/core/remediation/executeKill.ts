import { commandWords } from '../../../shared/model/commandLine.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { RemediationPlan, RemediationRecord } from '../../../shared/model/remediation.ts';
import type { RunResult } from '../sessions/session.ts';
import { type ExecutionContext, openAudit } from './audit.ts';
import { FOREIGN, type planKill, WAIT_MS } from './killPlan.ts';
import { parseKillOutput } from './killScript.ts';
import { runConfirmed } from './runConfirmed.ts';

const RUN_MS = WAIT_MS + 10_000;

type KillPlan = Extract<RemediationPlan, { action: 'process.kill' }>;

/** Runs a confirmed plan to its end. Throws `storage` when the intent cannot be recorded: then nothing has run. */
export async function executeKill(
  plan: KillPlan,
  { argv, privilege }: Pick<ReturnType<typeof planKill>, 'argv' | 'privilege'>,
  context: ExecutionContext,
): Promise<RemediationRecord> {
  const audit = openAudit(plan, 'Checking on the host that it is still the same process', context);
  const { step, conclude } = audit;
  const bounds = { timeoutMs: RUN_MS, maximumBytes: 65_536 };
  const confirmed = { argv, privilege, effect: 'the signal was sent', ...bounds };
  const done = await runConfirmed(audit, confirmed, context);
  if (done) concludeResult(done.ran);
  return await audit.finish();

  function concludeResult(ran: RunResult): void {
    const { pid } = plan.arguments.target;
    const text = ran.stderr === '' ? ran.stdout : `${ran.stdout}${ran.stderr}`;
    audit.add({ output: text, ...(ran.exitCode === undefined ? {} : { exitCode: ran.exitCode }) });
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
        step(
          'verify',
          'failed',
          `Pid ${pid}${plan.arguments.tree ? ', or one of its descendants,' : ''} still stands after ${seconds}`,
        );
        if (signal === 'TERM')
          audit.add({
            offers: [
              {
                action: 'process.kill',
                label: 'Send SIGKILL instead…',
                host: plan.host,
                arguments: { ...plan.arguments, signal: 'KILL' },
              },
            ],
          });
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
}

function refusalWords(
  reason: Extract<ReturnType<typeof parseKillOutput>, { kind: 'refused' }>['reason'],
  pid: number,
): string {
  switch (reason.kind) {
    case 'boot':
      return 'The host has rebooted since the plan was made.';
    case 'foreign':
      return FOREIGN;
    case 'gone':
      return `Pid ${pid} was gone already.`;
    case 'zombie':
      return `Pid ${pid} was dead already (a zombie; its parent is pid ${reason.parentPid}).`;
    case 'other': {
      return `The process that was planned is gone; pid ${pid} is now another: ${commandWords(reason, 300)}.`;
    }
  }
}
