import type { DatabaseSync } from 'node:sqlite';
import { fail, ok, type Result } from '../../../shared/base/result.ts';
import type { RecordError } from './recordError.ts';

type Sqlite = typeof import('node:sqlite');

/**
 * `node:sqlite`, proved to work once: WAL needs a file, so this checks only that the module is there and stores
 * and returns a blob. Asked for through `getBuiltinModule`, since an `import` of a module that an older Node does
 * not have would end the program before it could say why.
 */
export function loadSqlite(): Result<Sqlite, RecordError> {
  if (loaded) return loaded;
  loaded = selfTest();
  return loaded;
}

let loaded: Result<Sqlite, RecordError> | undefined;

function selfTest(): Result<Sqlite, RecordError> {
  const sqlite = process.getBuiltinModule?.('node:sqlite') as Sqlite | undefined;
  if (!sqlite) {
    return fail({
      kind: 'unsupported',
      message: `Node ${process.versions.node} has no SQLite, so nothing can be recorded.`,
      advice: 'Use Node 22.13 or later; `npm start` brings a suitable one with it on Linux.',
    });
  }
  let database: DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(':memory:');
    database.exec('CREATE TABLE probe (bytes BLOB)');
    database.prepare('INSERT INTO probe VALUES (?)').run(new Uint8Array([1, 2, 3]));
    const row = database.prepare('SELECT bytes FROM probe').get();
    if (!(row?.['bytes'] instanceof Uint8Array) || row['bytes'].length !== 3)
      throw new Error('a blob came back changed');
    return ok(sqlite);
  } catch (error) {
    return fail({
      kind: 'unsupported',
      message: `SQLite of Node ${process.versions.node} does not work here: ${error instanceof Error ? error.message : error}`,
      advice: 'Reinstall Node 24, or run Fireline with `npm start`, which brings its own.',
    });
  } finally {
    database?.close();
  }
}
