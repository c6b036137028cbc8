import type { SocketGroup } from '../../../shared/model/resources.ts';
import { closeGone } from './closeGone.ts';
import { mayLeak } from './connectionsLeak.ts';
import { type Detector, type DetectorOutput, NOTHING } from './detector.ts';
import { history, Points, steadyGrowth } from './growth.ts';
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
  /** Of all looks since it is watched: most never grow. */
  lowest: number;
  /** It was seen to grow steadily to about where it is. */
  grewTo: number | undefined;
  flatSince: number | undefined;
  largeSince: number | undefined;
  /** Since when half of them hold bytes that do not get less. */
  stuckSince: number | undefined;
  waiting: number;
  /** Since when a quarter of them hold bytes that were not read, and since when next to none hold any. */
  unreadSince: number | undefined;
  workingSince: number | undefined;
  open: boolean;
}

interface State {
  groups: Map<number, Track>;
}

/**
 * Connections that grew and then stand at one number, as a limit makes them: a pool's or an agent's (256 of a client's
 * library, 100 of a database), while bytes wait in them: more would be opened if they might. A pool whose queues are empty
 * works, whatever it grew to. Bytes that were sent and are not acknowledged yet stand in a busy pool's queues too: they
 * count only where they do not get less.
 */
export const connectionsCapped: Detector<State> = {
  name: 'connectionsCapped',
  takes: ['sample'],
  looksAt: 'sockets',
  thresholds: { minimum: 48, seconds: 45, growthSeconds: 45 },
  initial: () => ({ groups: new Map() }),
  reduce(state, input, context) {
    const looked = socketLook(input);
    if (!looked) return NOTHING;
    const { at, groups } = looked;
    const outputs: DetectorOutput[] = [];
    const least = limit(context, 'minimum');
    const spanMs = limit(context, 'growthSeconds') * 1000;
    const standsMs = limit(context, 'seconds') * 1000;
    let seen = 0;
    for (const group of groups) {
      if (!mayLeak(group)) continue;
      const key = groupKey(group);
      const known = state.groups.get(key);
      if (!known && group.count < least / 4) continue;
      if (!known && state.groups.size >= 200) continue;
      const track = known ?? newTrack(group.count);
      if (!known) state.groups.set(key, track);
      if (track.seenAt !== at) seen++;
      track.seenAt = at;
      const before = track.points.at(-1);
      track.points.add(at, group.count, 5 * 60_000);
      if (group.count < 32) track.largeSince = undefined;
      else track.largeSince ??= at;
      track.lowest = Math.min(track.lowest, group.count);
      const mayGrow = group.count - track.lowest >= least / 3;
      if (mayGrow && steadyGrowth(track.points, { spanMs, growth: least / 3, share: 0.2 }))
        track.grewTo = group.count;
      // Reached in the last steps of the growth.
      else if (track.grewTo !== undefined && group.count > track.grewTo && group.count < track.grewTo * 1.3)
        track.grewTo = group.count;
      const flat =
        before !== undefined && Math.abs(group.count - before.value) <= Math.max(1, group.count * 0.01);
      if (!flat || group.count < least) track.flatSince = undefined;
      else track.flatSince ??= before?.at ?? at;
      const most = Math.max(group.receiveQueue.notEmpty, group.sendQueue.notEmpty);
      const waiting = group.receiveQueue.sum + group.sendQueue.sum;
      if (most < group.count / 2 || waiting < track.waiting * 0.95) track.stuckSince = undefined;
      else track.stuckSince ??= at;
      track.waiting = waiting;
      if (group.receiveQueue.notEmpty < group.count / 4) track.unreadSince = undefined;
      else track.unreadSince ??= at;
      if (most > group.count / 8) track.workingSince = undefined;
      else track.workingSince ??= at;
      const reached =
        track.grewTo !== undefined && Math.abs(group.count - track.grewTo) <= track.grewTo * 0.05;
      const capped =
        lasts(track.flatSince, standsMs, at) &&
        (lasts(track.stuckSince, standsMs, at) || (reached && lasts(track.unreadSince, standsMs, at)));
      if (track.open) {
        const stands =
          group.count >= least && Math.abs(group.count - (before?.value ?? 0)) <= group.count * 0.1;
        if (stands && !lasts(track.workingSince, standsMs, at)) continue;
        track.open = false;
        track.grewTo = undefined;
        outputs.push({ type: 'close', key: `${key}`, endedAt: stands ? (track.workingSince ?? at) : at });
      } else if (capped && ownerIsKnownOrWaitedFor(group, track.largeSince ?? at, at)) {
        track.open = true;
        outputs.push(draftOf(key, group, track, looked, at));
      }
    }
    if (seen < state.groups.size) outputs.push(...closeGone(state.groups, wasSeen, isOpen, at));
    return outputs;
  },
};

const wasSeen = (track: Track, _: number, at: number) => track.seenAt === at;
const isOpen = ({ open }: Track) => open;
const lasts = (since: number | undefined, leastMs: number, at: number) =>
  since !== undefined && at - since >= leastMs;

const newTrack = (lowest: number): Track => ({
  points: new Points(),
  seenAt: 0,
  lowest,
  grewTo: undefined,
  flatSince: undefined,
  largeSince: undefined,
  stuckSince: undefined,
  waiting: 0,
  unreadSince: undefined,
  workingSince: undefined,
  open: false,
});

function draftOf(
  key: number,
  group: SocketGroup,
  track: Track,
  { sample, groups }: SocketLook,
  at: number,
): DetectorOutput {
  const row = rowOf(sample, group.ownerPid);
  const who = ownerWords(group, sample);
  const { receiveQueue, sendQueue } = group;
  const why =
    receiveQueue.notEmpty >= group.count / 4
      ? `${receiveQueue.notEmpty} of them hold bytes that it has not read: it is its reader that stands still`
      : `${sendQueue.notEmpty} of them hold bytes that the other side has not taken`;
  const flatMs = at - (track.flatSince ?? at);
  return {
    type: 'event',
    key: `${key}`,
    draft: {
      kind: 'connections.capped',
      severity: 'warning',
      at: track.flatSince ?? at,
      hostAt: sample.hostAt,
      title: `${who} stands at ${countWords(group.count)} connections to ${endpointWords(group)}`,
      verdict: `${who} stands at ${countWords(group.count)} connections to ${endpointWords(group)} for ${spokenAge(flatMs)}, after it grew to that; ${why}`,
      detail: {
        ...(row ? processDetail(row, sample.bootId) : {}),
        port: group.port,
        state: group.state,
        count: group.count,
        addresses: addressesOf(groups, group),
        powerOfTwo: group.count > 0 && (group.count & (group.count - 1)) === 0,
        receiveQueue: { ...receiveQueue },
        sendQueue: { ...sendQueue },
        history: history(track.points),
      },
      evidence: row ? [processEvidence(row, sample.bootId, 'owns them')] : [],
      actions: [],
      momentary: false,
    },
  };
}
