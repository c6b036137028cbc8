import { visibleText } from '../../../shared/model/hostText.ts';
import type { SocketGroup, TcpState } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { DetectorInput } from './detector.ts';
import { processWords, rowOf } from './words.ts';

export interface SocketLook {
  sample: Sample;
  at: number;
  groups: readonly SocketGroup[];
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
    latest = { sample, at, groups: sample.sockets.filter(isOwn) };
  }
  return latest;
}

const isOwn = ({ ownerPid }: SocketGroup) => ownerPid !== 0;

/** Several detectors look at the same sample one after another. */
let latest: SocketLook | undefined;

/**
 * What an inbound or outbound group is known by from look to look: port, state and direction in one number, since hosts
 * have hundreds of groups.
 */
export function groupKey({ port, state, kind }: SocketGroup): number {
  return (port * 16 + STATES.indexOf(state)) * 2 + (kind === 'outbound' ? 1 : 0);
}

const STATES: readonly TcpState[] = [
  'established',
  'close-wait',
  'fin-wait-1',
  'fin-wait-2',
  'last-ack',
  'closing',
  'close',
  'syn-sent',
  'syn-received',
  'time-wait',
  'listen',
];

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
