import type { SocketGroup } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { TestHost } from './testHost.ts';
import { looking, play } from './testPlay.ts';

export function playSockets(
  host: TestHost,
  count: number,
  look: (second: number) => SocketGroup[],
  over: Partial<Sample> = {},
) {
  const looked = looking(10, look);
  play(host, count, (second, at) => {
    const { value, lookedAt } = looked(second, at);
    return { sockets: value, lookedAt: { sockets: lookedAt }, ...over };
  });
}

export const NO_QUEUE = { sum: 0, largest: 0, notEmpty: 0 };
export function group(over: Partial<SocketGroup>): SocketGroup {
  return {
    kind: 'outbound',
    state: 'established',
    port: 9243,
    count: 1,
    receiveQueue: NO_QUEUE,
    sendQueue: NO_QUEUE,
    ...over,
  };
}

export function withNode(): TestHost {
  const host = new TestHost({});
  host.add({ pid: 18, name: 'node', command: 'node exporter.js' }, false);
  return host;
}
