import { plural } from '../../../shared/model/format.ts';
import type { SocketGroup } from '../../../shared/model/resources.ts';
import { closeGone } from './closeGone.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { type Growth, history, type Point, Points, steadyGrowth } from './growth.ts';
import { spokenAge } from './respawnRole.ts';
import {
  addressesOf,
  endpointWords,
  groupKey,
  ownerIsKnownOrWaitedFor,
  ownerWords,
  type SocketLook,
  socketLook,
} from './socketLooks.ts';
import { countWords, limit, processDetail, processEvidence, rowOf } from './words.ts';

interface Track {
  points: Points;
  seenAt: number;
  /** Of all looks since it is watched, or since it was last told of. */
  lowest: number;
  largeSince: number | undefined;
  told?: { at: number; count: number; from: Point };
  /** How many there were before they went again: up to there is load that comes and goes. */
  ceiling?: number;
}

interface State {
  groups: Map<number, Track>;
}

/**
 * Connections that are opened all the time and not closed: to one port elsewhere, or, on the side that serves, ones whose
 * other end is gone (CLOSE_WAIT) and that the process forgot. More clients than before are none.
 */
export const connectionsLeak: Detector<State> = {
  name: 'connectionsLeak',
  takes: ['sample'],
  looksAt: 'sockets',
  thresholds: { minimum: 48, growth: 24, share: 0.3, seconds: 90 },
  initial: () => ({ groups: new Map() }),
  reduce(state, input, context) {
    const looked = socketLook(input);
    if (!looked) return NOTHING;
    const { at, groups } = looked;
    const outputs: DetectorOutput[] = [];
    const watched = limit(context, 'minimum') / 4;
    const growth = limit(context, 'growth');
    const spanMs = limit(context, 'seconds') * 1000;
    let seen = 0;
    for (const group of groups) {
      if (!mayLeak(group)) continue;
      const key = groupKey(group);
      const known = state.groups.get(key);
      if (!known && group.count < watched) continue;
      if (!known && state.groups.size >= 200) continue;
      const track = known ?? { points: new Points(), seenAt: 0, lowest: group.count, largeSince: undefined };
      if (!known) state.groups.set(key, track);
      if (track.seenAt !== at) seen++;
      track.seenAt = at;
      track.points.add(at, group.count, spanMs * 6);
      if (group.count < 32) track.largeSince = undefined;
      else track.largeSince ??= at;
      track.lowest = Math.min(track.lowest, group.count);
      // Most have not grown at all since they are watched: no window can hold growth.
      if (track.told || group.count - track.lowest >= growth)
        judge(track, key, group, looked, context, outputs);
    }
    if (seen < state.groups.size) outputs.push(...closeGone(state.groups, wasSeen, isTold, at));
    return outputs;
  },
};

const wasSeen = (track: Track, _: number, at: number) => track.seenAt === at;
const isTold = ({ told }: Track) => told !== undefined;

/** What grew and went again must grow by so much more to be told again. */
const BEYOND = 1.25;

export function mayLeak({ kind, state }: SocketGroup): boolean {
  return (
    (kind === 'outbound' && state !== 'time-wait' && state !== 'syn-sent') ||
    (kind === 'inbound' && state === 'close-wait')
  );
}

function judge(
  track: Track,
  key: number,
  group: SocketGroup,
  look: SocketLook,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { at } = look;
  const spanMs = limit(context, 'seconds') * 1000;
  const { told } = track;
  // What is told goes on growing though it is a smaller share each time.
  const rule = { growth: limit(context, 'growth'), share: told ? 0 : limit(context, 'share') };
  const growth =
    group.count < limit(context, 'minimum')
      ? undefined
      : (steadyGrowth(track.points, { ...rule, spanMs }) ??
        steadyGrowth(track.points, { ...rule, spanMs: spanMs * 5 }));
  if (growth) {
    if (!told && !ownerIsKnownOrWaitedFor(group, track.largeSince ?? at, at)) return;
    if (!told && group.count < (track.ceiling ?? 0) * BEYOND) return;
    if (told && group.count - told.count < 0.25 * (told.count - told.from.value)) return;
    const from = told?.from ?? growth.from;
    track.told = { at, count: group.count, from };
    outputs.push(draftOf(key, group, { ...growth, from }, track, look, context));
    return;
  }
  if (!told) return;
  const before = track.points.all().find((point) => point.at >= at - spanMs)?.value ?? group.count;
  const level = at - told.at >= spanMs && group.count - before < 0.05 * (told.count - told.from.value);
  if (group.count >= told.from.value + (told.count - told.from.value) / 2 && !level) return;
  delete track.told;
  if (!level) track.ceiling = Math.max(track.ceiling ?? 0, told.count);
  track.points = new Points().add(at, group.count, spanMs * 6);
  track.lowest = group.count;
  outputs.push({ type: 'close', key: `${key}`, endedAt: at });
}

function draftOf(
  key: number,
  group: SocketGroup,
  growth: Growth,
  track: Track,
  { sample, groups }: SocketLook,
  context: DetectorContext,
): DetectorOutput {
  const who = ownerWords(group, sample);
  const row = rowOf(sample, group.ownerPid);
  const grown = growth.to.value - growth.from.value;
  const ago = spokenAge(growth.to.at - growth.from.at);
  const which = group.state === 'close-wait' ? 'connections whose other end is gone' : 'connections';
  const addresses = addressesOf(groups, group);
  const unread =
    group.receiveQueue.notEmpty > 0
      ? `; ${group.receiveQueue.notEmpty} of them ${plural(group.receiveQueue.notEmpty, 'holds', 'hold')} ${countWords(group.receiveQueue.sum)} bytes that it has not read`
      : '';
  return {
    type: 'event',
    key: `${key}`,
    draft: {
      kind: 'connections.leak',
      severity: 'warning',
      at: growth.from.at,
      hostAt: growth.from.at + (context.facts?.clockOffsetMs ?? 0),
      title: `${who} has ${countWords(group.count)} ${which} to ${endpointWords(group)}, ${countWords(grown)} more than ${ago} ago`,
      verdict: `${who} has ${countWords(group.count)} ${which} to ${endpointWords(group)}${addresses.length > 1 ? ` at ${addresses.length === 5 ? 'five or more' : addresses.length} addresses` : ''}, ${countWords(grown)} more than ${ago} ago (${(growth.perSecond * 60).toFixed(0)} a minute), and closed next to none${unread}`,
      detail: {
        ...(row ? processDetail(row, sample.bootId) : {}),
        port: group.port,
        state: group.state,
        count: group.count,
        addresses,
        perMinute: Math.round(growth.perSecond * 600) / 10,
        receiveQueue: { ...group.receiveQueue },
        sendQueue: { ...group.sendQueue },
        history: history(track.points),
      },
      evidence: row ? [processEvidence(row, sample.bootId, 'owns them')] : [],
      actions: [],
      momentary: false,
    },
  };
}
