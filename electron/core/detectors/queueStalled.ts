import type { QueueUse, SocketGroup } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { closeGone } from './closeGone.ts';
import { type Detector, type DetectorOutput, NOTHING } from './detector.ts';
import { spokenAge } from './respawnRole.ts';
import { endpointWords, groupKey, ownerIsKnownOrWaitedFor, ownerWords, socketLook } from './socketLooks.ts';
import { bytesWords, countWords, limit, processDetail, processEvidence, rowOf } from './words.ts';

interface Queue {
  /** Looks since it was last seen to drain. */
  looks: number;
  since: number;
  sum: number;
  clearSince?: number;
  open: boolean;
  /** It was told for information only. */
  few?: boolean;
}

interface State {
  /** By the group and the side. */
  queues: Map<number, Queue>;
}

const SIDES = ['receive', 'send'] as const;

/**
 * Bytes that wait in the queues of established connections and do not get less: what arrived is not read by the process
 * here, or what it sent is not taken by the other side. A transfer in full flow has full queues too, though never the
 * same; so each look must find at least as much as the one before. Of many clients some are always asleep or gone: what a
 * few of them do not take is for information.
 */
export const queueStalled: Detector<State> = {
  name: 'queueStalled',
  takes: ['sample'],
  looksAt: 'sockets',
  thresholds: { minimumBytes: 1000, seconds: 30, looks: 4 },
  initial: () => ({ queues: new Map() }),
  reduce(state, input, context) {
    const looked = socketLook(input);
    if (!looked) return NOTHING;
    const { sample, at, groups } = looked;
    const outputs: DetectorOutput[] = [];
    const seen = new Set<number>();
    const least = limit(context, 'minimumBytes');
    for (const group of groups) {
      // The port tells all of its addresses; a connection that was never made has no queue.
      if ((group.kind !== 'outbound' && group.kind !== 'inbound') || !HAS_QUEUES.has(group.state)) continue;
      for (const side of SIDES) {
        const use = side === 'receive' ? group.receiveQueue : group.sendQueue;
        if (state.queues.size === 0 && use.sum < least) continue;
        const key = groupKey(group) * 2 + SIDES.indexOf(side);
        const known = state.queues.get(key);
        if (!known && use.sum < least) continue;
        if (!known && state.queues.size >= 400) continue;
        seen.add(key);
        const queue = known ?? { looks: 0, since: at, sum: 0, open: false };
        state.queues.set(key, queue);
        const drained = use.sum < queue.sum * 0.9 || use.sum < least;
        // A flow trembles; what is stuck is the same to the byte, or a whole crowd of connections waits.
        const moved =
          use.sum < queue.sum || (use.sum !== queue.sum && use.notEmpty < Math.max(4, group.count / 2));
        if (drained || moved) {
          queue.looks = drained && use.sum < least ? 0 : 1;
          queue.since = at;
        } else queue.looks++;
        queue.sum = use.sum;
        if (queue.open) {
          if (!drained) {
            delete queue.clearSince;
            if (!queue.few || isOfFew(group, side, use)) continue;
            queue.few = false;
            outputs.push(draftOf(key, group, side, use, queue.since, sample, at));
            continue;
          }
          queue.clearSince ??= at;
          if (use.sum > 0 && at - queue.clearSince < 20_000) continue;
          outputs.push({ type: 'close', key: `${key}`, endedAt: queue.clearSince });
          state.queues.delete(key);
        } else if (use.sum === 0) state.queues.delete(key);
        else if (
          queue.looks >= limit(context, 'looks') &&
          at - queue.since >= limit(context, 'seconds') * 1000 &&
          ownerIsKnownOrWaitedFor(group, queue.since, at)
        ) {
          queue.open = true;
          queue.few = isOfFew(group, side, use);
          outputs.push(draftOf(key, group, side, use, queue.since, sample, at));
        }
      }
    }
    outputs.push(
      ...closeGone(
        state.queues,
        (_, key) => seen.has(key),
        (queue) => queue.open,
        at,
      ),
    );
    return outputs;
  },
};

const HAS_QUEUES: ReadonlySet<string> = new Set(['established', 'close-wait', 'fin-wait-1', 'last-ack']);

/** Clients that went without a word: fewer than a tenth, or what is left of connections that the process has closed. */
function isOfFew(group: SocketGroup, side: 'receive' | 'send', use: QueueUse): boolean {
  if (side !== 'send' || group.kind !== 'inbound') return false;
  return group.state === 'fin-wait-1' || group.state === 'last-ack' || use.notEmpty * 10 <= group.count;
}

function draftOf(
  key: number,
  group: SocketGroup,
  side: 'receive' | 'send',
  use: QueueUse,
  since: number,
  sample: Sample,
  at: number,
): DetectorOutput {
  const who = ownerWords(group, sample);
  const row = rowOf(sample, group.ownerPid);
  const connections = `${countWords(use.notEmpty)} of ${countWords(group.count)} connection${group.count === 1 ? '' : 's'} ${group.kind === 'inbound' ? 'on' : 'to'} ${endpointWords(group)}`;
  const what =
    side === 'receive'
      ? `${who} does not read ${bytesWords(use.sum)} that arrived on ${connections}`
      : `The other side does not take ${bytesWords(use.sum)} that ${who} sent on ${connections}`;
  return {
    type: 'event',
    key: `${key}`,
    draft: {
      kind: 'queue.stalled',
      severity: isOfFew(group, side, use) ? 'info' : 'warning',
      at: since,
      hostAt: sample.hostAt,
      title: what,
      verdict: `${what}: the ${side === 'receive' ? 'receive' : 'send'} queues have not got less for ${spokenAge(at - since)}, the largest is ${countWords(use.largest)} bytes; ${side === 'receive' ? 'the process is busy, blocked or stopped' : 'the peer is slow, stopped or gone'}`,
      detail: {
        ...(row ? processDetail(row, sample.bootId) : {}),
        queue: side === 'receive' ? 'Recv-Q' : 'Send-Q',
        port: group.port,
        direction: group.kind,
        connections: group.count,
        notEmpty: use.notEmpty,
        bytes: use.sum,
        largestBytes: use.largest,
        sinceMs: at - since,
      },
      evidence: row
        ? [processEvidence(row, sample.bootId, side === 'receive' ? 'should read them' : 'sent them')]
        : [],
      actions: [],
      momentary: false,
    },
  };
}
