import { plural } from '../../../shared/model/format.ts';
import type { ChildrenOf, Sample } from '../../../shared/model/sample.ts';
import { endOf } from '../../../shared/model/waitStatus.ts';
import { spokenLife } from './respawnRole.ts';

/** What the kernel told of a host's processes in one interval. */
export interface ToldTick {
  at: number;
  intervalMs: number;
  events: NonNullable<Sample['kernelEvents']>;
}

/** What the kernel told of the children of one parent, over a time. */
export interface ToldChildren {
  /** The time that is covered. */
  overMs: number;
  started: number;
  executed: number;
  ended: number;
  /** The most frequent first. */
  endings: { status: number; count: number; longestMs?: number }[];
  /** Events of the host that were lost meanwhile: then the counts are too low. */
  lost: number;
  /** More than one: counted by one process in so many. */
  oneIn: number;
}

const KEPT_MS = 30_000;

/** Keeps half a minute. */
export function keepTold(ticks: ToldTick[], sample: Sample): void {
  if (sample.kernelEvents)
    ticks.push({ at: sample.at, intervalMs: sample.intervalMs, events: sample.kernelEvents });
  while (ticks.length > 0 && sample.at - (ticks[0]?.at ?? 0) >= KEPT_MS) ticks.shift();
}

/** Undefined where the kernel told nothing of that parent. */
export function toldChildren(
  ticks: readonly ToldTick[],
  parentPid: number,
  since: number,
): ToldChildren | undefined {
  const sum: ToldChildren = { overMs: 0, started: 0, executed: 0, ended: 0, endings: [], lost: 0, oneIn: 1 };
  const endings = new Map<number, ToldChildren['endings'][number]>();
  let spanMs = 0;
  for (const { at, intervalMs, events } of ticks) {
    if (at < since) continue;
    const row = events.children.find((one) => one.parentPid === parentPid);
    spanMs += intervalMs;
    // It may be among the others, that were only summed up.
    if (!row && events.children.some((one) => one.parentPid === 0)) continue;
    sum.overMs += intervalMs;
    sum.lost += events.lost;
    sum.oneIn = Math.max(sum.oneIn, events.oneIn);
    if (row) add(sum, endings, row);
  }
  if (sum.started + sum.ended === 0) return undefined;
  // Mostly it was not among those told by themselves: then mostly nothing happened to it.
  if (sum.overMs < spanMs * 0.6) sum.overMs = spanMs;
  sum.endings = [...endings.values()].sort((a, b) => b.count - a.count || a.status - b.status);
  return sum;
}

function add(
  sum: ToldChildren,
  endings: Map<number, ToldChildren['endings'][number]>,
  row: ChildrenOf,
): void {
  sum.started += row.started;
  sum.executed += row.executed;
  sum.ended += row.ended;
  for (const { status, count, longestMs } of row.endings) {
    const known = endings.get(status);
    const longest = Math.max(known?.longestMs ?? -1, longestMs ?? -1);
    endings.set(status, {
      status,
      count: (known?.count ?? 0) + count,
      ...(longest >= 0 && { longestMs: longest }),
    });
  }
}

/** SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS: a program's own fault. Others are sent by somebody. */
const CRASHES: ReadonlySet<number> = new Set([4, 5, 6, 7, 8, 11, 31]);

export function mostlyCrash({ ended, endings }: ToldChildren): boolean {
  const crashed = endings.filter((one) => CRASHES.has(one.status & 0x7f));
  const count = crashed.reduce((sum, one) => sum + one.count, 0);
  return count >= 3 && count >= 0.9 * ended;
}

/** `each child exits 1 within 40 ms`; where they differ, `children exit …`: how many of how many ended in which way. */
export function spokenEndings({
  ended,
  endings,
}: Pick<ToldChildren, 'ended' | 'endings'>): string | undefined {
  const first = endings[0];
  if (!first || ended === 0) return undefined;
  if (first.count >= 0.95 * ended) {
    const within = first.longestMs === undefined ? '' : ` within ${spokenLife(first.longestMs)}`;
    return `each child ${endOf(first.status)}${within}`;
  }
  const parts = endings.slice(0, 3).map((one) => `${one.count} ${endOf(one.status, true)}`);
  return `of ${ended} children ${parts.join(', ')}`;
}

/** `4 exited 42 (the longest after 40 ms)`, of the four most frequent ways. */
export function endingWords({ endings }: ToldChildren): string[] {
  return endings.slice(0, 4).map((one) => {
    const longest = one.longestMs === undefined ? '' : ` (the longest after ${spokenLife(one.longestMs)})`;
    return `${one.count} ${endOf(one.status, true)}${longest}`;
  });
}

/** For the evidence: the numbers as they were told. */
export function describeTold(told: ToldChildren): string {
  const seconds = Math.max(1, Math.round(told.overMs / 1000));
  const endings = endingWords(told);
  const how = told.oneIn > 1 ? `, by one process in ${told.oneIn}` : '';
  const lost =
    told.lost > 0
      ? `; ${told.lost} ${plural(told.lost, 'event')} of this host ${plural(told.lost, 'was', 'were')} lost: these are too few`
      : '';
  return `in ${seconds} s${how}: ${told.started} ${plural(told.started, 'child', 'children')} forked, ${told.executed} called exec, ${told.ended} ended${endings.length > 0 ? `: ${endings.join(', ')}` : ''}${lost}`;
}
