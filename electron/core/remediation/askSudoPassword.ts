import type { Clock } from '../../../shared/base/clock.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { Prompter } from '../sessions/prompter.ts';

/** Nobody came: what was confirmed so long ago is not run any more. */
const ANSWER_WITHIN_MS = 2 * 60_000;

/** Asked for each time, stored nowhere. Undefined when it was cancelled, left empty, or not answered in two minutes. */
export async function askSudoPassword(
  host: HostId,
  { prompter, clock, ended }: { prompter: Prompter; clock: Clock; ended: AbortSignal },
): Promise<string | undefined> {
  const late = new AbortController();
  const timer = clock.after(ANSWER_WITHIN_MS, () => late.abort());
  try {
    const answer = await prompter.ask(
      {
        kind: 'keyboardInteractive',
        host,
        hop: host,
        name: 'sudo',
        instructions:
          'What was confirmed needs root. The password is handed to sudo on the host, and stored nowhere.',
        questions: [{ text: 'Password of this account', echo: false }],
      },
      AbortSignal.any([ended, late.signal]),
    );
    return answer?.[0] === '' ? undefined : answer?.[0];
  } finally {
    timer.dispose();
  }
}
