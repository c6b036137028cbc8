import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventKind, Evidence } from '../../../shared/model/timelineEvent.ts';
import type { Detector, DetectorContext, DetectorOutput, EventDraft } from './detector.ts';
import { type Growth, history, Points, steadyGrowth } from './growth.ts';
import { type MovedGlance, movedGlance } from './movedGlance.ts';
import { limit, movedRows, processDetail, processEvidence, rowOf } from './words.ts';

interface Track {
  row: ProcessRow;
  points: Points;
  /** The latest of them, and the look that it is of. */
  last: number;
  takenAt: number;
  /** Of all looks since it is watched. */
  lowest: number;
  /** It does not grow and is not told of: while its row stays the same there is nothing to judge. */
  rests: boolean;
  /** Set while it is told of. */
  told?: { at: number; value: number; growth: Growth };
}

export interface GrowthState {
  bootId: string;
  /** When it was looked, as far back as points are kept. */
  looks: number[];
  /** By pid. */
  tracks: Map<number, Track>;
}

export interface ProcessGrowthSpec {
  name: string;
  kind: EventKind;
  /** `minutes`: over how long; `minimum`: what it must have reached; `growth` and `share`: by how much it must have grown. */
  thresholds: Readonly<Record<string, number>> & {
    minutes: number;
    minimum: number;
    growth: number;
    share: number;
  };
  /** Factor from the unit of `minimum` and `growth` to that of `value`. */
  unit: number;
  value: (row: ProcessRow) => number | undefined;
  /** The most of it among the rows that moved. */
  most: (glance: MovedGlance) => number;
  describe: (
    row: ProcessRow,
    growth: Growth,
    sample: Sample,
    context: DetectorContext,
  ) => Pick<EventDraft, 'title' | 'verdict' | 'severity' | 'detail'> & { evidence?: Evidence[] };
}

const LOOK_MS = 10_000;
const MOST_TRACKS = 64;
/** Growth too slow for the window is looked for in one six times as long. */
const LONG = 6;

/** A detector of processes of which something grows without being given back. One process is one event. */
export function processGrowth(spec: ProcessGrowthSpec): Detector<GrowthState> {
  return {
    name: spec.name,
    takes: ['sample'],
    thresholds: spec.thresholds,
    initial: () => ({ bootId: '', looks: [], tracks: new Map() }),
    reduce(state, input, context) {
      if (input.type !== 'sample') return [];
      const { sample } = input;
      if (state.bootId !== sample.bootId) {
        state.tracks.clear();
        state.bootId = sample.bootId;
      }
      discover(spec, state, sample, context);
      if (sample.at - (state.looks.at(-1) ?? 0) < LOOK_MS) return [];
      const outputs: DetectorOutput[] = [];
      for (const track of take(spec, state, sample, context, outputs))
        if (state.tracks.has(track.row.pid)) judge(spec, track, sample, context, outputs);
      return outputs;
    },
  };
}

/** Each tick: what has come to be worth watching. */
function discover(
  spec: ProcessGrowthSpec,
  state: GrowthState,
  sample: Sample,
  context: DetectorContext,
): void {
  // Growth is seen from half of what is worth telling on.
  const least = (limit(context, 'minimum') * spec.unit) / 2;
  if (spec.most(movedGlance(sample)) < least) return;
  for (const row of movedRows(sample)) {
    const value = spec.value(row);
    if (value === undefined || value < least || state.tracks.size >= MOST_TRACKS * 2) continue;
    if (!state.tracks.has(row.pid))
      state.tracks.set(row.pid, {
        row,
        points: new Points(),
        last: 0,
        takenAt: 0,
        lowest: value,
        rests: false,
      });
  }
}

