import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCore } from '../../electron/core/core.ts';
import type { Core } from '../../electron/core/core.types.ts';
import { fired } from '../../electron/core/detectors/testDetections.ts';
import { createRpcClient, type RpcClient } from '../../shared/contract/rpc.ts';
import type { FrameChannel } from '../../shared/contract/wire.ts';
import type { TimelineEvent } from '../../shared/model/timelineEvent.ts';

export interface OpenedCore {
  core: Core;
  /** A window on it, through the contract. */
  window: RpcClient;
  /** Another one. */
  openWindow(): RpcClient;
  dataDirectory: string;
  diagnostics: string[];
  /** The newest revision of each event, in the order they came. */
  timeline(): TimelineEvent[];
  /** Resolves with the first event, now or later, that fits; a revision counts. Rejects with what did come. */
  event(what: string, fits: (event: TimelineEvent) => boolean, withinMs?: number): Promise<TimelineEvent>;
  close(): Promise<void>;
}

/** A whole core with a folder of its own (or of an earlier one) and one window, as a home would make it. */
export async function openCore(
  directory?: string,
  { interactive = false }: { interactive?: boolean } = {},
): Promise<OpenedCore> {
  const dataDirectory = directory ?? mkdtempSync(join(tmpdir(), 'fireline-core-'));
  const diagnostics: string[] = [];
  const core = await createCore({
    home: 'web',
    dataDirectory,
    diagnostic: (line) => diagnostics.push(line),
    interactive,
  });
  const openWindow = () => {
    const [near, far] = channelPair();
    core.attach(far);
    return createRpcClient(near);
  };
  const window = openWindow();
  const events = new Map<string, TimelineEvent>();
  const listeners = new Set<(event: TimelineEvent) => void>();
  window.on('timeline', (event) => {
    events.set(event.id, event);
    for (const listener of [...listeners]) listener(event);
  });
  return {
    core,
    window,
    openWindow,
    dataDirectory,
    diagnostics,
    timeline: () => [...events.values()],
    event(what, fits, withinMs = 30_000) {
      const already = [...events.values()].find(fits);
      if (already !== undefined) {
        fired(already.kind);
        return Promise.resolve(already);
      }
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(look);
          const came = [...events.values()].map(
            (event) => `${event.host ?? '-'} ${event.kind}: ${event.title}`,
          );
          reject(
            new Error(
              `${what} did not come within ${withinMs / 1000} s; there were:\n${[...came, ...diagnostics].join('\n')}`,
            ),
          );
        }, withinMs);
        const look = (event: TimelineEvent) => {
          if (!fits(event)) return;
          clearTimeout(timer);
          listeners.delete(look);
          fired(event.kind);
          resolve(event);
        };
        listeners.add(look);
      });
    },
    async close() {
      window.dispose();
      await core.close();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Two ends of one channel in memory: what one sends the other is given, in order, in a later turn. */
function channelPair(): [FrameChannel, FrameChannel] {
  const ends = [0, 1].map(() => ({
    onFrame: undefined as ((frame: string | Uint8Array) => void) | undefined,
    onClose: [] as (() => void)[],
  }));
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    for (const end of ends) for (const listener of end.onClose) listener();
  };
  const end = (own: number): FrameChannel => ({
    send(frame) {
      // A copy: a real channel does not share memory.
      const sent = typeof frame === 'string' ? frame : frame.slice();
      queueMicrotask(() => {
        if (open) ends[1 - own]?.onFrame?.(sent);
      });
    },
    onFrame(listener) {
      const mine = ends[own];
      if (mine) mine.onFrame = listener;
    },
    onClose: (listener) => ends[own]?.onClose.push(listener),
    close,
  });
  return [end(0), end(1)];
}
