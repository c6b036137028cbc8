import type { FileSystem } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { DetectorInput } from './detector.ts';

/** The file systems that can fill, when they were looked at anew; undefined between looks. */
export function newFileSystems(
  state: { lookedAt: number },
  input: DetectorInput,
): { sample: Sample; fileSystems: FileSystem[] } | undefined {
  if (input.type !== 'sample') return undefined;
  const { sample } = input;
  const at = sample.lookedAt?.fileSystems;
  if (at === undefined || at === state.lookedAt || !sample.fileSystems) return undefined;
  state.lookedAt = at;
  // One that takes no writes is as full as it will ever be; a few megabytes are somebody's mailbox, not a disk.
  const fileSystems = sample.fileSystems.filter((one) => !one.readOnly && one.sizeBytes >= 8 << 20);
  return { sample, fileSystems };
}
