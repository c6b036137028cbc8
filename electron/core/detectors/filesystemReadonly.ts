import { visibleText } from '../../../shared/model/hostText.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { type Detector, type DetectorOutput, NOTHING } from './detector.ts';
import { spokenAge } from './respawnRole.ts';
import { kernelLine, sharedKernelWords } from './toldLine.ts';

/** A file system that stopped taking writes by itself, by the words of each kind; the group is the device. */
const STOPPED = [
  /^EXT[234]-fs \(([^\s()]{1,64})\): Remounting filesystem read-only/,
  /^EXT[234]-fs error \(device ([^\s()]{1,64})\): .*\bremount.{0,20}read-only/,
  /^XFS \(([^\s()]{1,64})\): .*(?:Filesystem has been shut down|Shutting down filesystem|Log I\/O Error Detected|Corruption of in-memory data)/,
  /^BTRFS:?(?: \w{1,12})? \(device ([^\s:()]{1,64})(?:[: ]+state \w{1,12})?\).*forced readonly/,
  /^F2FS-fs \(([^\s()]{1,64})\): .*(?:Remounting filesystem read-only|Stopped filesystem)/,
  // XFS before 2.6.39.
  /^Filesystem "([^\s"]{1,64})": .*Shutting down filesystem/,
  /^FAT-fs \(([^\s()]{1,64})\): Filesystem has been set read-only/,
  /^ERROR: \(device ([^\s()]{1,64})\): remounting filesystem as read-only/,
  /^UBIFS error \((ubi[^\s():]{1,32})[^()]{0,60}\): .*switched to read-only mode/,
  /^bcachefs \(([^\s():]{1,64})[^()]{0,64}\): .*emergency read.only/,
  /^WARNING: Pool '([^\s']{1,64})' has encountered an uncorrectable I\/O failure and has been suspended/,
];
/** Mounted again for writing. */
const BACK =
  /^(?:EXT[234]-fs|XFS|F2FS-fs) \(([^\s()]{1,64})\): (?:re-mounted\b.{0,60}\br\/w\b|mounted filesystem\b.{0,60}\br\/w\b|Ending clean mount|Mounting V\d)/;

interface State {
  /** By device, as the kernel's words name it; true once its mount was seen read-only. */
  open: Map<string, boolean>;
  /** Mount points that were seen to take writes, and when they last were. */
  writable: Map<string, number>;
  /** Mount points that were told of because they no longer do. */
  turned: Set<string>;
}

/**
 * A file system that the kernel made read-only, because it no longer trusts the disk. One that a person remounts read-only
 * is `re-mounted … ro`, and is not this. Where the kernel's log may not be read, a mount that was writable and is no
 * longer says it too, whoever did it.
 */
export const filesystemReadonly: Detector<State> = {
  name: 'filesystemReadonly',
  takes: ['kernelLine', 'sample', 'reboot'],
  looksAt: 'fileSystems',
  thresholds: {},
  initial: () => ({ open: new Map(), writable: new Map(), turned: new Set() }),
  reduce(state, input, context) {
    if (input.type === 'sample') return takeMounts(state, input.sample);
    if (input.type === 'reboot') return closeAll(state, context.now);
    const line = kernelLine(input, context);
    if (!line) return NOTHING;
    const back = BACK.exec(line.text)?.[1];
    if (back !== undefined && state.open.delete(back))
      return [{ type: 'close', key: back, endedAt: line.at }];
    const device = STOPPED.map((pattern) => pattern.exec(line.text)?.[1]).find((one) => one !== undefined);
    // Told once until it is back: the same words come again and again.
    if (device === undefined || state.open.has(device) || state.open.size >= 200) return NOTHING;
    state.open.set(device, false);
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

/** After a reboot all was mounted anew, and what is wrong still is said again. */
function closeAll(state: State, endedAt: number): DetectorOutput[] {
  const keys = [...state.open.keys(), ...[...state.turned].map((mount) => `mount ${mount}`)];
  state.open.clear();
  state.turned.clear();
  state.writable.clear();
  return keys.map((key) => ({ type: 'close', key, endedAt }));
}

function takeMounts(state: State, sample: Sample): readonly DetectorOutput[] {
  if (!sample.fileSystems) return NOTHING;
  const outputs: DetectorOutput[] = [];
  for (const { mount, device, type, readOnly } of sample.fileSystems) {
    const named = device.replace(/^.*\//, '');
    if (!readOnly) {
      // Not every kernel says that it was mounted for writing again.
      if (state.open.get(named) === true && state.open.delete(named))
        outputs.push({ type: 'close', key: named, endedAt: sample.at });
      if (state.writable.size < 200 || state.writable.has(mount)) state.writable.set(mount, sample.at);
      if (state.turned.delete(mount))
        outputs.push({ type: 'close', key: `mount ${mount}`, endedAt: sample.at });
      continue;
    }
    // The kernel's own words say more, and were told.
    const said = state.open.has(named);
    if (said) state.open.set(named, true);
    const writableAt = state.writable.get(mount);
    state.writable.delete(mount);
    if (writableAt === undefined || said) continue;
    state.turned.add(mount);
    const shown = visibleText(mount, 80);
    outputs.push({
      type: 'event',
      key: `mount ${mount}`,
      draft: {
        kind: 'filesystem.readonly',
        severity: 'warning',
        at: sample.at,
        hostAt: sample.hostAt,
        title: `${shown} takes no more writes: it was mounted read-only`,
        verdict: `The file system at ${shown} (${visibleText(device, 60)}, ${type}) took writes ${spokenAge(sample.at - writableAt)} before and is now mounted read-only: a person did that, or the kernel after an error on its disk, whose log we do not see`,
        detail: { mount, device, type },
        evidence: [],
        actions: [],
        momentary: false,
      },
    });
  }
  return outputs;
}
