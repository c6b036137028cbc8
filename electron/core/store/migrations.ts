import type { DatabaseSync } from 'node:sqlite';

/**
 * One step a version, applied in order; `user_version` counts those that are done. Append only.
 *
 * 1. `samples.vector`: one little-endian float64 a metric, in METRICS' order, NaN for null; `cores`: one float32 a core.
 *    Clustered by host and time: a series is one contiguous run of pages. Documents (`body`) are JSON: they are read
 *    whole, and their shape grows without a migration. What is searched by stands beside them as a column.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE hosts (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT);
  CREATE TABLE samples (
    host INTEGER NOT NULL, at REAL NOT NULL, vector BLOB NOT NULL, cores BLOB NOT NULL,
    PRIMARY KEY (host, at)
  ) WITHOUT ROWID;
  CREATE TABLE events (
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, at REAL NOT NULL, host TEXT, kind TEXT NOT NULL, body TEXT NOT NULL
  );
  CREATE INDEX events_at ON events (at);
  CREATE TABLE remediations (plan TEXT PRIMARY KEY, confirmed_at REAL NOT NULL, body TEXT NOT NULL);
  CREATE INDEX remediations_at ON remediations (confirmed_at);
  CREATE TABLE incidents (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, started_at REAL NOT NULL, body TEXT NOT NULL
  );
  CREATE TABLE panes (id TEXT PRIMARY KEY, opened_at REAL NOT NULL, body TEXT NOT NULL);
  CREATE TABLE states (name TEXT PRIMARY KEY, body TEXT NOT NULL);
  `,
];

export const SCHEMA_VERSION = STEPS.length;

export function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

/** Brings the database up to this version; each step is whole or not done at all. */
export function migrate(database: DatabaseSync): void {
  for (let version = schemaVersion(database); version < SCHEMA_VERSION; version += 1) {
    database.exec(`BEGIN IMMEDIATE; ${STEPS[version]}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}
