import { fail, ok } from '../../../shared/base/result.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PlannedProcess, ProfiledProcess } from '../../../shared/model/profile.ts';
import { writeFolded } from '../../../shared/profiling/foldedStacks.ts';
import { PerfScriptFolder } from '../../../shared/profiling/foldPerfScript.ts';
import type { ProfileReader } from './runProfile.ts';

/** What the command of perf prints: our own marks, and between `@script` and `@end` what `perf script` does. */
export function perfReader(wanted: readonly PlannedProcess[]): ProfileReader {
  const folder = new PerfScriptFolder();
  const gone = new Set<number>();
  let phase: ProfileReader['phase'] = 'opening';
  let failed: string | undefined;
  let whole = false;

  return {
    line(text) {
      const [mark, value = ''] = text.split('\t');
      if (phase === 'reading') {
        if (text === '@end') whole = true;
        else folder.line(text);
      } else if (mark === '@sampling') phase = 'sampling';
      else if (mark === '@script') phase = 'reading';
      else if (mark === '@gone') gone.add(Number(value));
      else if (mark === '@failed') failed = visibleText(value.trim(), 400);
    },
    get phase() {
      return phase;
    },
    done: 0,
    result() {
      if (failed !== undefined) return fail(`Nothing was profiled: ${failed}`);
      if (phase !== 'reading') return fail('Nothing was profiled: perf ended without a word.');
      const byPid = folder.end();
      const notes = whole ? [] : ['The samples were cut off: some are missing.'];
      if (folder.frames > 0 && folder.unknown / folder.frames > 0.02)
        notes.push(
          `${Math.round((folder.unknown / folder.frames) * 100)} % of the frames are unknown: programs without symbols, or code made at run time. Node names its functions when it is started with --perf-basic-prof-only-functions.`,
        );
      const folded: string[] = [];
      const processes = wanted.map(({ identity, name, command }): ProfiledProcess => {
        const own = byPid.get(identity.pid);
        folded.push(own ? writeFolded(own.folder.stacks) : '');
        const samples = own?.samples ?? 0;
        const failure = gone.has(identity.pid) ? 'it was another process by then, or gone' : undefined;
        return {
          identity,
          name,
          command,
          samples,
          ...(failure === undefined ? {} : { failure }),
        };
      });
      return ok({ processes, folded, notes });
    },
  };
}
