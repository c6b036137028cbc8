import type { WebSocket } from 'ws';
import type { Clock } from '../../shared/base/clock.ts';
import { DisposableStore } from '../../shared/base/disposable.ts';
import type { FrameChannel } from '../../shared/contract/wire.ts';

/** Terminals pause at far less (the core's watermarks); whoever is this far behind has stopped reading. */
const MAXIMUM_BEHIND_BYTES = 64 * 1024 * 1024;
/** A browser answers pings by itself, in background tabs too: two missed in a row mean that it is gone. */
const PING_EVERY_MS = 20_000;
const CLOSE_WITHIN_MS = 5_000;
/** RFC 6455: 4000–4999 are an application's own. */
export const CLOSED_TOO_FAR_BEHIND = 4001;

/** One window's WebSocket as the core sees it. `diagnostic` gets a line when a window is closed against its will. */
export function webSocketChannel(
  socket: WebSocket,
  options: { clock: Clock; diagnostic: (line: string) => void; maximumBehindBytes?: number },
): FrameChannel {
  const maximum = options.maximumBehindBytes ?? MAXIMUM_BEHIND_BYTES;
  const lifetime = new DisposableStore();
  let onFrame: (frame: string | Uint8Array) => void = () => {};
  const closeListeners: (() => void)[] = [];
  let closing = false;
  let unanswered = 0;

  function close(code: number, reason: string): void {
    if (closing) return;
    closing = true;
    socket.close(code, reason);
    // The closing frame queues behind everything unsent: a window that does not read would never see it.
    lifetime.add(options.clock.after(CLOSE_WITHIN_MS, () => socket.terminate()));
  }

  socket.on('message', (data, isBinary) => {
    if (closing) return;
    const bytes = Array.isArray(data)
      ? Buffer.concat(data)
      : Buffer.isBuffer(data)
        ? data
        : Buffer.from(data);
    onFrame(isBinary ? bytes : bytes.toString('utf8'));
  });
  socket.on('pong', () => {
    unanswered = 0;
  });
  // An error is always followed by close; without a listener it would end the process.
  socket.on('error', (error) => options.diagnostic(`window: ${error.message}`));
  socket.on('close', () => {
    closing = true;
    lifetime.dispose();
    for (const listener of closeListeners) listener();
  });
  lifetime.add(
    options.clock.every(PING_EVERY_MS, () => {
      if (unanswered >= 2) {
        options.diagnostic('window: no answer to two pings; closed');
        socket.terminate();
        return;
      }
      unanswered++;
      socket.ping();
    }),
  );

  return {
    send(frame, sent) {
      if (closing) return;
      socket.send(frame, sent);
      if (socket.bufferedAmount <= maximum) return;
      const behind = Math.round(socket.bufferedAmount / 1024 / 1024);
      options.diagnostic(`window: ${behind} MB behind and not reading; closed. Reload it to go on`);
      close(CLOSED_TOO_FAR_BEHIND, `this window was ${behind} MB behind; reload it`);
    },
    onFrame(listener) {
      onFrame = listener;
    },
    onClose(listener) {
      closeListeners.push(listener);
    },
    close: () => close(1000, 'closed by Fireline'),
  };
}
