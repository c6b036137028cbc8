import { fail, ok } from '../../../shared/base/result.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PlannedProcess, ProfiledProcess } from '../../../shared/model/profile.ts';
import { foldCpuProfile } from '../../../shared/profiling/foldCpuProfile.ts';
import { writeFolded } from '../../../shared/profiling/foldedStacks.ts';
import type { ProfileReader } from './runProfile.ts';

/** The lines of `profileNode.cjs`, a JSON object each. Hostile: the processes' own code runs beside what answers. */
export function inspectorReader(wanted: readonly PlannedProcess[]): ProfileReader {
  const found = new Map<number, { process: ProfiledProcess; folded: string }>();
  const begun = new Set<number>();
  const open = new Set<number>();
  const notes: string[] = [];
  let phase: ProfileReader['phase'] = 'opening';
  let failed: string | undefined;

  function process(pid: number): PlannedProcess | undefined {
    return wanted.find((one) => one.identity.pid === pid);
  }

  function add(pid: number, got: { profile: unknown } | { failure: string }): void {
    const about = process(pid);
    if (!about) return;
    const { identity, name, command } = about;
    const folded = 'profile' in got ? foldCpuProfile(got.profile) : undefined;
    const whole = folded && folded.samples + folded.idle;
    found.set(pid, {
      folded: folded ? writeFolded(folded.stacks) : '',
      process: {
        identity,
        name,
        command,
        samples: folded?.samples ?? 0,
        ...(folded && whole ? { idleShare: folded.idle / whole } : {}),
        ...(folded ? {} : { failure: 'failure' in got ? got.failure : 'its profile could not be read' }),
      },
    });
    if (folded && folded.dropped > 0)
      notes.push(`Of pid ${pid} some rare stacks are left out: there were more than are kept.`);
  }

  return {
    line(text, cut) {
      const said = cut ? undefined : parse(text);
      if (!said) return;
      const { pid } = said;
      if (said['sampling'] === true) phase = 'sampling';
      else if (said['fetching'] === true) phase = 'reading';
      else if (typeof pid !== 'number') failed = textOf(said['failed']) ?? failed;
      else if (said['begun'] === true) begun.add(pid);
      else if ('profile' in said) add(pid, { profile: said['profile'] });
      else if (textOf(said['failed']) !== undefined) add(pid, { failure: textOf(said['failed']) ?? '' });
      else if (said['closed'] === false) open.add(pid);
    },
    get phase() {
      return phase;
    },
    get done() {
      return phase === 'opening' ? begun.size : phase === 'reading' ? found.size : 0;
    },
    result() {
      if (open.size > 0)
        notes.push(
          `The inspector of pid ${[...open].join(', ')} could not be closed, or could not be seen to be: look who listens on 9229, and close it with kill -USR1's counterpart process._debugEnd(), or restart the process.`,
        );
      const all = wanted.map(({ identity, name, command }) => {
        return (
          found.get(identity.pid) ?? {
            process: { identity, name, command, samples: 0, failure: 'nothing came of it' },
            folded: '',
          }
        );
      });
      if (all.every(({ process: { samples, failure } }) => samples === 0 && failure !== undefined)) {
        const [first] = found.values();
        const why = failed ?? first?.process.failure ?? 'it ended without a word';
        return fail(`Nothing was profiled: ${why}.${open.size > 0 ? ` ${notes.at(-1)}` : ''}`);
      }
      return ok({ processes: all.map((one) => one.process), folded: all.map((one) => one.folded), notes });
    },
  };
}

const textOf = (value: unknown) => (typeof value === 'string' ? visibleText(value, 300) : undefined);

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
