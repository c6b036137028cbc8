import { type ContractFailure, failure } from '../../../shared/contract/errors.ts';

/**
 * Why a record cannot be opened.
 * - `locked`: another Fireline writes it; `newer`/`older`: made by another version; `corrupt`: not a database, or damaged
 * - `readonly`, `full`: the disk refuses; `missing`: nothing there to read; `unsupported`: this Node or file system cannot
 */
export interface RecordError {
  kind: 'locked' | 'newer' | 'older' | 'corrupt' | 'readonly' | 'full' | 'missing' | 'unsupported' | 'failed';
  /** What and where. */
  message: string;
  /** What to do. */
  advice: string;
  /** Of the process that holds it, when known. */
  holder?: { pid: number; since: number };
}

/** SQLite's primary result codes (sqlite.org/rescode.html), from the `errcode` that node:sqlite puts on its errors. */
const CODES: Record<number, RecordError['kind']> = {
  3: 'readonly', // PERM
  5: 'locked', // BUSY
  6: 'locked', // LOCKED
  8: 'readonly',
  11: 'corrupt',
  13: 'full',
  14: 'readonly', // CANTOPEN: the directory cannot be written to
  26: 'corrupt', // NOTADB
};

const SYSTEM_CODES: Record<string, RecordError['kind']> = {
  EACCES: 'readonly',
  EPERM: 'readonly',
  EROFS: 'readonly',
  ENOTDIR: 'readonly',
  EEXIST: 'readonly',
  ENOSPC: 'full',
  EDQUOT: 'full',
  ENOENT: 'missing',
};

const ADVICE: Record<RecordError['kind'], string> = {
  locked: 'Close the other Fireline, or wait until it has ended.',
  newer: 'Update Fireline, or set FIRELINE_HOME to another directory for this version.',
  older: 'Open its workspace once in Fireline, which brings the record up to date, then try again.',
  corrupt:
    'Keep the directory as it is (its casts are whole), move it aside, and a new record will be started.',
  readonly:
    'Check who owns the directory and whether its disk is mounted read-only, or set FIRELINE_HOME elsewhere.',
  full: 'Free some space on its disk, or set FIRELINE_HOME to a directory on another one.',
  missing: 'Check the path; a record is made when a workspace is first opened.',
  unsupported: 'Use a local disk: write-ahead logging does not work on most network file systems.',
  failed: 'Try again; if it stays, move the directory aside, and a new record will be started.',
};

export function recordError(
  kind: RecordError['kind'],
  message: string,
  holder?: RecordError['holder'],
): RecordError {
  return { kind, message, advice: ADVICE[kind], ...(holder ? { holder } : {}) };
}

/** What SQLite or the file system threw, as a declared error. `where` is the file that it is about. */
export function toRecordError(error: unknown, where: string): RecordError {
  const thrown = error as { errcode?: number; code?: string; message?: string };
  const kind =
    thrown.errcode !== undefined
      ? (CODES[thrown.errcode & 0xff] ?? 'failed')
      : (SYSTEM_CODES[thrown.code ?? ''] ?? 'failed');
  return recordError(kind, `${where}: ${thrown.message ?? String(error)}`);
}

/** The same at the boundary, for a store that is already open. */
export function storageFailure(error: unknown, where: string): ContractFailure {
  const { message, advice, kind } = toRecordError(error, where);
  return failure('storage', message, advice, { kind });
}
