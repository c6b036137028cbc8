import { visibleText } from '../../../shared/model/hostText.ts';
import type { Detector, DetectorOutput } from './detector.ts';
import { newFileSystems } from './fileSystemLooks.ts';
import { type Hysteresis, initialHysteresis, takeLook } from './hysteresis.ts';
import { bytesWords, countWords, limit, percent } from './words.ts';

interface State {
  lookedAt: number;
  mounts: Map<string, Hysteresis & { severity?: string }>;
}

/** A file system that can hold no more files, though it may have room: `No space left on device` with space left. */
export const inodesFull: Detector<State> = {
  name: 'inodesFull',
  takes: ['sample'],
  thresholds: { openShare: 0.95, criticalShare: 0.99, closeShare: 0.92 },
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
      if (fs.inodes === undefined || fs.inodesFree === undefined || fs.inodes <= 0) continue;
      const share = 1 - fs.inodesFree / fs.inodes;
      const known = state.mounts.get(fs.mount);
      if (!known && share < limit(context, 'openShare')) continue;
      const one: Hysteresis & { severity?: string } = known ?? initialHysteresis();
      if (!known) state.mounts.set(fs.mount, one);
      const look =
        share >= limit(context, 'openShare')
          ? 'holds'
          : share < limit(context, 'closeShare')
            ? 'clear'
            : 'between';
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
          kind: 'inodes.full',
          severity,
          at: sample.at,
          hostAt: sample.hostAt,
          title: `${mount} can hold only ${countWords(fs.inodesFree)} more files (${percent(share)} of its inodes used)`,
          verdict: `The file system at ${mount} (${fs.type}) has used ${percent(share)} of its ${countWords(fs.inodes)} inodes: ${countWords(fs.inodesFree)} more files can be made, though ${bytesWords(fs.availableBytes)} are free`,
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
