import type { Core } from '../core/core.types.ts';
import { APP_ORIGIN, isAppUrl } from './appOrigin.ts';
import { messagePortChannel, type PortApi } from './messagePortChannel.ts';

/** The one message that a renderer can send, with one port. Its name is the preload's too. */
export const CONNECT_MESSAGE = 'fireline:connect';

/** The parts of Electron's WebFrameMain that are used. */
export interface FrameApi {
  readonly url: string;
  readonly origin: string;
  readonly parent: unknown;
}

export interface ConnectEvent {
  readonly senderFrame: FrameApi | null;
  readonly ports: readonly PortApi[];
}

export interface IpcMainApi {
  on(channel: string, listener: (event: ConnectEvent) => void): unknown;
}

/** Attaches the windows that ask, each with a port of its own, to the core; others are refused and told of. */
export function acceptWindows(
  ipcMain: IpcMainApi,
  core: Pick<Core, 'attach'>,
  diagnostic: (line: string) => void,
): void {
  ipcMain.on(CONNECT_MESSAGE, (event) => {
    const [port, ...others] = event.ports;
    const refusal = refuseFrame(event.senderFrame) ?? (port ? undefined : 'no port came with it');
    if (refusal !== undefined || !port || others.length > 0) {
      diagnostic(`refused a window: ${refusal ?? 'more than one port'}`);
      for (const each of event.ports) each.close();
      return;
    }
    core.attach(messagePortChannel(port));
  });
}

/** Why this frame may not speak to the core; `undefined`: it is the renderer's main frame. */
function refuseFrame(frame: FrameApi | null): string | undefined {
  if (!frame) return 'its frame is gone';
  if (frame.parent !== null) return 'it is not a main frame';
  if (!isAppUrl(frame.url) || frame.origin !== APP_ORIGIN) return 'it is of another origin';
  return undefined;
}
