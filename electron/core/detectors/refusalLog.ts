import type { LogLine } from './detector.ts';
import { parseRefusal, type Refusal } from './respawnRefusal.ts';

/** What one log says of daemons that will not start, of the last half minute. */
export interface RefusalLog {
  path: string;
  lines: { at: number; text: string; refusal: Refusal }[];
  firstAt: number;
  lastAt: number;
  total: number;
}

export const LOG_WINDOW_MS = 30_000;
const MOST_LOG_LINES = 200;

/** Whether the line is a refusal: then it is kept. */
export function takeRefusal(logs: Map<string, RefusalLog>, line: LogLine, now: number): boolean {
  const refusal = parseRefusal(line.text);
  if (!refusal) return false;
  const log = logs.get(line.path) ?? {
    path: line.path,
    lines: [],
    firstAt: now,
    lastAt: now,
    total: 0,
  };
  if (now - log.lastAt > LOG_WINDOW_MS) Object.assign(log, { lines: [], firstAt: now, total: 0 });
  log.lines.push({ at: line.seenAt, text: line.text.slice(0, 1000), refusal });
  if (log.lines.length > MOST_LOG_LINES) log.lines.shift();
  log.lastAt = now;
  log.total++;
  logs.set(line.path, log);
  if (logs.size > 64) logs.delete(logs.keys().next().value ?? '');
  return true;
}

export function forgetOldRefusals(logs: Map<string, RefusalLog>, now: number): void {
  for (const [path, log] of logs) {
    log.lines = log.lines.filter((l) => now - l.at <= LOG_WINDOW_MS);
    if (log.lines.length === 0) logs.delete(path);
  }
}

/** A second; undefined where they are too few, or do not say each start. */
export function rateOfLog(log: RefusalLog): number | undefined {
  const own = log.lines.filter((l) => l.refusal.kind === 'running');
  const first = own[0];
  const last = own.at(-1);
  if (!first || !last || own.length < 3) return undefined;
  // Lines arrive in bursts, as the file is read: less than a second of them says too much.
  return ((own.length - 1) * 1000) / Math.max(1000, last.at - first.at);
}
