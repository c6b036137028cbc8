import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { type Hysteresis, initialHysteresis, levelOf, takeLook } from './hysteresis.ts';
import { movedGlance, openShare } from './movedGlance.ts';
import {
  countWords,
  limit,
  movedRows,
  percent,
  processDetail,
  processEvidence,
  processWords,
  rowOf,
} from './words.ts';

interface State {
  lookedAt: number;
  open: Map<string, Hysteresis & { severity?: string; seenAt: number; pid: number }>;
}

const LOOK_MS = 5000;

/** A process that has almost as many open files as it may have: the next `accept` or `open` fails. */
export const fdNearLimit: Detector<State> = {
  name: 'fdNearLimit',
  takes: ['sample'],
  thresholds: { openShare: 0.85, criticalShare: 0.95, closeShare: 0.75 },
  initial: () => ({ lookedAt: 0, open: new Map() }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const due = sample.at - state.lookedAt >= LOOK_MS;
    if (due) state.lookedAt = sample.at;
    const outputs: DetectorOutput[] = [];
    const least = limit(context, 'openShare');
    // A row whose count changed has moved; those that are told of are looked at in any case, now and then.
    if (state.open.size > 0 || movedGlance(sample).openShare >= least)
      for (const row of movedRows(sample)) {
        const share = openShare(row);
        if (row.openFiles !== undefined && (share >= least || state.open.size > 0))
          judge(state, row, row.openFiles, share, sample, context, outputs);
      }
    if (!due) return outputs;
    for (const [key, one] of state.open) {
      if (one.seenAt === sample.at) continue;
      const row = rowOf(sample, one.pid);
      if (!row || `${row.pid}:${row.startTicks}` !== key) {
        state.open.delete(key);
        if (one.open) outputs.push({ type: 'close', key, endedAt: sample.at });
      }
      // A sampler that was started anew has not counted them all yet: nothing is known of them.
      else if (row.openFiles !== undefined)
        judge(state, row, row.openFiles, openShare(row), sample, context, outputs);
    }
    return outputs;
  },
};

function judge(
  state: State,
  row: ProcessRow,
  openFiles: number,
  share: number,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { openFilesLimit } = row;
  const key = `${row.pid}:${row.startTicks}`;
  const known = state.open.get(key);
  if (!known && share < limit(context, 'openShare')) return;
  const one = known ?? { ...initialHysteresis(), seenAt: sample.at, pid: row.pid };
  if (!known && state.open.size < 200) state.open.set(key, one);
  one.seenAt = sample.at;
  const look = levelOf(share, limit(context, 'openShare'), limit(context, 'closeShare'));
  const change = takeLook(one, look, sample.at, { openMs: 0, closeMs: 30_000 });
  if (change === 'closed') {
    outputs.push({ type: 'close', key, endedAt: sample.at });
    state.open.delete(key);
    return;
  }
  const severity =
    share >= limit(context, 'criticalShare') || one.severity === 'critical' ? 'critical' : 'warning';
  if (!one.open || one.severity === severity) return;
  one.severity = severity;
  outputs.push({
    type: 'event',
    key,
    draft: {
      kind: 'fd.near_limit',
      severity,
      at: sample.at,
      hostAt: sample.hostAt,
      title: `${processWords(row)} has ${countWords(openFiles)} of at most ${countWords(openFilesLimit ?? 0)} files open`,
      verdict: `${processWords(row)} has ${countWords(openFiles)} files open, ${percent(share)} of the ${countWords(openFilesLimit ?? 0)} that it may have; at the limit it can open no file and take no connection ("Too many open files")`,
      detail: { ...processDetail(row, sample.bootId), openFiles, limit: openFilesLimit ?? 0, share },
      evidence: [processEvidence(row, sample.bootId)],
      actions: [],
      momentary: false,
    },
  });
}
