import { type Clock, systemClock } from '../../shared/base/clock.ts';
import type { Core } from '../core/core.types.ts';

/** The parts of Electron's app that are used. */
export interface QuitApi {
  on(event: 'will-quit', listener: (event: { preventDefault(): void }) => void): unknown;
  exit(status: number): void;
}

const CLOSE_WITHIN_MS = 5_000;

/** Lets the core end its sessions and write its last before the program goes; not for longer than five seconds. */
export function closeBeforeQuit(
  app: QuitApi,
  core: Pick<Core, 'close'>,
  diagnostic: (line: string) => void,
  clock: Clock = systemClock,
): void {
  let closing = false;
  app.on('will-quit', (event) => {
    event.preventDefault();
    if (closing) return;
    closing = true;
    const late = clock.after(CLOSE_WITHIN_MS, () => {
      diagnostic('closing took too long; ending anyway. The record is safe.');
      app.exit(0);
    });
    core
      .close()
      .catch((error: unknown) => diagnostic(`closing: ${String(error)}`))
      .finally(() => {
        late.dispose();
        app.exit(0);
      });
  });
}
