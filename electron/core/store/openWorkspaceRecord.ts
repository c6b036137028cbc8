import { join } from 'node:path';
import type { Clock } from '../../../shared/base/clock.ts';
import { ok, type Result } from '../../../shared/base/result.ts';
import { writePrivateJson } from './privateFile.ts';
import { recordDirectory } from './recordDirectories.ts';
import type { RecordError } from './recordError.ts';
import { openRecord } from './recordStore.ts';
import type { RecordStore } from './store.types.ts';

const MOST_BESIDE = 9;

/**
 * Opens the record of a workspace for writing. When it cannot be written because another Fireline has it, it is
 * damaged or a newer version made it, the record is left as it is and one beside it (`…-2`, `…-3`) is used: an
 * incident must be recorded somewhere. `notice` then says so.
 */
export function openWorkspaceRecord(
  dataDirectory: string,
  workspace: { name: string; path?: string },
  clock: Clock,
): Result<{ store: RecordStore; notice?: RecordError }, RecordError> {
  const directory = recordDirectory(dataDirectory, workspace);
  let first: RecordError | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const tried = attempt === 1 ? directory : `${directory}-${attempt}`;
    const opened = openRecord(tried, { clock });
    if (opened.ok) {
      try {
        writePrivateJson(join(tried, 'workspace.json'), { name: workspace.name, path: workspace.path });
      } catch {
        // Only names the workspace in reports; the record itself is open.
      }
      if (!first) return ok({ store: opened.value });
      const notice = { ...first, message: `${first.message} This Fireline records to ${tried} instead.` };
      return ok({ store: opened.value, notice });
    }
    const { kind } = opened.error;
    if (attempt === MOST_BESIDE || (kind !== 'locked' && kind !== 'corrupt' && kind !== 'newer'))
      return opened;
    first ??= opened.error;
  }
}
