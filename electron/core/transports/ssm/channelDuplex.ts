import { Duplex } from 'node:stream';
import type { StartedSession } from './startSession.ts';

/** What may wait for the agent's acknowledgement before a writer is asked to wait. */
const HIGH_WATER = 1024 * 1024;

/** A session to a port, as a socket: for ssh, and for a forward that carries one connection. */
export function channelDuplex({ channel, terminate }: StartedSession): Duplex {
  let waiting: ((error?: Error | null) => void) | undefined;
  const duplex = new Duplex({
    read() {
      channel.resume();
    },
    write(data: Buffer, _encoding, done) {
      channel.write(data);
      if (channel.waitingBytes < HIGH_WATER) done();
      else waiting = done;
    },
    final(done) {
      done();
    },
    destroy(error, done) {
      channel.dispose();
      void terminate();
      done(error);
    },
  });
  channel.onProgress(() => {
    if (!waiting || channel.waitingBytes >= HIGH_WATER / 2) return;
    const done = waiting;
    waiting = undefined;
    done();
  });
  channel.onOutput((bytes) => {
    if (!duplex.push(Buffer.from(bytes))) channel.pause();
  });
  channel.onEnd((end) => {
    if (end.kind === 'ended' || end.kind === 'closed') duplex.push(null);
    else duplex.destroy(new Error(end.reason));
  });
  return duplex;
}
