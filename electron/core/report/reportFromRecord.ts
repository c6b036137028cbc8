import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, systemClock } from '../../../shared/base/clock.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { Incident } from '../../../shared/model/incident.ts';
import type { ReportFromRecord } from '../core.types.ts';
import { readPrivateJson } from '../store/privateFile.ts';
import { latestRecord, listRecords, recordOfIncident } from '../store/recordDirectories.ts';
import { openRecord } from '../store/recordStore.ts';
import type { RecordStore } from '../store/store.types.ts';
import { exportReport } from './exportReport.ts';

const namesWorkspace = z.object({ name: z.string() });

/**
 * `fireline report`: from the record alone, also while a Fireline writes it. `latest` is of the record written to last:
 * its running incident, else its latest, else all of it; a number is an incident's (`7`, `INC-7`), in whichever record
 * it is. Throws `not_found` and `storage`.
 */
export const reportFromRecord: ReportFromRecord = ({ dataDirectory, which, format, timeZone }) => {
  const clock: Clock = systemClock;
  const { store, incident } = find(dataDirectory, which, clock);
  try {
    const named = namesWorkspace.safeParse(readPrivateJson(join(store.directory, 'workspace.json')));
    return exportReport({
      store,
      workspaceName: named.success ? named.data.name : 'this workspace',
      format,
      now: clock.now(),
      ...(incident ? { incident: incident.id } : {}),
      ...(timeZone === undefined ? {} : { timeZone }),
    });
  } finally {
    store.dispose();
  }
};

function find(
  dataDirectory: string,
  which: string | number,
  clock: Clock,
): { store: RecordStore; incident?: Incident } {
  if (which === 'latest') {
    const directory = latestRecord(dataDirectory);
    if (directory === undefined) {
      throw failure(
        'not_found',
        `There is no record in ${dataDirectory}.`,
        'Open a workspace first, or set FIRELINE_HOME to where the records are.',
      );
    }
    return { store: open(directory, clock) };
  }
  const number = Number(/^(?:INC-)?(\d{1,9})$/i.exec(String(which))?.[1] ?? Number.NaN);
  const directory = Number.isNaN(number) ? undefined : recordOfIncident(dataDirectory, number);
  const directories =
    directory === undefined ? listRecords(dataDirectory).map((one) => one.directory) : [directory];
  for (const one of directories) {
    const store = directory === undefined ? tryOpen(one, clock) : open(one, clock);
    const incident = store?.readIncidents().find((found) => found.id === which || found.number === number);
    if (store && incident) return { store, incident };
    store?.dispose();
  }
  throw failure(
    'not_found',
    `There is no incident ${which} in ${dataDirectory}.`,
    'Use its number, such as 7 or INC-7, or "latest".',
  );
}

function open(directory: string, clock: Clock): RecordStore {
  const opened = openRecord(directory, { clock, readOnly: true });
  if (!opened.ok) throw failure('storage', opened.error.message, opened.error.advice);
  return opened.value;
}

function tryOpen(directory: string, clock: Clock): RecordStore | undefined {
  const opened = openRecord(directory, { clock, readOnly: true });
  return opened.ok ? opened.value : undefined;
}
