import { visibleText } from '../../../shared/model/hostText.ts';
import type { Detector } from './detector.ts';
import { kernelLine, sharedKernelWords } from './toldLine.ts';

/** A file system that stopped taking writes by itself, by the words of each kind; the group is the device. */
const STOPPED = [
  /^EXT[234]-fs \(([^\s()]{1,64})\): Remounting filesystem read-only/,
  /^EXT[234]-fs error \(device ([^\s()]{1,64})\): .*\bremount.{0,20}read-only/,
  /^XFS \(([^\s()]{1,64})\): .*(?:Filesystem has been shut down|Shutting down filesystem|Log I\/O Error Detected|Corruption of in-memory data)/,
  /^BTRFS:?(?: \w{1,12})? \(device ([^\s:()]{1,64})(?:[: ]+state \w{1,12})?\).*forced readonly/,
  /^F2FS-fs \(([^\s()]{1,64})\): .*(?:Remounting filesystem read-only|Stopped filesystem)/,
];
/** Mounted again for writing. */
const BACK =
  /^(?:EXT[234]-fs|XFS|F2FS-fs) \(([^\s()]{1,64})\): (?:re-mounted\b.{0,60}\br\/w\b|mounted filesystem\b.{0,60}\br\/w\b|Ending clean mount|Mounting V\d)/;

/**
 * A file system that the kernel made read-only, because it no longer trusts the disk. One that a person remounts read-only
 * is `re-mounted … ro`, and is not this.
 */
export const filesystemReadonly: Detector<{ open: Set<string> }> = {
  name: 'filesystemReadonly',
  thresholds: {},
  initial: () => ({ open: new Set() }),
  reduce(state, input, context) {
    const line = kernelLine(input, context);
    if (!line) return [];
    const back = BACK.exec(line.text)?.[1];
    if (back !== undefined && state.open.delete(back))
      return [{ type: 'close', key: back, endedAt: line.at }];
    const device = STOPPED.map((pattern) => pattern.exec(line.text)?.[1]).find((one) => one !== undefined);
    // Told once until it is back: the same words come again and again.
    if (device === undefined || state.open.has(device) || state.open.size >= 200) return [];
    state.open.add(device);
    return [
      {
        type: 'event',
        key: device,
        draft: {
          kind: 'filesystem.readonly',
          severity: 'critical',
          at: line.at,
          ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt }),
          title: `The file system on ${visibleText(device, 64)} takes no more writes: the kernel met an error${sharedKernelWords(context)}`,
          detail: { device: device, past: line.past },
          evidence: [line.evidence],
          actions: [],
          momentary: false,
        },
      },
    ];
  },
};
