import type { HostId } from '../../../shared/model/host.ts';
import type { FileSystem } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventKind, SuggestedAction } from '../../../shared/model/timelineEvent.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type EventDraft,
  NOTHING,
} from './detector.ts';
import { closeUnmounted, fileSystemLook } from './fileSystemLooks.ts';
import { type Hysteresis, initialHysteresis, takeLook } from './hysteresis.ts';
import { limit } from './words.ts';

interface Told extends Hysteresis {
  severity?: 'critical' | 'warning';
}

interface State {
  mounts: Map<string, Told>;
}

export interface FileSystemFullSpec {
  name: string;
  kind: EventKind;
  thresholds: Readonly<Record<string, number>> & {
    openShare: number;
    criticalShare: number;
    closeShare: number;
  };
  /** How much of it is used, 0 to 1; undefined where it has no such bound. */
  share: (fs: FileSystem) => number | undefined;
  /** What is left, in multiples of what is plenty whatever its share. */
  plenty?: (fs: FileSystem, context: DetectorContext) => number;
  describe: (fs: FileSystem, share: number) => Pick<EventDraft, 'title' | 'verdict'>;
  actions?: (fs: FileSystem, sample: Sample, host: HostId) => SuggestedAction[];
}

/** Where df is asked, a look comes once a minute. */
const GAP_MS = 150_000;

/** A detector of file systems with next to nothing left. One file system is one event, and once critical stays so. */
export function fileSystemFull(spec: FileSystemFullSpec): Detector<State> {
  return {
    name: spec.name,
    takes: ['sample'],
    looksAt: 'fileSystems',
    thresholds: spec.thresholds,
    initial: () => ({ mounts: new Map() }),
    reduce(state, input, context) {
      const looked = fileSystemLook(input);
      if (!looked) return NOTHING;
      const outputs = closeUnmounted(state.mounts, isTold, looked);
      for (const fs of looked.fileSystems) judge(spec, state, fs, looked.sample, context, outputs);
      return outputs;
    },
  };
}

const isTold = ({ open }: Told) => open;

function judge(
  spec: FileSystemFullSpec,
  state: State,
  fs: FileSystem,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const share = spec.share(fs);
  if (share === undefined) return;
  const plenty = spec.plenty?.(fs, context) ?? 0;
  const holds = share >= limit(context, 'openShare') && !(plenty > 1);
  const known = state.mounts.get(fs.mount);
  if (!known && !holds) return;
  const one: Told = known ?? initialHysteresis();
  if (!known) state.mounts.set(fs.mount, one);
  const clear = share < limit(context, 'closeShare') || plenty > 1.2;
  const look = holds ? 'holds' : clear ? 'clear' : 'between';
  if (takeLook(one, look, sample.at, { openMs: 0, closeMs: 15_000, gapMs: GAP_MS }) === 'closed') {
    outputs.push({ type: 'close', key: fs.mount, endedAt: sample.at });
    state.mounts.delete(fs.mount);
    return;
  }
  const critical = share >= limit(context, 'criticalShare') || one.severity === 'critical';
  const severity = critical ? 'critical' : 'warning';
  if (!one.open || one.severity === severity) return;
  one.severity = severity;
  outputs.push({
    type: 'event',
    key: fs.mount,
    draft: {
      kind: spec.kind,
      severity,
      at: sample.at,
      hostAt: sample.hostAt,
      ...spec.describe(fs, share),
      detail: { ...fs, share },
      evidence: [],
      actions: spec.actions?.(fs, sample, context.host) ?? [],
      momentary: false,
    },
  });
}
