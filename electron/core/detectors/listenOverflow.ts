import { plural } from '../../../shared/model/format.ts';
import type { SocketGroup } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { ownerWords } from './socketLooks.ts';
import { countWords, limit, processDetail, processEvidence, rowOf } from './words.ts';

interface State {
  bootId: string;
  /** Growth of the kernel's counter, each with its time. */
  grown: { at: number; count: number }[];
  before?: number;
  sampledAt: number;
  /** The listener whose queue was fullest, and when. */
  full?: { group: SocketGroup; at: number };
  open?: { since: number; told: number };
  total: number;
}

/** The sampler reads the counter so often. What it finds grown grew at some time since: the middle is at most half of it off. */
const LOOK_MS = 10_000;

/** Clients that knocked and were turned away by the kernel: the process takes its connections too slowly, or not at all. */
export const listenOverflow: Detector<State> = {
  name: 'listenOverflow',
  takes: ['sample'],
  thresholds: { minimum: 5, windowSeconds: 60, closeSeconds: 60 },
  initial: () => ({ bootId: '', grown: [], sampledAt: 0, total: 0 }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const { listenOverflows: now } = sample;
    if (now === undefined) return NOTHING;
    if (state.bootId !== sample.bootId)
      Object.assign(state, { bootId: sample.bootId, grown: [], before: now });
    const windowMs = limit(context, 'windowSeconds') * 1000;
    // What it grew by while the host was not heard of may have been an hour ago.
    const unheard = sample.at - state.sampledAt > windowMs;
    const more = unheard ? 0 : now - (state.before ?? now);
    state.before = now;
    state.sampledAt = sample.at;
    if (more > 0) {
      state.grown.push({ at: sample.at, count: more });
      state.total += more;
    }
    if (state.grown.length === 0 && !state.open) return NOTHING;
    while ((state.grown[0]?.at ?? sample.at) < sample.at - windowMs) state.grown.shift();
    if (state.grown.length === 0 && !state.open) return NOTHING;
    const fullest = fullestListener(sample, context);
    if (fullest) state.full = { group: fullest, at: sample.at };
    else if (state.full && sample.at - state.full.at > windowMs) delete state.full;
    const inWindow = state.grown.reduce((sum, one) => sum + one.count, 0);
    if (state.open) {
      const lastAt = state.grown.at(-1)?.at ?? 0;
      if (sample.at - lastAt >= limit(context, 'closeSeconds') * 1000 && more === 0) {
        const { since } = state.open;
        const last = draftOf(state, since, 0, sample);
        delete state.open;
        state.total = 0;
        return [last, { type: 'close', key: 'listen', endedAt: Math.max(since, lastAt) }];
      }
      if (more === 0 || sample.at - state.open.told < 30_000) return NOTHING;
      state.open.told = sample.at;
      return [draftOf(state, state.open.since, inWindow, sample)];
    }
    if (inWindow < limit(context, 'minimum')) return NOTHING;
    // Containers that share a network share its counter: it is ours if a full queue is.
    const first = state.grown[0]?.at ?? sample.at;
    if (!state.full && (context.facts?.container || sample.at - first < 30_000)) return NOTHING;
    // Whose it is is looked for at the second look that finds it full.
    if (state.full && state.full.group.ownerPid === undefined && sample.at - first < 45_000) return NOTHING;
    const since = first - LOOK_MS / 2;
    state.open = { since, told: sample.at };
    return [draftOf(state, since, inWindow, sample)];
  },
};

function fullestListener(sample: Sample, context: DetectorContext): SocketGroup | undefined {
  return (sample.sockets ?? [])
    .filter(
      (group) =>
        group.kind === 'listener' &&
        group.receiveQueue.sum > 0 &&
        group.ownerPid !== 0 &&
        // In a container another's full queue may be seen before it is known to be another's.
        !(context.facts?.container && group.ownerPid === undefined),
    )
    .sort((a, b) => b.receiveQueue.sum - a.receiveQueue.sum)[0];
}

function draftOf(state: State, since: number, inWindow: number, sample: Sample): DetectorOutput {
  const group = state.full?.group;
  const row = rowOf(sample, group?.ownerPid);
  const queue = group?.receiveQueue.sum ?? 0;
  const who = group ? `${ownerWords(group, sample)} on port ${group.port}` : 'A listener';
  return {
    type: 'event',
    key: 'listen',
    draft: {
      kind: 'listen.overflow',
      severity: 'warning',
      at: since,
      hostAt: sample.hostAt - (sample.at - since),
      title: `${who} does not take its connections: ${countWords(state.total)} turned away${group ? `, ${countWords(queue)} ${plural(queue, 'waits', 'wait')}` : ''}`,
      verdict: `${group ? `${who} has ${countWords(queue)} ${plural(queue, 'connection')} waiting to be accepted` : 'A listener’s queue is full; which one was not caught'}: the kernel turned ${countWords(state.total)} away since then, ${countWords(inWindow)} of them in the last minute; the process is busy, stopped, or its backlog is small`,
      detail: {
        ...(row ? processDetail(row, sample.bootId) : {}),
        ...(group ? { port: group.port, waiting: queue } : {}),
        turnedAway: state.total,
      },
      evidence: row ? [processEvidence(row, sample.bootId, 'listens')] : [],
      actions: [],
      momentary: false,
    },
  };
}
