import type { FileSystem } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { DetectorInput } from './detector.ts';

/** The file systems that can fill, of a new look at them. */
export function fillableFileSystems(
  input: DetectorInput,
): { sample: Sample; fileSystems: FileSystem[] } | undefined {
  if (input.type !== 'sample') return undefined;
  const { sample } = input;
  if (!sample.fileSystems) return undefined;
  // One that takes no writes is as full as it will ever be; a few megabytes are somebody's mailbox, not a disk.
  const fileSystems = sample.fileSystems.filter((one) => !one.readOnly && one.sizeBytes >= 8 << 20);
  return { sample, fileSystems };
}
