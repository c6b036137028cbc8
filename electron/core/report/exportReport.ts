import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportedReport } from '../../../shared/contract/commands.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { IncidentId } from '../../../shared/model/incident.ts';
import { slug } from '../store/recordDirectories.ts';
import type { RecordStore } from '../store/store.types.ts';
import { buildReport } from './buildReport.ts';
import { renderHtml } from './html.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import type { ReportModel } from './reportModel.ts';
import { type ReportTime, reportTime } from './reportTime.ts';

/** A format: one file and one line here. */
const FORMATS = {
  md: { render: renderMarkdown, mediaType: 'text/markdown; charset=utf-8' },
  html: { render: renderHtml, mediaType: 'text/html; charset=utf-8' },
  json: { render: renderJson, mediaType: 'application/json' },
} as const satisfies Record<
  string,
  { render: (model: ReportModel, time: ReportTime) => string; mediaType: string }
>;

export type ReportFormat = keyof typeof FORMATS;

/**
 * Writes a report of one incident (absent: the running one, else the latest, else all that is on record) and keeps a
 * copy in the record's `reports/`, where each export is a file of its own: a person may have written in an earlier one.
 * `savedTo` is empty when the disk refused the copy; the content is whole all the same. Throws `not_found` for an
 * incident that is not on record and `bad_arguments` for an unknown time zone.
 */
export function exportReport(options: {
  store: RecordStore;
  workspaceName: string;
  format: ReportFormat;
  now: number;
  incident?: IncidentId;
  timeZone?: string;
}): ExportedReport {
  const { store, format, now, workspaceName } = options;
  const time = reportTime(options.timeZone);
  const incidents = store.readIncidents();
  const incident =
    options.incident === undefined
      ? (incidents.find((one) => one.endedAt === undefined) ?? incidents[0])
      : incidents.find((one) => one.id === options.incident);
  if (options.incident !== undefined && !incident) {
    throw failure(
      'not_found',
      `There is no incident ${options.incident} in ${store.directory}.`,
      'List the incidents of this workspace and choose one.',
    );
  }
  const model = buildReport(store, { ...(incident ? { incident } : {}), workspaceName, now, time });
  const { render, mediaType } = FORMATS[format];
  const content = render(model, time);
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const stem = incident ? `INC-${incident.number}-${slug(incident.title)}` : `record-${slug(workspaceName)}`;
  const saved = save(join(store.directory, 'reports'), `${stem}-${stamp}`, format, content);
  return { fileName: `${stem}-${stamp}.${format}`, mediaType, content, savedTo: saved ?? '' };
}

function save(directory: string, stem: string, extension: string, content: string): string | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (let attempt = 1; ; attempt += 1) {
      const file = join(directory, `${stem}${attempt === 1 ? '' : `-${attempt}`}.${extension}`);
      try {
        writeFileSync(file, content, { flag: 'wx', mode: 0o600 });
        return file;
      } catch (error) {
        if ((error as { code?: string }).code !== 'EEXIST') throw error;
      }
    }
  } catch {
    return undefined;
  }
}
