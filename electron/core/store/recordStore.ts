import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { HostId, HostSummary } from '../../../shared/model/host.ts';
import type { Incident, IncidentId } from '../../../shared/model/incident.ts';
import type { MetricName, MetricVector } from '../../../shared/model/metric.ts';
import type { Profile, ProfileId, ProfileSummary } from '../../../shared/model/profile.ts';
import type { RemediationRecord } from '../../../shared/model/remediation.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { LayoutState } from '../../../shared/panes/layoutState.ts';
import { takeIncidentNumber } from './incidentNumbers.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './migrations.ts';
import { readProfile, writeProfile } from './profileFiles.ts';
import { incidentRegistryOf } from './recordDirectories.ts';
import { type RecordError, recordError, storageFailure, toRecordError } from './recordError.ts';
import { lockRecord } from './recordLock.ts';
import { decodeMetric, decodeVector, encodeVector, offsetOfMetric } from './sampleVector.ts';
import { loadSqlite } from './sqlite.ts';
import type { RecordStore, StoredPane } from './store.types.ts';

export interface OpenRecordOptions {
  clock: Clock;
  /** To read beside the Fireline that writes it: takes no lock, and every write fails. */
  readOnly?: boolean;
}

/**
 * Opens (and, unless `readOnly`, makes) the record in `directory`. Once open, a method that the disk refuses throws
 * a `ContractFailure` with code `storage`, and one called after `dispose` one with code `closed`.
 *
 * Durability: samples are in the write-ahead log when `addSamples` returns, which a killed process cannot undo
 * (synchronous NORMAL); events, remediations and incidents are flushed to the disk itself (FULL).
 */
export function openRecord(directory: string, options: OpenRecordOptions): Result<RecordStore, RecordError> {
  const sqlite = loadSqlite();
  if (!sqlite.ok) return sqlite;
  const file = join(directory, 'record.db');
  const readOnly = options.readOnly === true;
  if (readOnly && !existsSync(file))
    return fail(recordError('missing', `There is no record in ${directory}.`));

  let lock: Disposable | undefined;
  let database: DatabaseSync | undefined;
  const refuse = (error: RecordError) => {
    database?.close();
    lock?.dispose();
    return fail(error);
  };
  try {
    if (!readOnly) {
      mkdirSync(join(directory, 'casts'), { recursive: true, mode: 0o700 });
      const locked = lockRecord(directory, options.clock);
      if (!locked.ok) return locked;
      lock = locked.value;
    }
    const place = readOnly && isArchived(directory, file) ? asArchived(file) : file;
    database = new sqlite.value.DatabaseSync(place, { readOnly, timeout: 5000 });
    // Before anything is written: a record of a newer version must be left as it is.
    const version = schemaVersion(database);
    if (version > SCHEMA_VERSION) {
      return refuse(
        recordError(
          'newer',
          `${file} was written by a newer Fireline (format ${version}, this one knows ${SCHEMA_VERSION}).`,
        ),
      );
    }
    if (readOnly) {
      if (version === 0) return refuse(recordError('missing', `${file} holds no record.`));
      if (version < SCHEMA_VERSION)
        return refuse(recordError('older', `${file} was written by an older Fireline (format ${version}).`));
    } else {
      const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
      if (mode !== 'wal')
        return refuse(
          recordError('unsupported', `${file}: its file system does not allow write-ahead logging.`),
        );
      database.exec('PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864');
      migrate(database);
    }
    return ok(new SqliteRecordStore(directory, file, database, lock));
  } catch (error) {
    return refuse(toRecordError(error, file));
  }
}

/**
 * A record is read through two files beside it, which are made where they are not there: not on a disk that is mounted
 * read-only, and not in somebody else's folder. Without its log nobody writes it, and it can be read by itself.
 */
function isArchived(directory: string, file: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return false;
  } catch {
    return !existsSync(`${file}-wal`);
  }
}

/** sqlite.org/uri.html#uriimmutable */
function asArchived(file: string): URL {
  const url = pathToFileURL(file);
  url.searchParams.set('immutable', '1');
  return url;
}

class SqliteRecordStore implements RecordStore {
  readonly directory: string;
  readonly castsDirectory: string;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #lock: Disposable | undefined;
  readonly #statements = new Map<string, StatementSync>();
  readonly #hostKeys = new Map<HostId, number>();
  #disposed = false;

  constructor(directory: string, file: string, database: DatabaseSync, lock: Disposable | undefined) {
    this.directory = directory;
    this.castsDirectory = join(directory, 'casts');
    this.#file = file;
    this.#database = database;
    this.#lock = lock;
  }

