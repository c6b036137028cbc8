import { visibleText } from '../../../shared/model/hostText.ts';
import type { Detector, DetectorOutput } from './detector.ts';
import { newFileSystems } from './fileSystemLooks.ts';
import { type Hysteresis, initialHysteresis, takeLook } from './hysteresis.ts';
import { bytesWords, limit, percent } from './words.ts';

interface State {
  lookedAt: number;
  mounts: Map<string, Hysteresis & { severity?: string }>;
}

/** A file system with next to nothing left to write to. On a very large one a few per cent are plenty: `enoughGiB`. */
export const diskFull: Detector<State> = {
  name: 'diskFull',
  takes: ['sample'],
  thresholds: { openShare: 0.95, criticalShare: 0.99, closeShare: 0.92, enoughGiB: 20 },
  initial: () => ({ lookedAt: 0, mounts: new Map() }),
  reduce(state, input, context) {
    const looked = newFileSystems(state, input);
    if (!looked) return [];
    const { sample, fileSystems } = looked;
    const outputs: DetectorOutput[] = [];
    for (const [mount, one] of state.mounts) {
      if (fileSystems.some((fs) => fs.mount === mount)) continue;
      state.mounts.delete(mount);
      if (one.open) outputs.push({ type: 'close', key: mount, endedAt: sample.at });
    }
    for (const fs of fileSystems) {
      const usable = fs.usedBytes + fs.availableBytes;
      if (usable <= 0) continue;
      // As df counts: what only root may use is not free.
      const share = fs.usedBytes / usable;
      const enough = fs.availableBytes > limit(context, 'enoughGiB') * 2 ** 30;
      const known = state.mounts.get(fs.mount);
      if (!known && (share < limit(context, 'openShare') || enough)) continue;
      const one: Hysteresis & { severity?: string } = known ?? initialHysteresis();
      if (!known) state.mounts.set(fs.mount, one);
      const clear =
        share < limit(context, 'closeShare') ||
        fs.availableBytes > limit(context, 'enoughGiB') * 1.2 * 2 ** 30;
      const look = share >= limit(context, 'openShare') && !enough ? 'holds' : clear ? 'clear' : 'between';
      if (takeLook(one, look, sample.at, { openMs: 0, closeMs: 15_000 }) === 'closed') {
        outputs.push({ type: 'close', key: fs.mount, endedAt: sample.at });
        state.mounts.delete(fs.mount);
        continue;
      }
      const critical = share >= limit(context, 'criticalShare') || one.severity === 'critical';
      const severity = critical ? 'critical' : 'warning';
      if (!one.open || one.severity === severity) continue;
      one.severity = severity;
      const mount = visibleText(fs.mount, 80);
      outputs.push({
        type: 'event',
        key: fs.mount,
        draft: {
          kind: 'disk.full',
          severity,
          at: sample.at,
          hostAt: sample.hostAt,
          title: `${mount} is ${percent(share)} full: ${bytesWords(fs.availableBytes)} left`,
          verdict: `The file system at ${mount} (${visibleText(fs.device, 60)}, ${fs.type}) is ${percent(share)} full: ${bytesWords(fs.availableBytes)} of ${bytesWords(fs.sizeBytes)} can still be written by others than root`,
          detail: { ...fs, share },
          evidence: [],
          actions: [],
          momentary: false,
        },
      });
    }
    return outputs;
  },
};