/** Every ten seconds: how each does that moved. Gives those that may have grown. */
function take(
  spec: ProcessGrowthSpec,
  state: GrowthState,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): Track[] {
  const keepMs = limit(context, 'minutes') * 60_000 * (LONG + 0.5);
  const youngMs = limit(context, 'youngMinutes') * 60_000;
  const least = limit(context, 'growth') * spec.unit;
  const lively: Track[] = [];
  for (const [pid, track] of state.tracks) {
    const row = rowOf(sample, pid);
    if (track.rests && row === track.row) continue;
    // Another process may have the pid: the one before is over.
    const value = row?.startTicks === track.row.startTicks ? spec.value(row) : undefined;
    if (!row || value === undefined) {
      if (track.told) outputs.push({ type: 'close', key: keyOf(track), endedAt: sample.at });
      state.tracks.delete(pid);
      continue;
    }
    track.row = row;
    const first = track.points.length === 0;
    if (first && sample.hostAt - row.startedAt < youngMs) continue;
    // At the looks that it rested through it was what it was before.
    const rested = first ? [] : state.looks.slice(state.looks.lastIndexOf(track.takenAt) + 1);
    for (const at of rested) track.points.add(at, track.last, keepMs);
    track.points.add(sample.at, value, keepMs);
    track.takenAt = sample.at;
    track.last = value;
    track.lowest = first ? value : Math.min(track.lowest, value);
    // Most have not grown at all since they are watched: no window can hold growth.
    track.rests = !track.told && value - track.lowest < least;
    if (!track.rests) lively.push(track);
  }
  state.looks.push(sample.at);
  while ((state.looks[0] ?? sample.at) < sample.at - keepMs) state.looks.shift();
  if (state.tracks.size > MOST_TRACKS) {
    const largest = [...state.tracks.values()].sort((a, b) => b.last - a.last);
    for (const track of largest.slice(MOST_TRACKS)) if (!track.told) state.tracks.delete(track.row.pid);
  }
  return lively;
}

function keyOf({ row }: Track): string {
  return `${row.pid}:${row.startTicks}`;
}

function judge(
  spec: ProcessGrowthSpec,
  track: Track,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { told, points, last: value } = track;
  const spanMs = limit(context, 'minutes') * 60_000;
  const rule = { growth: limit(context, 'growth') * spec.unit, share: limit(context, 'share') };
  const growth =
    value < limit(context, 'minimum') * spec.unit
      ? undefined
      : (steadyGrowth(points, { ...rule, spanMs }) ??
        steadyGrowth(points, { ...rule, spanMs: spanMs * LONG }));
  if (growth && (!told || value - told.value >= 0.25 * (told.value - told.growth.from.value))) {
    track.told = { at: sample.at, value, growth: { ...growth, from: told?.growth.from ?? growth.from } };
    outputs.push({
      type: 'event',
      key: keyOf(track),
      draft: draftOf(spec, track, track.told.growth, sample, context),
    });
    return;
  }
  if (!told) return;
  const grown = told.value - told.growth.from.value;
  const before = points.all().find((point) => point.at >= sample.at - spanMs)?.value ?? value;
  const released = value < told.value - grown / 2;
  // Level for as long as it had to grow.
  const level = sample.at - told.at >= spanMs && value - before < grown * 0.05;
  if (!released && !level) return;
  delete track.told;
  // What was grown before is not growth again.
  track.points = new Points().add(sample.at, value, spanMs * LONG);
  track.lowest = value;
  outputs.push({ type: 'close', key: keyOf(track), endedAt: sample.at });
}

function draftOf(
  spec: ProcessGrowthSpec,
  track: Track,
  growth: Growth,
  sample: Sample,
  context: DetectorContext,
): EventDraft {
  const { row } = track;
  const { evidence = [], detail, ...told } = spec.describe(row, growth, sample, context);
  return {
    kind: spec.kind,
    ...told,
    at: growth.from.at,
    hostAt: growth.from.at + (context.facts?.clockOffsetMs ?? 0),
    detail: {
      ...processDetail(row, sample.bootId),
      from: growth.from.value,
      to: growth.to.value,
      perSecond: Math.round(growth.perSecond * 1000) / 1000,
      overMs: growth.to.at - growth.from.at,
      history: history(track.points),
      ...detail,
    },
    evidence: [...evidence, processEvidence(row, sample.bootId, 'grows')],
    actions: [],
    momentary: false,
  };
}
