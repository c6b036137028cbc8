import type { Clock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { fail, type Result } from '../../../shared/base/result.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type {
  PlannedProcess,
  ProfiledProcess,
  ProfilePlan,
  ProfileProgress,
} from '../../../shared/model/profile.ts';
import { sudoRefusal } from '../remediation/privilege.ts';
import { passwordLine } from '../remediation/runConfirmed.ts';
import { LineSplitter } from '../sampling/lineSplitter.ts';
import type { Session } from '../sessions/session.ts';
import { BEGUN, boundSeconds, GO, inspectorInput } from './profileCommands.ts';
import { inspectorReader } from './readInspector.ts';
import { perfReader } from './readPerf.ts';

/** What the command prints, taken in line by line. */
export interface ProfileReader {
  line(text: string, cut: boolean): void;
  readonly phase: ProfileProgress['phase'];
  /** Processes that are done with the phase. */
  readonly done: number;
  /** Once it has ended. */
  result(): Result<TakenProfile, string>;
}

export interface TakenProfile {
  processes: ProfiledProcess[];
  folded: string[];
  notes: string[];
}

export interface RunContext {
  session: Pick<Session, 'openExec'>;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Pick<ProfileProgress, 'phase' | 'done' | 'until'>) => void;
  /** For sudo, where the command goes through it with one. Kept nowhere. */
  password?: string | undefined;
}

/** Of a profile of sixty seconds and 32 processes there is a tenth of it. */
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_LINE = 64 * 1024 * 1024;
/** So long a command that was told to end has to close what it opened. */
const ENDING_MS = 8_000;

/** Runs a confirmed plan. When it is cancelled, its program still closes what it has opened. The error is a sentence. */
export async function runProfile(
  plan: ProfilePlan,
  argv: readonly string[],
  { session, clock, signal, onProgress, password }: RunContext,
): Promise<Result<TakenProfile, string>> {
  const accepted: PlannedProcess[] = plan.processes.filter((one) => one.refusal === undefined);
  const reader = plan.way === 'perf' ? perfReader(accepted) : inspectorReader(accepted);
  if (signal.aborted) return fail('It was cancelled.');
  const opened = await session.openExec(argv, 'profile');
  if (!opened.ok) return fail(`${plan.host} did not run it: ${opened.error.reason}.`);
  const channel = opened.value;
  const owned = new DisposableStore();
  owned.add(channel);
  try {
    return await new Promise((resolve) => {
      let bytes = 0;
      let complaint = '';
      let why: string | undefined;
      let shown = '';
      // Until sudo has taken its password.
      let waits = password !== undefined;
      const end = (reason: string) => {
        if (why !== undefined) return;
        why = reason;
        // Its input's end tells it; it closes what it has opened, and then ends.
        channel.end();
        owned.add(clock.after(ENDING_MS, () => resolve(fail(reason))));
      };
      const tell = () => {
        const { phase, done } = reader;
        if (shown === `${phase} ${done}`) return;
        const until = phase === 'sampling' ? { until: clock.now() + plan.seconds * 1000 } : {};
        shown = `${phase} ${done}`;
        onProgress({ phase, done, ...until });
      };
      const begin = () => {
        if (plan.way === 'inspector') channel.write(inspectorInput());
        tell();
      };
      const lines = new LineSplitter(MOST_LINE, (text, cut) => {
        if (waits) {
          if (text !== BEGUN || why !== undefined) return;
          waits = false;
          channel.write(`${GO}\n`);
          begin();
          return;
        }
        reader.line(text, cut);
        tell();
      });
      owned.add(
        channel.onOutput((data) => {
          bytes += data.length;
          if (bytes > MOST_BYTES)
            end(`It sent more than ${MOST_BYTES / 1024 / 1024} MiB, which is no profile.`);
          else if (why === undefined) lines.push(data);
        }),
      );
      owned.add(
        channel.onErrorOutput((data) => {
          if (complaint.length < 4000) complaint += Buffer.from(data).toString('utf8');
          // It would wait for another one.
          if (waits && /try again/i.test(complaint)) channel.end();
        }),
      );
      owned.add(
        channel.onExit(({ lost, code }) => {
          const refused =
            bytes > 0 ? undefined : sudoRefusal({ exitCode: code, stdout: '', stderr: complaint });
          if (why !== undefined) resolve(fail(why));
          else if (refused !== undefined) resolve(fail(`Nothing was run: ${refused}`));
          else if (lost)
            resolve(
              fail(
                `The link dropped while it ran. On the host it ends by itself, and ${plan.way === 'perf' ? 'removes its samples' : 'closes the inspectors that it opened'}.`,
              ),
            );
          else {
            const result = reader.result();
            const said = visibleText(complaint.trim().split('\n').at(-1) ?? '', 300);
            resolve(
              result.ok || said === ''
                ? result
                : fail(`${result.error} ${said} (exit status ${code ?? 'unknown'})`),
            );
          }
        }),
      );
      const onAbort = () => end('It was cancelled.');
      signal.addEventListener('abort', onAbort);
      owned.addStop(() => signal.removeEventListener('abort', onAbort));
      owned.add(
        clock.after(boundSeconds(plan.seconds, accepted.length) * 1000, () =>
          end('It took too long, and was told to end.'),
        ),
      );
      if (password === undefined) begin();
      else channel.write(passwordLine(password));
    });
  } finally {
    owned.dispose();
  }
}
