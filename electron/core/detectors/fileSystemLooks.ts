import type { FileSystem } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { closeGone } from './closeGone.ts';
import { type DetectorInput, type DetectorOutput, NOTHING } from './detector.ts';

/** Judges each of the file systems that can fill, and ends what is followed of those that are no longer mounted. */
export function lookAtFileSystems<Followed>(
  input: DetectorInput,
  mounts: Map<string, Followed>,
  isTold: (one: Followed) => boolean,
  judge: (fileSystem: FileSystem, sample: Sample, outputs: DetectorOutput[]) => void,
): readonly DetectorOutput[] {
  if (input.type !== 'sample' || !input.sample.fileSystems) return NOTHING;
  const { sample } = input;
  // One that takes no writes is as full as it will ever be; a few megabytes are somebody's mailbox, not a disk.
  const fillable = input.sample.fileSystems.filter((one) => !one.readOnly && one.sizeBytes >= 8 << 20);
  const outputs: DetectorOutput[] = [];
  if (mounts.size > 0) {
    const mounted = new Set(fillable.map((one) => one.mount));
    outputs.push(...closeGone(mounts, (_, mount) => mounted.has(mount), isTold, sample.at));
  }
  for (const one of fillable) judge(one, sample, outputs);
  return outputs;
}
