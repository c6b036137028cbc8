import { join } from 'node:path';
import type { Clock } from '../../../shared/base/clock.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import { writePrivateJson } from './privateFile.ts';
import { recordDirectory } from './recordDirectories.ts';
import { type RecordError, recordError } from './recordError.ts';
import { openRecord } from './recordStore.ts';
import type { RecordStore } from './store.types.ts';

const MOST_BESIDE = 9;
/** As many as a window is shown at first. */
const EVENTS_READ = 500;

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
    const opened = openReadable(tried, clock);
    if (opened.ok) {
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

/** Reads what opening a workspace reads: a page that is damaged further in is found now, not half way through that. */
function openReadable(directory: string, clock: Clock): Result<RecordStore, RecordError> {
  const opened = openRecord(directory, { clock });
  if (!opened.ok) return opened;
  const store = opened.value;
  try {
    store.readIncidents();
    store.readEvents({ limit: EVENTS_READ });
    store.readRemediations();
    store.readHosts();
    store.readPanes();
    store.readLayout();
    return opened;
  } catch (error) {
    store.dispose();
    return fail(recordError('corrupt', error instanceof Error ? error.message : String(error)));
  }
}

/** Whose record it is, for reports; without it the record is as good. */
export function nameRecord(directory: string, workspace: { name: string; path?: string }): void {
  try {
    writePrivateJson(join(directory, 'workspace.json'), { name: workspace.name, path: workspace.path });
  } catch {
    // The disk refuses; the record itself tells of that.
  }
}
