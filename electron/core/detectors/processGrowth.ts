import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventKind, Evidence } from '../../../shared/model/timelineEvent.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type EventDraft,
  NOTHING,
} from './detector.ts';
import { type Growth, history, Points, risingFloor, steadyGrowth } from './growth.ts';
import { tableChange } from './tableChange.ts';
import { limit, processDetail, processEvidence } from './words.ts';

interface Track {
  row: ProcessRow;
  points: Points;
  /** The latest of them, and the look that it is of. */
  last: number;
  takenAt: number;
  /** Of all looks since it is watched. */
  lowest: number;
  /** Set while it is told of. */
  told?: { at: number; value: number; growth: Growth; seenOverMs: number };
  /** What it was before it was given back: a heap that is swept each half hour grows up to there again. */
  ceiling?: number;
}

export interface GrowthState {
  bootId: string;
  lookedAt: number;
  /** When it was looked, as far back as points are kept. */
  looks: number[];
  /** As of the last look. */
  table: Sample['table'];
  /** By pid. */
  tracks: Map<number, Track>;
  /** Those of them that must be judged although their row stays the same. */
  lively: Set<Track>;
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
  /** Also what is given back again and again, and a little less each time. */
  floor?: true;
  /** Factor from the unit of `minimum` and `growth` to that of `value`. */
  unit: number;
  value: (row: ProcessRow) => number | undefined;
  describe: (
    row: ProcessRow,
    growth: Growth,
    sample: Sample,
    context: DetectorContext,
  ) => Pick<EventDraft, 'title' | 'verdict' | 'severity' | 'detail'> & { evidence?: Evidence[] };
}

/** Between looks; twice that where the window is long. All who look at one sample share what has changed between two. */
const LOOK_MS = 10_000;
const LONG_SPAN_MS = 5 * 60_000;
const MOST_TRACKS = 64;
/** What grew and was given back must grow by so much more to be told again. */
const BEYOND = 1.1;
/** Growth too slow for the window is looked for in one six times as long. */
const LONG = 6;

/** A detector of processes of which something grows without being given back. One process is one event. */
export function processGrowth(spec: ProcessGrowthSpec): Detector<GrowthState> {
  return {
    name: spec.name,
    takes: ['sample'],
    thresholds: spec.thresholds,
    initial,
    reduce(state, input, context) {
      if (input.type !== 'sample') return NOTHING;
      const { sample } = input;
      const sinceLook = sample.at - state.lookedAt;
      if (sinceLook < LOOK_MS || (sinceLook < 2 * LOOK_MS && spanOf(context) >= LONG_SPAN_MS)) return NOTHING;
      const outputs: DetectorOutput[] = [];
      if (state.bootId !== sample.bootId) {
        for (const track of state.tracks.values()) end(state, track, sample, outputs);
        Object.assign(state, initial(), { bootId: sample.bootId });
      }
      look(spec, state, sample, context, outputs);
      return outputs;
    },
  };
}

const initial = (): GrowthState => ({
  bootId: '',
  lookedAt: 0,
  looks: [],
  table: [],
  tracks: new Map(),
  lively: new Set(),
});

/** Most processes have not changed since the last look, and nothing is done for them. */
function look(
  spec: ProcessGrowthSpec,
  state: GrowthState,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { tracks, lively } = state;
  const { changed, gone } = tableChange(state.table, sample.table);
  // Growth is seen from half of what is worth telling on.
  const smallest = (limit(context, 'minimum') * spec.unit) / 2;
  for (const row of gone) end(state, tracks.get(row.pid), sample, outputs);
  for (const row of changed) {
    const value = spec.value(row);
    const track = tracks.get(row.pid);
    if (track) {
      track.row = row;
      // A sampler that was started anew has not counted the files of all yet; what is dead holds nothing.
      if (value !== undefined) lively.add(track);
      else if (row.state === 'Z' || row.state === 'X') end(state, track, sample, outputs);
    } else if (value !== undefined && value >= smallest && tracks.size < MOST_TRACKS * 2) {
      const fresh = { row, points: new Points(), last: 0, takenAt: 0, lowest: value };
      tracks.set(row.pid, fresh);
      lively.add(fresh);
    }
  }
  for (const track of lively) take(spec, state, track, sample, context);
  state.table = sample.table;
  state.lookedAt = sample.at;
  state.looks.push(sample.at);
  while ((state.looks[0] ?? sample.at) < sample.at - keepMs(context)) state.looks.shift();
  if (tracks.size > MOST_TRACKS) forgetSmallest(state, sample);
  const growth = limit(context, 'growth') * spec.unit;
  for (const track of lively) {
    // Most have not grown at all since they are watched: no window can hold growth.
    if (track.told || track.last - track.lowest >= growth) judge(spec, track, sample, context, outputs);
    else if (track.points.length > 0) lively.delete(track);
  }
}

