import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { closeGone } from './closeGone.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { type Growth, history, Points, steadyGrowth } from './growth.ts';
import { spokenAge } from './respawnRole.ts';
import { bytesWords, limit, percent, processDetail, processEvidence, processWords } from './words.ts';

interface Track {
  /** What is used, in bytes: its growth is what takes the rest. */
  points: Points;
  /** Of all looks since it is watched: no window can hold more growth than that. */
  lowest: number;
  seenAt: number;
  told?: { at: number; severity: string; used: number };
  calmSince?: number;
}

interface State {
  bootId: string;
  sampledAt: number;
  lookedAt: number;
  /** `machine`, or a control group's path. */
  tracks: Map<string, Track>;
  /** The table a while ago, to see who grows since: rows are never written to, and most are those of now. */
  before: { at: number; table: Sample['table'] }[];
}

const EVERY_MS = 2000;
const KEEP_MS = 6 * 60_000;
/** Groups are those of the busiest processes: one whose processes wait for memory may be missing at a look or two. */
const FORGET_MS = 60_000;

/**
 * Memory that will be gone within minutes if it goes on like this: the machine's, or that of a control group whose limit
 * holds for one of the busiest processes. File cache that can be given back is not counted as used.
 */
export const oomRisk: Detector<State> = {
  name: 'oomRisk',
  takes: ['sample'],
  thresholds: { minutes: 10, criticalMinutes: 2, seconds: 20, usedShare: 0.5 },
  initial: () => ({ bootId: '', sampledAt: 0, lookedAt: 0, tracks: new Map(), before: [] }),
  reduce(state, input, context) {
    if (input.type !== 'sample' || input.sample.at - state.sampledAt < EVERY_MS) return NOTHING;
    const { sample } = input;
    state.sampledAt = sample.at;
    const outputs: DetectorOutput[] = [];
    if (state.bootId !== sample.bootId) {
      outputs.push(...closeGone(state.tracks, () => false, isTold, sample.at));
      Object.assign(state, { bootId: sample.bootId, before: [] });
    }
    const { totalBytes, availableBytes } = sample.memory;
    rememberTable(state, sample);
    if (totalBytes > 0)
      judge(state, 'machine', totalBytes - availableBytes, totalBytes, sample, context, outputs);
    const at = sample.lookedAt?.cgroups;
    if (at === undefined || at === state.lookedAt) return outputs;
    state.lookedAt = at;
    for (const group of sample.cgroups ?? []) {
      const { memoryLimitBytes, memoryUsageBytes } = group;
      if (
        memoryLimitBytes === undefined ||
        memoryUsageBytes === undefined ||
        memoryLimitBytes > totalBytes * 2
      )
        continue;
      // A container's memory is its group's: it is told of as the host's.
      if (Math.abs(memoryLimitBytes - totalBytes) < totalBytes / 100) continue;
      const used = Math.max(0, memoryUsageBytes - (group.reclaimableBytes ?? 0));
      judge(state, group.path, used, memoryLimitBytes, sample, context, outputs);
    }
    outputs.push(...closeGone(state.tracks, wasSeen, isTold, sample.at));
    return outputs;
  },
};

const wasSeen = (track: Track, _: string, at: number) => at - track.seenAt < FORGET_MS;
const isTold = (track: Track) => track.told !== undefined;

/** Every quarter of a minute, for five minutes. */
function rememberTable(state: State, { at, table }: Sample): void {
  const last = state.before.at(-1);
  if (last && at - last.at < 15_000) return;
  state.before.push({ at, table });
  if (state.before.length > 20) state.before.shift();
}

