import { visibleText } from '../../../shared/model/hostText.ts';
import { closeGone } from './closeGone.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type HostFigures,
  NOTHING,
} from './detector.ts';
import { type Hysteresis, initialHysteresis, takeLook } from './hysteresis.ts';
import { bytesWords, limit, percent } from './words.ts';

interface State {
  found: Map<string, Hysteresis>;
}

interface Aspect {
  name: 'cpu' | 'memory' | 'network';
  label: string;
  /** Differences below this are nobody's trouble. */
  least: number;
  words: (value: number) => string;
}

const ASPECTS: readonly Aspect[] = [
  { name: 'cpu', label: 'CPU', least: 0.25, words: (share) => `${percent(share)} busy` },
  { name: 'memory', label: 'memory', least: 0.25, words: (share) => `${percent(share)} used` },
  { name: 'network', label: 'traffic', least: 256 * 1024, words: (rate) => `${bytesWords(rate)}/s` },
];

/**
 * One host among those of its tag that differs from them, each of which is much like the others: in CPU, memory, traffic,
 * or in the version of its kernel. The comparison is with the median; how far the others are apart says what is far.
 */
export const hostOutlier: Detector<State> = {
  name: 'hostOutlier',
  takes: ['peers'],
  thresholds: { minimumPeers: 3, times: 2, spreads: 5, seconds: 60 },
  initial: () => ({ found: new Map() }),
  reduce(state, input, context) {
    if (input.type !== 'peers') return NOTHING;
    const outputs: DetectorOutput[] = [];
    const seen = new Set<string>();
    for (const { tag, others } of input.tags) {
      if (others.length < limit(context, 'minimumPeers')) continue;
      for (const aspect of ASPECTS) {
        const key = `${tag} ${aspect.name}`;
        seen.add(key);
        judge(state, key, tag, aspect, input.own, others, context, outputs);
      }
      const key = `${tag} kernel`;
      seen.add(key);
      judgeKernel(state, key, tag, input.own, others, context, outputs);
    }
    outputs.push(
      ...closeGone(
        state.found,
        (_, key) => seen.has(key),
        (one) => one.open,
        context.now,
      ),
    );
    return outputs;
  },
};

/** Hosts are compared every ten seconds. */
const GAP_MS = 35_000;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function judge(
  state: State,
  key: string,
  tag: string,
  aspect: Aspect,
  own: HostFigures,
  others: readonly HostFigures[],
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const values = others.map((one) => one[aspect.name]);
  const middle = median(values);
  const spread = median(values.map((value) => Math.abs(value - middle)));
  const value = own[aspect.name];
  const distance = Math.abs(value - middle);
  const [larger, smaller] = value > middle ? [value, middle] : [middle, value];
  // The largest of the others is as far: then it is not this one alone.
  const alone = values.every((other) => Math.abs(other - middle) < distance / 2);
  const far = (factor: number) =>
    distance >= aspect.least * factor &&
    distance >= limit(context, 'spreads') * spread * factor &&
    larger >= smaller * (1 + (limit(context, 'times') - 1) * factor);
  const look = far(1) && alone ? 'holds' : far(0.6) ? 'between' : 'clear';
  const known = state.found.get(key);
  if (!known && look !== 'holds') return;
  const one = known ?? initialHysteresis();
  state.found.set(key, one);
  const change = takeLook(one, look, context.now, {
    openMs: limit(context, 'seconds') * 1000,
    closeMs: 60_000,
    gapMs: GAP_MS,
  });
  if (change === 'closed') outputs.push({ type: 'close', key, endedAt: one.clearSince ?? context.now });
  if (!one.open && look !== 'holds') state.found.delete(key);
  if (change !== 'opened') return;
  const group = `${others.length} other ${visibleText(tag, 40)} hosts`;
  const compared =
    smaller > larger / 100
      ? `${(larger / smaller).toFixed(1)}× ${value > middle ? 'the' : 'below the'} median of ${group}`
      : `while the median of ${group} is ${value > middle ? 'next to nothing' : aspect.words(middle)}`;
  outputs.push({
    type: 'event',
    key,
    draft: {
      kind: 'host.outlier',
      severity: 'warning',
      at: one.heldSince ?? context.now,
      hostAt: context.now + (context.facts?.clockOffsetMs ?? 0),
      title: `${aspect.label}: ${aspect.words(value)}, ${compared}`,
      verdict: `This host’s ${aspect.label} is ${aspect.words(value)}, ${compared} (${aspect.words(middle)}), none of which is half as far from it`,
      detail: { tag, aspect: aspect.name, value, median: middle, spread, peers: others.length },
      evidence: [
        {
          type: 'samples',
          metric:
            aspect.name === 'cpu'
              ? 'system.cpu.utilization.user'
              : aspect.name === 'memory'
                ? 'system.memory.usage.used'
                : 'system.network.io.receive',
          from: context.now - 5 * 60_000,
          to: context.now,
        },
      ],
      actions: [],
      momentary: false,
    },
  });
}

function judgeKernel(
  state: State,
  key: string,
  tag: string,
  own: HostFigures,
  others: readonly HostFigures[],
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const first = others[0]?.kernel;
  const differs =
    own.kernel !== '' &&
    first !== undefined &&
    first !== '' &&
    first !== own.kernel &&
    others.every((one) => one.kernel === first);
  const known = state.found.get(key);
  if (!known && !differs) return;
  const one = known ?? initialHysteresis();
  state.found.set(key, one);
  const change = takeLook(one, differs ? 'holds' : 'clear', context.now, {
    openMs: limit(context, 'seconds') * 1000,
    closeMs: 0,
    gapMs: GAP_MS,
  });
  if (change === 'closed') outputs.push({ type: 'close', key, endedAt: context.now });
  if (!differs && !one.open) state.found.delete(key);
  if (change !== 'opened') return;
  const words = `runs kernel ${visibleText(own.kernel, 60)}; its ${others.length} fellow ${visibleText(tag, 40)} hosts all run ${visibleText(first ?? '', 60)}`;
  outputs.push({
    type: 'event',
    key,
    draft: {
      kind: 'host.outlier',
      severity: 'info',
      at: context.now,
      hostAt: context.now + (context.facts?.clockOffsetMs ?? 0),
      title: `The host ${words}`,
      verdict: `This host alone ${words}`,
      detail: { tag, aspect: 'kernel', value: own.kernel, median: first ?? '', peers: others.length },
      evidence: [],
      actions: [],
      momentary: false,
    },
  });
}
