import { visibleText } from '../../../shared/model/hostText.ts';
import type { FileSystem } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { cutJournal } from './cutJournal.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type EventDraft,
  NOTHING,
} from './detector.ts';
import { closeUnmounted, fileSystemLook } from './fileSystemLooks.ts';
import { type Growth, history, Points, steadyGrowth } from './growth.ts';
import { spokenAge } from './respawnRole.ts';
import { bytesWords, limit, percent } from './words.ts';

interface Track {
  points: Points;
  /** Of all looks since it is watched: no window can hold more growth than that. */
  lowest: number;
  told?: { at: number; severity: string; left: number; used: number };
  slowSince?: number;
  /** How full it was before it was emptied: logs that are rotated, and journals of a data base, fill it up to there again. */
  ceiling?: { used: number; available: number };
}

interface State {
  mounts: Map<string, Track>;
}

/**
 * A file system that is written to all the time and will be full within `minutes`. A copy, a build or a package's
 * installation fills one for a while too: below `warnShare` this is only for information.
 */
export const diskFilling: Detector<State> = {
  name: 'diskFilling',
  takes: ['sample'],
  looksAt: 'fileSystems',
  thresholds: { minutes: 60, criticalMinutes: 5, seconds: 60, minimumMiB: 8, warnShare: 0.8 },
  initial: () => ({ mounts: new Map() }),
  reduce(state, input, context) {
    const looked = fileSystemLook(input);
    if (!looked) return NOTHING;
    const outputs = closeUnmounted(state.mounts, isTold, looked);
    for (const fs of looked.fileSystems) judge(state, fs, looked.sample, context, outputs);
    return outputs;
  },
};

const isTold = ({ told }: Track) => told !== undefined;

function judge(
  state: State,
  fs: FileSystem,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const track = state.mounts.get(fs.mount) ?? { points: new Points(), lowest: fs.usedBytes };
  state.mounts.set(fs.mount, track);
  const spanMs = limit(context, 'seconds') * 1000;
  // Where df is asked once a minute, a longer span gives as many looks.
  track.points.add(sample.at, fs.usedBytes, spanMs * 6);
  const rule = { growth: limit(context, 'minimumMiB') * 2 ** 20, share: 0 };
  track.lowest = Math.min(track.lowest, fs.usedBytes);
  if (!track.told && fs.usedBytes - track.lowest < rule.growth) return;
  const growth =
    steadyGrowth(track.points, { ...rule, spanMs }) ??
    steadyGrowth(track.points, { ...rule, spanMs: spanMs * 5 });
  const left = growth ? fs.availableBytes / growth.perSecond : Number.POSITIVE_INFINITY;
  const filling = growth !== undefined && left <= limit(context, 'minutes') * 60;
  // Once it is full it grows no more: that is told by another detector, and is not an end of it.
  if (fs.availableBytes <= 0) return;
  const { ceiling } = track;
  if (filling && !track.told && ceiling && fs.usedBytes < ceiling.used + ceiling.available * BEYOND) return;
  if (filling) {
    delete track.slowSince;
    const share = fs.usedBytes / Math.max(1, fs.usedBytes + fs.availableBytes);
    const severity =
      share < limit(context, 'warnShare')
        ? 'info'
        : left <= limit(context, 'criticalMinutes') * 60
          ? 'critical'
          : 'warning';
    const { told } = track;
    if (
      told &&
      RANK[told.severity] === RANK[severity] &&
      left > told.left / 2 &&
      sample.at - told.at < 60_000
    )
      return;
    // It does not calm down while it fills.
    const kept = told && (RANK[told.severity] ?? 0) > (RANK[severity] ?? 0) ? told.severity : severity;
    track.told = { at: sample.at, severity: kept, left, used: Math.max(fs.usedBytes, told?.used ?? 0) };
    outputs.push({
      type: 'event',
      key: fs.mount,
      draft: draftOf(
        fs,
        track,
        growth,
        left,
        kept === 'critical' ? 'critical' : kept === 'warning' ? 'warning' : 'info',
        share,
        sample,
        context,
      ),
    });
    return;
  }
  if (!track.told) return;
  track.slowSince ??= sample.at;
  if (sample.at - track.slowSince < 30_000) return;
  outputs.push({ type: 'close', key: fs.mount, endedAt: track.slowSince });
  const { used } = track.told;
  if (fs.usedBytes < used)
    track.ceiling = { used, available: Math.max(0, fs.usedBytes + fs.availableBytes - used) };
  delete track.told;
  delete track.slowSince;
}

/** Of what was left at its fullest, so much more must be taken. */
const BEYOND = 0.25;

const RANK: Readonly<Record<string, number>> = { info: 0, warning: 1, critical: 2 };

function draftOf(
  fs: FileSystem,
  track: Track,
  growth: Growth,
  left: number,
  severity: EventDraft['severity'],
  share: number,
  sample: Sample,
  context: DetectorContext,
): EventDraft {
  const mount = visibleText(fs.mount, 80);
  return {
    kind: 'disk.filling',
    severity,
    at: growth.from.at,
    hostAt: growth.from.at + (context.facts?.clockOffsetMs ?? 0),
    title: `${mount} fills: full in about ${spokenAge(left * 1000)}, at ${bytesWords(growth.perSecond)}/s`,
    verdict: `The file system at ${mount} is ${percent(share)} full and has grown by ${bytesWords(growth.perSecond)} a second for ${spokenAge(growth.to.at - growth.from.at)}: its last ${bytesWords(fs.availableBytes)} last for about ${spokenAge(left * 1000)}`,
    detail: {
      ...fs,
      share,
      bytesPerSecond: Math.round(growth.perSecond),
      secondsLeft: Math.round(left),
      history: history(track.points),
    },
    evidence: [
      { type: 'samples', metric: 'system.disk.io.write', from: growth.from.at - 60_000, to: growth.to.at },
    ],
    actions: cutJournal(fs, sample, context.host),
    momentary: false,
  };
}
