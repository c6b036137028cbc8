import { unescapeText } from './escapedText.ts';

/**
 * Tables of a frame, whose rows come and go. Values are words, `-` where not known:
 * - `if` interface: Mbit/s
 * - `fs` mount point: DEVICE TYPE ro|rw SIZE USED AVAILABLE (KiB) INODES FREE
 * - `gm` control group: LIMIT|max USAGE KILLS RECLAIMABLE PID (of a process in it; 0: the sampler itself)
 * - `gc` control group: QUOTA|max PERIOD PERIODS THROTTLED HELDUS PID
 * - `tcp` `ls PORT`, `in STATE PORT`, `to STATE PORT` or `at STATE PORT ADDRESS`:
 *   SOCKETS, then SUM LARGEST NOTEMPTY of the receive queue and of the send queue, then OWNER (pid, 0 or -)
 */
export type TableName = 'if' | 'fs' | 'gm' | 'gc' | 'tcp';

export interface TableChange {
  rows: Map<string, readonly string[]>;
  gone: Set<string>;
}

/** What is known of every table that was looked at; one that never was is absent. */
export type Tables = ReadonlyMap<TableName, ReadonlyMap<string, readonly string[]>>;

const NAMES: ReadonlySet<string> = new Set<TableName>(['if', 'fs', 'gm', 'gc', 'tcp']);
/** The sampler tells 256 rows at most. */
const MAXIMUM_ROWS = 1024;
const MAXIMUM_KEY = 4096;

/** Reads `y TABLE` or `rTABLE …` into a frame's tables; false when it is not of the format. */
export function tableLine(tables: Map<TableName, TableChange>, text: string): boolean {
  const m = /^(?:y |r)([a-z]{2,3})(?: ([^\t]+)(?:\t([^\t]+))?)?$/s.exec(text);
  const [, name, rawKey, values] = m ?? [];
  if (!isName(name) || (text.startsWith('y') ? rawKey !== undefined : rawKey === undefined)) return false;
  const change = tables.get(name) ?? { rows: new Map(), gone: new Set() };
  tables.set(name, change);
  if (rawKey === undefined) return true;
  if (rawKey.length > MAXIMUM_KEY || change.rows.size >= MAXIMUM_ROWS) return false;
  const key = unescapeText(rawKey);
  if (values === undefined) {
    change.gone.add(key);
    change.rows.delete(key);
    return true;
  }
  const words = values.split(' ');
  if (words.length > 16) return false;
  change.rows.set(key, words);
  return true;
}

/** The tables after a frame. */
export function nextTables(before: Tables | undefined, frame: ReadonlyMap<TableName, TableChange>): Tables {
  if (before && frame.size === 0) return before;
  const next = new Map(before);
  for (const [name, { rows, gone }] of frame) {
    const old = before?.get(name);
    if (old && rows.size === 0 && gone.size === 0) continue;
    const table = new Map(old);
    for (const key of gone) table.delete(key);
    for (const [key, values] of rows) if (table.has(key) || table.size < MAXIMUM_ROWS) table.set(key, values);
    next.set(name, table);
  }
  return next;
}

function isName(name: string | undefined): name is TableName {
  return name !== undefined && NAMES.has(name);
}
