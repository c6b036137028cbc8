import { type Disposable, DisposableStore } from '../../../../shared/base/disposable.ts';
import type { DataChannel } from './dataChannel.ts';

/** Gives a channel no more than it can take soon: what waits here can still be thrown away by Ctrl-C. */
export interface ChannelWriter extends Disposable {
  write(data: Uint8Array): void;
  /** Throws away what waits, and sends this. */
  interrupt(data: Uint8Array): void;
}

/** A quarter of a second at the official pace of 0.6 MB/s. */
const IN_FLIGHT = 128 * 1024;
const PIECE = 16 * 1024;

export function createWriter(
  channel: Pick<DataChannel, 'write' | 'waitingBytes' | 'onProgress'>,
): ChannelWriter {
  const owned = new DisposableStore();
  let waiting: Uint8Array[] = [];
  function flow(): void {
    while (waiting.length > 0 && channel.waitingBytes < IN_FLIGHT) {
      const next = waiting.shift();
      if (next) channel.write(next);
    }
  }
  owned.add(channel.onProgress(flow));
  return {
    write(data) {
      for (let at = 0; at < data.length; at += PIECE)
        waiting.push(Uint8Array.from(data.subarray(at, at + PIECE)));
      flow();
    },
    interrupt(data) {
      waiting = [];
      channel.write(data);
    },
    dispose: () => owned.dispose(),
  };
}
