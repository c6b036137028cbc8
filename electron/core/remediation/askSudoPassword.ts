import type { Clock } from '../../../shared/base/clock.ts';
import type { RemediationPlan } from '../../../shared/model/remediation.ts';
import type { Prompter } from '../sessions/prompter.ts';

/** Nobody came: what was confirmed so long ago is not run any more. */
const ANSWER_WITHIN_MS = 2 * 60_000;

/** Asked for each time, stored nowhere. Undefined when it was cancelled, left empty, or not answered in two minutes. */
export async function askSudoPassword(
  plan: Pick<RemediationPlan, 'host' | 'title'>,
  { prompter, clock, ended }: { prompter: Prompter; clock: Clock; ended: AbortSignal },
): Promise<string | undefined> {
  const { host } = plan;
  const late = new AbortController();
  const timer = clock.after(ANSWER_WITHIN_MS, () => late.abort());
  try {
    const answer = await prompter.ask(
      { kind: 'sudoPassword', host, hop: host, plan: plan.title },
      AbortSignal.any([ended, late.signal]),
    );
    return answer?.[0] === '' ? undefined : answer?.[0];
  } finally {
    timer.dispose();
  }
}
