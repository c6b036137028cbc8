import type { FrameChannel } from '../../shared/contract/wire.ts';

/** The parts of Electron's MessagePortMain that are used. */
export interface PortApi {
  on(event: 'message', listener: (message: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
}

/** One window's port as the core sees it. What is neither text nor bytes is no frame, and ignored. */
export function messagePortChannel(port: PortApi): FrameChannel {
  let closed = false;
  const closeListeners: (() => void)[] = [];

  function end(): void {
    if (closed) return;
    closed = true;
    for (const listener of closeListeners) listener();
  }
  port.on('close', end);

  return {
    send(frame, sent) {
      if (closed) return;
      // A view of a larger buffer would be cloned with all of it.
      port.postMessage(typeof frame === 'string' ? frame : exactBytes(frame));
      sent?.();
    },
    onFrame(listener) {
      port.on('message', ({ data }) => {
        if (closed) return;
        if (typeof data === 'string' || data instanceof Uint8Array) listener(data);
      });
      // Messages wait in the port until now: none is lost before the core listens.
      port.start();
    },
    onClose(listener) {
      closeListeners.push(listener);
    },
    close() {
      port.close();
      end();
    },
  };
}

function exactBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
