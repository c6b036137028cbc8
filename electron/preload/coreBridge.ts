/** The one message to the main process (electron/main/ipc.ts); homes do not import each other. */
export const CONNECT_MESSAGE = 'fireline:connect';

/** The parts of a browser's MessagePort that are used. */
export interface BridgePortApi {
  addEventListener(type: 'message' | 'close', listener: (event: object) => void): void;
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
}

/** What the page holds: functions, since a port cannot cross the isolated world. */
export interface CoreBridge {
  send(frame: string | Uint8Array): void;
  onFrame(listener: (frame: string | Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

/** Sends one end of the channel to the main process and wraps the other. A refused window sees it close. */
export async function connectToCore<Port extends BridgePortApi>(
  channel: { port1: Port; port2: Port },
  handOver: (port: Port) => void,
): Promise<CoreBridge> {
  const port = channel.port1;
  handOver(channel.port2);
  return {
    send(frame) {
      if (typeof frame === 'string' || frame instanceof Uint8Array) port.postMessage(frame);
    },
    onFrame(listener) {
      port.addEventListener('message', (event) => {
        const data: unknown = 'data' in event ? event.data : undefined;
        if (typeof data === 'string' || data instanceof Uint8Array) listener(data);
      });
      port.start();
    },
    onClose: (listener) => port.addEventListener('close', () => listener()),
    close: () => port.close(),
  };
}