  addSamples(batch: readonly { host: HostId; vector: MetricVector }[]): void {
    if (batch.length === 0) return;
    this.#transaction(() => {
      for (const { host, vector } of batch) {
        const bytes = encodeVector(vector);
        this.#run(
          'INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?)',
          this.#hostKey(host, true) ?? 0,
          vector.at,
          bytes.vector,
          bytes.cores,
        );
      }
    });
  }

  readSeries(host: HostId, from: number, to: number, points: number): MetricVector[] {
    return this.#guard(() => {
      const key = this.#hostKey(host, false);
      if (key === undefined || to < from) return [];
      const few = this.#all(
        'SELECT at, vector, cores FROM samples WHERE host = ? AND at BETWEEN ? AND ? ORDER BY at LIMIT ?',
        key,
        from,
        to,
        points + 1,
      );
      if (few.length <= points) return few.map(toVector);
      // Buckets lie on whole multiples of their width, so a window that slides keeps choosing the same samples; that
      // may cut one bucket at each end. One seek a bucket: the cost follows the points, not the length of the record.
      const width = (to - from) / Math.max(1, points - 1);
      const thinned: MetricVector[] = [];
      for (
        let bucket = Math.floor(from / width);
        bucket * width <= to && thinned.length < points;
        bucket += 1
      ) {
        const row = this.#get(
          'SELECT at, vector, cores FROM samples WHERE host = ? AND at >= ? AND at < ? AND at <= ? ORDER BY at DESC LIMIT 1',
          key,
          Math.max(from, bucket * width),
          (bucket + 1) * width,
          to,
        );
        if (row) thinned.push(toVector(row));
      }
      return thinned;
    });
  }

  lastSampleAt(host: HostId): number | undefined {
    return this.#guard(() => {
      const key = this.#hostKey(host, false);
      if (key === undefined) return undefined;
      const row = this.#get('SELECT at FROM samples WHERE host = ? ORDER BY at DESC LIMIT 1', key);
      return row ? Number(row['at']) : undefined;
    });
  }

  readMetric(host: HostId, metric: MetricName, from: number, to: number): { at: number; value: number }[] {
    return this.#guard(() => {
      const key = this.#hostKey(host, false);
      if (key === undefined) return [];
      const rows = this.#prepare(
        'SELECT at, substr(vector, ?, 8) AS bytes FROM samples WHERE host = ? AND at BETWEEN ? AND ? ORDER BY at',
      ).iterate(offsetOfMetric(metric) + 1, key, from, to);
      const points: { at: number; value: number }[] = [];
      for (const { at, bytes } of rows) {
        const value = bytes instanceof Uint8Array ? decodeMetric(bytes) : undefined;
        if (value !== undefined) points.push({ at: Number(at), value });
      }
      return points;
    });
  }

  /** A revision older than the one on record changes nothing. */
  putEvent(event: TimelineEvent): void {
    this.#durably(
      `INSERT INTO events VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
         revision = excluded.revision, at = excluded.at, host = excluded.host, kind = excluded.kind, body = excluded.body
       WHERE excluded.revision >= events.revision`,
      event.id,
      event.revision,
      event.at,
      event.host ?? null,
      event.kind,
      JSON.stringify(event),
    );
  }

  /**
   * `after` ≤ at < `before`. Where the limit falls among events of one millisecond, all of them are given, so that
   * reading on with `before` never skips one.
   */
  readEvents(options: { before?: number; after?: number; limit: number }): TimelineEvent[] {
    return this.#guard(() => {
      const before = options.before ?? Number.MAX_VALUE;
      const after = options.after ?? -Number.MAX_VALUE;
      const last = this.#get(
        'SELECT at FROM events WHERE at >= ? AND at < ? ORDER BY at DESC LIMIT 1 OFFSET ?',
        after,
        before,
        Math.max(0, options.limit - 1),
      );
      return this.#documents<TimelineEvent>(
        'SELECT body FROM events WHERE at >= ? AND at < ? ORDER BY at DESC, rowid DESC',
        last ? Number(last['at']) : after,
        before,
      );
    });
  }

  putRemediation(record: RemediationRecord): void {
    this.#durably(
      'INSERT OR REPLACE INTO remediations VALUES (?, ?, ?)',
      record.plan.id,
      record.confirmedAt,
      JSON.stringify(record),
    );
  }

  readRemediation(plan: RemediationRecord['plan']['id']): RemediationRecord | undefined {
    return this.#guard(
      () => this.#documents<RemediationRecord>('SELECT body FROM remediations WHERE plan = ?', plan)[0],
    );
  }

  /** `after` ≤ confirmedAt < `before`. */
  readRemediations(options: { after?: number; before?: number } = {}): RemediationRecord[] {
    return this.#guard(() =>
      this.#documents<RemediationRecord>(
        'SELECT body FROM remediations WHERE confirmed_at >= ? AND confirmed_at < ? ORDER BY confirmed_at DESC, rowid DESC',
        options.after ?? -Number.MAX_VALUE,
        options.before ?? Number.MAX_VALUE,
      ),
    );
  }

  putProfile(profile: Profile): void {
    this.#guard(() => writeProfile(this.directory, profile));
  }

  readProfile(id: ProfileId): Profile | undefined {
    return readProfile(this.directory, id);
  }

  readProfiles(): ProfileSummary[] {
    return this.#guard(() =>
      this.#documents<TimelineEvent>(
        "SELECT body FROM events WHERE kind = 'profile.taken' ORDER BY at DESC, rowid DESC",
      ).flatMap(({ evidence: [first] }) => (first?.type === 'profile' ? [first.profile] : [])),
    );
  }

  startIncident(draft: Parameters<RecordStore['startIncident']>[0]): Incident {
    const id = randomUUID() as IncidentId;
    const number = this.#guard(() =>
      takeIncidentNumber(incidentRegistryOf(this.directory), () => ({ id, record: this.directory })),
    );
    const incident: Incident = { id, number, ...draft, summary: '' };
    this.putIncident(incident);
    return incident;
  }

  putIncident(incident: Incident): void {
    this.#durably(
      'INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?)',
      incident.id,
      incident.number,
      incident.startedAt,
      JSON.stringify(incident),
    );
  }

  readIncident(id: IncidentId): Incident | undefined {
    return this.#guard(() => this.#documents<Incident>('SELECT body FROM incidents WHERE id = ?', id)[0]);
  }

  readIncidents(): Incident[] {
    return this.#guard(() =>
      this.#documents<Incident>('SELECT body FROM incidents ORDER BY started_at DESC, number DESC'),
    );
  }

  putHosts(hosts: readonly HostSummary[]): void {
    this.#transaction(() => {
      for (const host of hosts) {
        this.#run(
          'INSERT INTO hosts (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
          host.id,
          JSON.stringify(host),
        );
      }
    });
  }

  readHosts(): HostSummary[] {
    return this.#guard(() =>
      this.#documents<HostSummary>('SELECT body FROM hosts WHERE body IS NOT NULL ORDER BY key'),
    );
  }

  putPane(pane: StoredPane): void {
    this.#guard(() =>
      this.#run(
        'INSERT OR REPLACE INTO panes VALUES (?, ?, ?)',
        pane.id,
        pane.openedAt,
        JSON.stringify(pane),
      ),
    );
  }

  readPanes(): StoredPane[] {
    return this.#guard(() => this.#documents<StoredPane>('SELECT body FROM panes ORDER BY opened_at, rowid'));
  }

  putLayout(layout: LayoutState): void {
    this.#guard(() =>
      this.#run("INSERT OR REPLACE INTO states VALUES ('layout', ?)", JSON.stringify(layout)),
    );
  }

  readLayout(): LayoutState | undefined {
    return this.#guard(
      () => this.#documents<LayoutState>("SELECT body FROM states WHERE name = 'layout'")[0],
    );
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#statements.clear();
    try {
      this.#database.close();
    } finally {
      this.#lock?.dispose();
    }
  }

  /** Rows are numbered once: a sample carries four bytes for its host instead of its name. */
  #hostKey(host: HostId, make: boolean): number | undefined {
    const known = this.#hostKeys.get(host);
    if (known !== undefined) return known;
    if (make) this.#run('INSERT INTO hosts (id) VALUES (?) ON CONFLICT DO NOTHING', host);
    const row = this.#get('SELECT key FROM hosts WHERE id = ?', host);
    if (!row) return undefined;
    const key = Number(row['key']);
    this.#hostKeys.set(host, key);
    return key;
  }

  #durably(sql: string, ...values: SQLInputValue[]): void {
    this.#guard(() => {
      this.#database.exec('PRAGMA synchronous = FULL');
      try {
        this.#run(sql, ...values);
      } finally {
        this.#database.exec('PRAGMA synchronous = NORMAL');
      }
    });
  }

  #transaction(work: () => void): void {
    this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#hostKeys.clear();
        // A full disk may have rolled it back already.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #guard<T>(work: () => T): T {
    if (this.#disposed) throw failure('closed', `The record in ${this.directory} is closed.`);
    try {
      return work();
    } catch (error) {
      throw storageFailure(error, this.#file);
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  #documents<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#all(sql, ...values).map((row) => JSON.parse(String(row['body'])) as T);
  }
}

type Row = Record<string, unknown>;

function toVector(row: Row): MetricVector {
  return decodeVector(Number(row['at']), row['vector'] as Uint8Array, row['cores'] as Uint8Array);
}