const spanOf = (context: DetectorContext) => limit(context, 'minutes') * 60_000;
const keepMs = (context: DetectorContext) => spanOf(context) * (LONG + 0.5);

function take(
  spec: ProcessGrowthSpec,
  state: GrowthState,
  track: Track,
  sample: Sample,
  context: DetectorContext,
): void {
  const { row, points } = track;
  const value = spec.value(row);
  if (value === undefined) return;
  const first = points.length === 0;
  if (first && sample.hostAt - row.startedAt < limit(context, 'youngMinutes') * 60_000) return;
  // At the looks at which it had not changed it was what it was before.
  const unchanged = first ? [] : state.looks.slice(state.looks.lastIndexOf(track.takenAt) + 1);
  for (const at of unchanged) points.add(at, track.last, keepMs(context));
  points.add(sample.at, value, keepMs(context));
  track.takenAt = sample.at;
  track.last = value;
  track.lowest = first ? value : Math.min(track.lowest, value);
}

/** Those that have not changed since they were first seen go before those that do. */
function forgetSmallest({ tracks, lively }: GrowthState, sample: Sample): void {
  const stands = (one: Track) => one.points.length === 1 && one.takenAt !== sample.at;
  const order = [...tracks.values()].sort((a, b) => Number(stands(a)) - Number(stands(b)) || b.last - a.last);
  for (const track of order.slice(MOST_TRACKS)) {
    if (track.told) continue;
    tracks.delete(track.row.pid);
    lively.delete(track);
  }
}

function end(
  { tracks, lively }: GrowthState,
  track: Track | undefined,
  sample: Sample,
  outputs: DetectorOutput[],
): void {
  if (!track) return;
  if (track.told) outputs.push({ type: 'close', key: keyOf(track), endedAt: sample.at });
  tracks.delete(track.row.pid);
  lively.delete(track);
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
  const { told, points } = track;
  const spanMs = spanOf(context);
  // Of what is given back again and again, what it is told by is the least of a while.
  const partMs = (spanMs * LONG) / 5;
  const value = told?.growth.floor ? least(points, sample.at - partMs, sample.at) : track.last;
  // What is told goes on growing though it is a smaller share each time.
  const share = told ? 0 : limit(context, 'share');
  const rule = { growth: limit(context, 'growth') * spec.unit, share };
  const growth =
    value < limit(context, 'minimum') * spec.unit
      ? undefined
      : (steadyGrowth(points, { ...rule, spanMs }) ??
        steadyGrowth(points, { ...rule, spanMs: spanMs * LONG }) ??
        (spec.floor && risingFloor(points, { ...rule, spanMs: spanMs * LONG })));
  if (growth && !told && value < (track.ceiling ?? 0) * BEYOND) return;
  if (growth && (!told || value - told.value >= 0.25 * (told.value - told.growth.from.value))) {
    const from = told?.growth.from ?? growth.from;
    track.told = {
      at: sample.at,
      value: growth.floor ? growth.to.value : value,
      growth: { ...growth, from },
      seenOverMs: growth.to.at - growth.from.at,
    };
    outputs.push({
      type: 'event',
      key: keyOf(track),
      draft: draftOf(spec, track, track.told.growth, sample, context),
    });
    return;
  }
  if (!told) return;
  const grown = told.value - told.growth.from.value;
  const released = value < told.value - grown / 2;
  // Level for about as long as it had to grow: next to nothing of what it would have brought came.
  const levelMs = told.growth.floor ? 3 * partMs : Math.max(spanMs, 0.6 * told.seenOverMs);
  const before = told.growth.floor
    ? least(points, sample.at - levelMs, sample.at - 2 * partMs)
    : (points.all().find((point) => point.at >= sample.at - levelMs)?.value ?? value);
  const expected = (told.growth.perSecond * levelMs) / 1000;
  const level = sample.at - told.at >= levelMs && value - before < expected * 0.2;
  if (!released && !level) return;
  delete track.told;
  if (released) track.ceiling = Math.max(track.ceiling ?? 0, told.value);
  // What was grown before is not growth again.
  track.points = new Points().add(sample.at, value, spanMs * LONG);
  track.lowest = value;
  outputs.push({ type: 'close', key: keyOf(track), endedAt: sample.at });
}

function least(points: Points, from: number, until: number): number {
  let value = Number.POSITIVE_INFINITY;
  for (let n = points.length - 1; n >= 0 && points.timeOf(n) >= from; n--)
    if (points.timeOf(n) <= until) value = Math.min(value, points.valueOf(n));
  return value;
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
