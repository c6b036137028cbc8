import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, toDisposable } from '../../../shared/base/disposable.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import { type RecordError, recordError, toRecordError } from './recordError.ts';
import { loadSqlite } from './sqlite.ts';

/**
 * One writer a record. The lock is SQLite's own exclusive lock on an empty database beside the record, which the
 * kernel lets go of when its process ends however it ends: a pid file alone would outlive a kill -9, and a pid that
 * was used again would look alive. `record.owner` only says who holds it, for the message.
 */
export function lockRecord(directory: string, clock: Clock): Result<Disposable, RecordError> {
  const sqlite = loadSqlite();
  if (!sqlite.ok) return sqlite;
  const lockFile = join(directory, 'record.lock');
  const ownerFile = join(directory, 'record.owner');
  let database: DatabaseSync | undefined;
  try {
    database = new sqlite.value.DatabaseSync(lockFile, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const known = toRecordError(error, lockFile);
    if (known.kind !== 'locked') return fail(known);
    const holder = readOwner(ownerFile);
    const who = holder ? ` (process ${holder.pid}, since ${new Date(holder.since).toISOString()})` : '';
    return fail(recordError('locked', `Another Fireline${who} writes the record in ${directory}.`, holder));
  }
  const held = database;
  try {
    writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, since: clock.now() }), { mode: 0o600 });
  } catch {
    // The lock holds without it; a second Fireline can then not say who has the record.
  }
  return ok(
    toDisposable(() => {
      rmSync(ownerFile, { force: true });
      held.close();
    }),
  );
}

function readOwner(file: string): { pid: number; since: number } | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown; since?: unknown };
    if (typeof owner.pid === 'number' && typeof owner.since === 'number')
      return { pid: owner.pid, since: owner.since };
  } catch {
    // Not written yet, or not readable by this user.
  }
  return undefined;
}
