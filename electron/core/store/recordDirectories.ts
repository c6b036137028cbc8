import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/*
 * The data directory (its own place: homes/dataDirectory.ts):
 *
 *     recent.json                     workspaces opened, newest first
 *     approvals.json                  content hashes of approved workspace files
 *     incidents/INC-7.json            which record an incident is in
 *     records/<slug>-<hash8>/         one a workspace: hash of its absolute path
 *       record.db  casts/  inputs/  profiles/  reports/  workspace.json
 */

/** Where the record of a workspace is. `path` is absent for "This machine". */
export function recordDirectory(dataDirectory: string, workspace: { name: string; path?: string }): string {
  if (workspace.path === undefined) return join(dataDirectory, 'records', 'this-machine');
  const hash = createHash('sha256').update(resolve(workspace.path)).digest('hex').slice(0, 8);
  const root = join(dataDirectory, 'records');
  // A workspace that was given another name keeps its record.
  const known = namesIn(root).find((name) => name.endsWith(`-${hash}`));
  return join(root, known ?? `${slug(workspace.name)}-${hash}`);
}

/** Every record, the most recently written first. */
export function listRecords(dataDirectory: string): { directory: string; writtenAt: number }[] {
  const root = join(dataDirectory, 'records');
  return namesIn(root)
    .map((name) => ({ directory: join(root, name), writtenAt: writtenAt(join(root, name)) }))
    .filter((record) => record.writtenAt > 0)
    .sort((a, b) => b.writtenAt - a.writtenAt || a.directory.localeCompare(b.directory));
}

/** The record that was written to last, for `fireline report latest`. */
export function latestRecord(dataDirectory: string): string | undefined {
  return listRecords(dataDirectory)[0]?.directory;
}

/** The record that an incident's number is in. */
export function recordOfIncident(dataDirectory: string, number: number): string | undefined {
  try {
    const found = JSON.parse(
      readFileSync(join(dataDirectory, 'incidents', `INC-${number}.json`), 'utf8'),
    ) as {
      record?: unknown;
    };
    // By its name only: the data directory may have been moved since.
    return typeof found.record === 'string'
      ? join(dataDirectory, 'records', basename(found.record))
      : undefined;
  } catch {
    return undefined;
  }
}

/** Where a record's incident numbers come from: the data directory it is in, or itself when it stands alone. */
export function incidentRegistryOf(record: string): string {
  const records = dirname(resolve(record));
  return basename(records) === 'records' ? join(dirname(records), 'incidents') : join(record, 'incidents');
}

/** Lower-case letters and digits joined by dashes, at most 40; never empty, never a special name of a file system. */
export function slug(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return plain || 'untitled';
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/**
 * The write-ahead log carries the last change until a checkpoint moves it into the database. An empty one was made by who
 * read the record, an empty database by who was killed before there was anything in it.
 */
function writtenAt(record: string): number {
  return Math.max(...['record.db', 'record.db-wal'].map((name) => modifiedAt(join(record, name))));
}

function modifiedAt(file: string): number {
  try {
    const { size, mtimeMs } = statSync(file);
    return size === 0 ? 0 : mtimeMs;
  } catch {
    return 0;
  }
}
