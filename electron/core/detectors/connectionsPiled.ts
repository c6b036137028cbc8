import type { SocketGroup } from '../../../shared/model/resources.ts';
import { closeGone } from './closeGone.ts';
import { type Detector, type DetectorContext, type EventDraft, NOTHING } from './detector.ts';
import { type Hysteresis, initialHysteresis, levelOf, takeLook } from './hysteresis.ts';
import { endpointWords, ownerWords, type SocketLook, socketLook } from './socketLooks.ts';
import { countWords, limit, processDetail, processEvidence, rowOf } from './words.ts';

interface Pile extends Hysteresis {
  seenAt: number;
  /** As last told. */
  count?: number;
}

interface State {
  piles: Map<string, Pile>;
}

type Words = Pick<EventDraft, 'kind' | 'severity' | 'title' | 'verdict'>;

/** Where sockets cost a lot to look at, a look comes every ninety seconds at the latest. */
const GAP_MS = 120_000;

/**
 * Connections that pile up before they are any, or after: to an address that does not answer (SYN_SENT), to a port here whose
 * callers do not go on (SYN_RECV), or so many to one address, most of them in TIME_WAIT, that no local port is left for another.
 */
export const connectionsPiled: Detector<State> = {
  name: 'connectionsPiled',
  takes: ['sample'],
  looksAt: 'sockets',
  thresholds: { unanswered: 8, halfOpen: 256, ports: 24_000, seconds: 20 },
  initial: () => ({ piles: new Map() }),
  reduce(state, input, context) {
    const looked = socketLook(input);
    if (!looked) return NOTHING;
    const { at, groups } = looked;
    const outputs: ReturnType<typeof closeGone> = [];
    const take = (key: string, count: number, least: number, group: SocketGroup, words: () => Words) => {
      const known = state.piles.get(key);
      if (!known && (count < least || state.piles.size >= 100)) return;
      const pile = known ?? { ...initialHysteresis(), seenAt: at };
      if (!known) state.piles.set(key, pile);
      pile.seenAt = at;
      const times = { openMs: limit(context, 'seconds') * 1000, closeMs: 0, gapMs: GAP_MS };
      if (takeLook(pile, levelOf(count, least, least / 2), at, times) === 'closed') {
        state.piles.delete(key);
        outputs.push({ type: 'close', key, endedAt: at });
      } else if (pile.open && !(Math.abs(count - (pile.count ?? 0)) < 0.25 * (pile.count ?? 0))) {
        pile.count = count;
        outputs.push({ type: 'event', key, draft: draftOf(group, count, pile, words(), looked, context) });
      }
    };
    // Containers that share a network show each other's: those of few sockets are nobody's before their owner is looked for.
    const mayBeOthers = ({ ownerPid }: SocketGroup) =>
      context.facts?.container === true && ownerPid === undefined;
    const together = new Map<string, { count: number; waiting: number; group: SocketGroup }>();
    for (const group of groups) {
      const { kind, state: tcp, count, port } = group;
      if (kind === 'address') {
        const key = `${endpointWords(group)}`;
        const known = together.get(key) ?? { count: 0, waiting: 0, group };
        known.count += count;
        if (tcp === 'time-wait') known.waiting += count;
        together.set(key, known);
        if (tcp === 'syn-sent' && !mayBeOthers(group))
          take(`unanswered ${key}`, count, limit(context, 'unanswered'), group, () =>
            unanswered(group, looked),
          );
      } else if (kind === 'inbound' && tcp === 'syn-received' && !mayBeOthers(group))
        take(`half-open ${port}`, count, limit(context, 'halfOpen'), group, () => halfOpen(group));
    }
    for (const [key, { count, waiting, group }] of together)
      take(`ports ${key}`, count, limit(context, 'ports'), group, () => portsUsed(key, count, waiting));
    outputs.push(
      ...closeGone(
        state.piles,
        (pile) => pile.seenAt === at,
        (pile) => pile.open,
        at,
      ),
    );
    return outputs;
  },
};

function unanswered(group: SocketGroup, { sample }: SocketLook): Words {
  const where = endpointWords(group);
  const who = rowOf(sample, group.ownerPid) ? ownerWords(group, sample) : 'This host';
  return {
    kind: 'connections.unanswered',
    severity: 'warning',
    title: `${where} does not answer: ${countWords(group.count)} connections to it are begun and not made`,
    verdict: `${who} waits for ${countWords(group.count)} connections to ${where}, where nothing answers: the host there is down or overloaded, or something between drops what is sent`,
  };
}

const halfOpen = ({ port, count }: SocketGroup): Words => ({
  kind: 'kernel.limit',
  severity: 'warning',
  title: `${countWords(count)} connections to port ${port} are half open`,
  verdict: `${countWords(count)} connections to port ${port} were begun and not gone on with: a flood of SYN packets, or answers that do not reach their callers`,
});

const portsUsed = (where: string, count: number, waiting: number): Words => ({
  kind: 'kernel.limit',
  severity: 'critical',
  title: `Nearly all local ports are used up by ${countWords(count)} connections to ${where}`,
  verdict: `${countWords(count)} connections to ${where} hold a local port each, ${countWords(waiting)} of them closed and in TIME_WAIT; a host has 28,232 for one address unless it is told otherwise, and then can open no other. Connections that are kept open and used again need none`,
});

function draftOf(
  group: SocketGroup,
  count: number,
  pile: Pile,
  words: Words,
  { sample, at }: SocketLook,
  context: DetectorContext,
): EventDraft {
  const row = rowOf(sample, group.ownerPid);
  const since = pile.heldSince ?? at;
  return {
    ...words,
    at: since,
    hostAt: since + (context.facts?.clockOffsetMs ?? 0),
    detail: {
      ...(row ? processDetail(row, sample.bootId) : {}),
      port: group.port,
      ...(group.address === undefined ? {} : { address: group.address }),
      count,
    },
    evidence: row ? [processEvidence(row, sample.bootId, 'owns them')] : [],
    actions: [],
    momentary: false,
  };
}
