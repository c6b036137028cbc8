import { visibleText } from '../../../shared/model/hostText.ts';
import type { SocketGroup } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { DetectorInput } from './detector.ts';
import { processWords, rowOf } from './words.ts';

export interface SocketLook {
  sample: Sample;
  at: number;
  groups: readonly SocketGroup[];
  /** Of the group at this place: made when it is first asked for. */
  keyOf: (n: number) => string;
}

/**
 * The groups of sockets of a new look at them. Those that no process of this host owns are left out: containers that share
 * a network show each other's.
 */
export function socketLook(input: DetectorInput): SocketLook | undefined {
  if (input.type !== 'sample') return undefined;
  const { sample } = input;
  const at = sample.lookedAt?.sockets;
  if (at === undefined || !sample.sockets) return undefined;
  if (latest?.sample !== sample) {
    const groups = sample.sockets.filter((group) => group.ownerPid !== 0);
    const keys: string[] = [];
    const keyOf = (n: number) => {
      const group = groups[n];
      const key = keys[n] ?? (group ? groupKey(group) : '');
      keys[n] = key;
      return key;
    };
    latest = { sample, at, groups, keyOf };
  }
  return latest;
}

/** Several detectors look at the same sample one after another. */
let latest: SocketLook | undefined;

function groupKey(group: SocketGroup): string {
  return `${group.kind} ${group.state} ${group.port}${group.address === undefined ? '' : ` ${group.address}`}`;
}

/** `port 9243`, `10.0.0.7:9243`, `its port 8080`. */
export function endpointWords(group: SocketGroup): string {
  if (group.kind === 'listener' || group.kind === 'inbound') return `its port ${group.port}`;
  const address = group.address === undefined ? undefined : visibleText(group.address, 60);
  if (address === undefined) return `port ${group.port}`;
  return address.includes(':') ? `[${address}]:${group.port}` : `${address}:${group.port}`;
}

export function ownerWords(group: SocketGroup, sample: Sample): string {
  const row = rowOf(sample, group.ownerPid);
  return row ? processWords(row) : 'a process that we may not see';
}

/** An owner is looked for once a group is large, which takes up to half a minute; without the right to look, for ever. */
export function ownerIsKnownOrWaitedFor(group: SocketGroup, largeSince: number, now: number): boolean {
  return group.ownerPid !== undefined || now - largeSince >= 60_000;
}

/** The addresses behind an outbound port, with their counts, the largest first. */
export function addressesOf(groups: readonly SocketGroup[], group: SocketGroup): [string, number][] {
  return groups
    .filter((one) => one.kind === 'address' && one.port === group.port && one.state === group.state)
    .sort((a, b) => b.count - a.count)
    .slice(0, 5)
    .map((one) => [one.address ?? '', one.count]);
}
