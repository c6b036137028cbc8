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
  const judged = oneOfEachPool(fillable);
  const outputs: DetectorOutput[] = [];
  if (mounts.size > 0) {
    const mounted = new Set(judged.map((one) => one.mount));
    outputs.push(...closeGone(mounts, (_, mount) => mounted.has(mount), isTold, sample.at));
  }
  for (const one of judged) judge(one, sample, outputs);
  return outputs;
}

/**
 * Data sets of a ZFS pool share what it has left, unless they have a quota: of those that do, the one that holds most. A
 * pool that is full would be told of as often as it has data sets.
 */
function oneOfEachPool(fileSystems: readonly FileSystem[]): readonly FileSystem[] {
  const isPooled = (one: FileSystem) => one.type === 'zfs';
  if (!fileSystems.some(isPooled)) return fileSystems;
  const keyOf = ({ device, availableBytes }: FileSystem) => `${device.split('/')[0]} ${availableBytes}`;
  const largest = new Map<string, FileSystem>();
  for (const one of fileSystems.filter(isPooled)) {
    const known = largest.get(keyOf(one));
    if (!known || one.usedBytes > known.usedBytes) largest.set(keyOf(one), one);
  }
  return fileSystems.filter((one) => !isPooled(one) || largest.get(keyOf(one)) === one);
}
