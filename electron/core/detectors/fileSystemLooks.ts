import type { FileSystem } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { closeGone } from './closeGone.ts';
import type { DetectorInput, DetectorOutput } from './detector.ts';

export interface FileSystemLook {
  sample: Sample;
  /** Those that can fill. */
  fileSystems: readonly FileSystem[];
}

/** Undefined where none were looked at. */
export function fileSystemLook(input: DetectorInput): FileSystemLook | undefined {
  if (input.type !== 'sample' || !input.sample.fileSystems) return undefined;
  const { sample } = input;
  if (latest?.sample !== sample)
    latest = { sample, fileSystems: oneOfEachPool(input.sample.fileSystems.filter(canFill)) };
  return latest;
}

/** Several detectors look at the same sample one after another. */
let latest: FileSystemLook | undefined;

/** Ends what is followed of file systems that are no longer mounted. */
export function closeUnmounted<Followed>(
  mounts: Map<string, Followed>,
  isTold: (one: Followed) => boolean,
  { sample, fileSystems }: FileSystemLook,
): DetectorOutput[] {
  if (mounts.size === 0) return [];
  const mounted = new Set(fileSystems.map((one) => one.mount));
  return closeGone(mounts, (_, mount) => mounted.has(mount), isTold, sample.at);
}

/** One that takes no writes is as full as it will ever be; a few megabytes are somebody's mailbox, not a disk. */
const canFill = ({ readOnly, sizeBytes }: FileSystem) => !readOnly && sizeBytes >= 8 << 20;

const isPooled = ({ type }: FileSystem) => type === 'zfs';

/**
 * Data sets of a ZFS pool share what it has left, unless they have a quota: of those that do, the one that holds most. A
 * pool that is full would be told of as often as it has data sets.
 */
function oneOfEachPool(fileSystems: readonly FileSystem[]): readonly FileSystem[] {
  if (!fileSystems.some(isPooled)) return fileSystems;
  const keyOf = ({ device, availableBytes }: FileSystem) => `${device.split('/')[0]} ${availableBytes}`;
  const largest = new Map<string, FileSystem>();
  for (const one of fileSystems.filter(isPooled)) {
    const known = largest.get(keyOf(one));
    if (!known || one.usedBytes > known.usedBytes) largest.set(keyOf(one), one);
  }
  return fileSystems.filter((one) => !isPooled(one) || largest.get(keyOf(one)) === one);
}