function judge(
  state: State,
  key: string,
  used: number,
  total: number,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const track = state.tracks.get(key) ?? { points: new Points(), lowest: used, seenAt: sample.at };
  if (!state.tracks.has(key) && state.tracks.size >= 32) return;
  state.tracks.set(key, track);
  track.seenAt = sample.at;
  track.points.add(sample.at, used, KEEP_MS);
  const spanMs = limit(context, 'seconds') * 1000;
  const rule = { growth: total * 0.02, share: 0 };
  track.lowest = Math.min(track.lowest, used);
  // Half of it is free, or nothing has grown: nothing is at risk.
  if (!track.told && (used < total * limit(context, 'usedShare') || used - track.lowest < rule.growth))
    return;
  const growth =
    steadyGrowth(track.points, { ...rule, spanMs }) ??
    steadyGrowth(track.points, { ...rule, spanMs: spanMs * 3 }) ??
    steadyGrowth(track.points, { ...rule, spanMs: spanMs * 12 });
  const left = growth ? (total - used) / growth.perSecond : Number.POSITIVE_INFINITY;
  const risky =
    growth !== undefined &&
    used >= total * limit(context, 'usedShare') &&
    left <= limit(context, 'minutes') * 60 &&
    (used >= total * 0.9 || largestFall(track.points) <= (growth.to.value - growth.from.value) / 2) &&
    goesOn(track.points, growth, total - used);
  const { told } = track;
  if (!risky) {
    if (!told) return;
    track.calmSince ??= sample.at;
    const freed = used < told.used - total * 0.1;
    if (!freed && sample.at - track.calmSince < 30_000) return;
    outputs.push({ type: 'close', key, endedAt: track.calmSince });
    delete track.told;
    delete track.calmSince;
    return;
  }
  delete track.calmSince;
  const severity =
    left <= limit(context, 'criticalMinutes') * 60 || told?.severity === 'critical' ? 'critical' : 'warning';
  if (told && told.severity === severity && sample.at - told.at < 15_000) return;
  track.told = { at: sample.at, severity, used };
  const since = growth.from.at;
  const grower = whoGrows(state, sample, since);
  const where = key === 'machine' ? 'this host' : `control group ${visibleText(key, 100)}`;
  const who = grower ? `; ${processWords(grower.row)} grew by ${bytesWords(grower.bytes)} in that time` : '';
  outputs.push({
    type: 'event',
    key,
    draft: {
      kind: 'process.oom_risk',
      severity,
      at: since,
      hostAt: sample.hostAt,
      title: `Memory of ${where} runs out in about ${spokenAge(left * 1000)}${grower ? `: ${processWords(grower.row)} grows` : ''}`,
      verdict: `${bytesWords(total - used)} of ${bytesWords(total)} of ${where} is left (${percent(used / total)} is used), and ${bytesWords(growth.perSecond)} more is used every second: it runs out in about ${spokenAge(left * 1000)}${who}`,
      detail: {
        scope: key === 'machine' ? 'machine' : 'cgroup',
        ...(key === 'machine' ? {} : { cgroup: key }),
        usedBytes: used,
        limitBytes: total,
        bytesPerSecond: Math.round(growth.perSecond),
        secondsLeft: Math.round(left),
        ...(grower ? { ...processDetail(grower.row, sample.bootId), grewBytes: grower.bytes } : {}),
        history: history(track.points),
      },
      evidence: [
        { type: 'samples', metric: 'system.linux.memory.available', from: since - 60_000, to: sample.at },
        ...(grower ? [processEvidence(grower.row, sample.bootId, 'grows most')] : []),
      ],
      actions: [],
      momentary: false,
    },
  });
}

/** A rise whose second half brings less than this share of the first slows down; noise makes some difference too. */
const SLOWS_DOWN = 0.88;
/** A rise is believed to go on for so many times as long as it has lasted. */
const BELIEVED_TIMES = 4;

/**
 * A program that warms up grows as fast as one that leaks, and then less and less: as its second half is to its first, so
 * the rest is to the second, and all of that must be more than what is left. In the beginning the two cannot be told
 * apart: what would take long is believed only after a while.
 */
function goesOn(points: Points, growth: Growth, left: number): boolean {
  const last = points.length - 1;
  const top = points.valueOf(last);
  const noise = (growth.to.value - growth.from.value) * 0.1;
  let low = top;
  for (let n = last; n >= 0 && points.valueOf(n) <= low + noise; n--) low = Math.min(low, points.valueOf(n));
  let first = last;
  while (first > 0 && points.valueOf(first) > low + (top - low) * 0.05) first--;
  const lasted = points.timeOf(last) - points.timeOf(first);
  // It began some time after that look.
  first = Math.min(first + 1, last - 2);
  const halfMs = (points.timeOf(last) - points.timeOf(first)) / 2;
  const middle = valueAt(points, points.timeOf(last) - halfMs);
  const rest = top - middle;
  if (lasted * BELIEVED_TIMES < (left / rest) * halfMs) return false;
  const ratio = rest / (middle - points.valueOf(first));
  return ratio >= SLOWS_DOWN || (rest * ratio) / (1 - ratio) >= left;
}

/** Between two looks as if it had grown evenly. */
function valueAt(points: Points, at: number): number {
  let n = points.length - 1;
  while (n > 0 && points.timeOf(n) > at) n--;
  const [from, to] = [points.timeOf(n), points.timeOf(n + 1)];
  const share = to > from ? (at - from) / (to - from) : 0;
  return points.valueOf(n) + share * (points.valueOf(n + 1) - points.valueOf(n));
}

/** By how much use went back at most within the last minutes: what was given back before may be again. */
function largestFall(points: Points): number {
  let highest = 0;
  let fall = 0;
  for (const { value } of points.all()) {
    highest = Math.max(highest, value);
    fall = Math.max(fall, highest - value);
  }
  return fall;
}

/** Growth by less than this names nobody. */
const SMALL = 4 << 20;

function whoGrows(
  state: State,
  sample: Sample,
  since: number,
): { row: ProcessRow; bytes: number } | undefined {
  const before = state.before.filter((one) => one.at <= since + 5000).at(-1) ?? state.before[0];
  if (!before) return undefined;
  const known = new Map(before.table.map((row) => [row.pid, row]));
  let most: { row: ProcessRow; bytes: number } | undefined;
  for (const row of sample.table) {
    const then = known.get(row.pid);
    const bytes = row.residentBytes - (then?.startTicks === row.startTicks ? then.residentBytes : 0);
    if (bytes > (most?.bytes ?? SMALL)) most = { row, bytes };
  }
  return most;
}
