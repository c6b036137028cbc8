import type { FrameChannel } from '../../shared/contract/wire.ts';

/** What the preload exposes as `window.fireline`: one port to the core, and nothing else. */
export interface FirelineBridge {
  connect(): Promise<BridgePort>;
}

/** A MessagePort wrapped by the preload: a real port cannot cross the isolated world. */
export interface BridgePort {
  send(frame: string | Uint8Array): void;
  onFrame(listener: (frame: string | Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

declare global {
  interface Window {
    readonly fireline?: FirelineBridge;
  }
}

export async function openElectronChannel(bridge: FirelineBridge): Promise<FrameChannel> {
  return await bridge.connect();
}
