import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { Emitter, type Event } from '../../../shared/base/emitter.ts';
import { failure } from '../../../shared/contract/errors.ts';
import type { WindowLink } from '../../../shared/contract/rpc.ts';
import type { TerminalFrame } from '../../../shared/contract/wire.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId, PaneSummary } from '../../../shared/model/pane.ts';
import type { RecordStore, StoredPane } from '../store/store.types.ts';
import type { TerminalSize } from '../transports/transport.ts';
import { readTerminalBytes, type TerminalBytes } from './asciicast.ts';
import { createPane, type Pane, type PaneStartUp } from './pane.ts';
import type { Session } from './session.ts';

export interface PaneServiceOptions {
  sessionOf(host: HostId): Session | undefined;
  castsDirectory: string;
  store: Pick<RecordStore, 'putPane' | 'readPanes'>;
  clock: Clock;
  diagnostic: (line: string) => void;
}

export interface OpenPaneOptions {
  startUp?: PaneStartUp | undefined;
  /** The session of tmux or screen that it is attached to. */
  durable?: string | undefined;
  /** The pane of an earlier run in whose place it comes: it goes on where that one was, as far as can be. */
  after?: PaneId | undefined;
}

/** Terminals over sessions: each is recorded, then shown by any number of windows, none, or one after another. */
export interface PaneService extends Disposable {
  /** Throws `not_found` for a host that is not open, as do the others for panes. */
  open(host: HostId, size: TerminalSize, options?: OpenPaneOptions): PaneSummary;
  /** Start-up commands that were held may be typed. */
  approve(): void;
  close(pane: PaneId): void;
  resize(pane: PaneId, size: TerminalSize): void;
  /** A new shell in the same pane and recording. */
  restart(pane: PaneId, another?: boolean): void;
  /** Keeps its shell's session from ending for want of use. */
  keepAlive(pane: PaneId): void;
  list(): PaneSummary[];
  readonly onPane: Event<PaneSummary>;
  readonly onClosed: Event<PaneId>;
  /** Sends the newest bytes of the recording, then what follows, as frames. */
  attach(
    window: WindowLink,
    pane: PaneId,
    replayBytes: number,
  ): Promise<{ replayedBytes: number; totalBytes: number }>;
  /** Input, interrupts and acknowledgements of a window. */
  takeFrame(frame: TerminalFrame, window: WindowLink): void;
  input(wire: number, bytes: Uint8Array): void;
  interrupt(wire: number, bytes: Uint8Array): void;
  acknowledge(window: WindowLink, wire: number, count: number): void;
  /** Of an open pane, or of one closed earlier in the same record. */
  readRecording(pane: PaneId, fromByte: number, maxBytes: number): Promise<TerminalBytes>;
  /** Everything recorded so far is in the files. */
  flush(): Promise<void>;
}

/** Recordings that a reopened pane goes back through. */
const MOST_EARLIER = 20;

/** Unique in the process, so that a frame on its way from a window of the last workspace reaches no pane of this one. */
let nextWire = 1;

export function createPaneService(options: PaneServiceOptions): PaneService {
  const { clock, castsDirectory } = options;
  const panes = new Map<PaneId, Pane>();
  const byWire = new Map<number, Pane>();
  /** A pane of an earlier core, and the one that goes on for it. */
  const reopened = new Map<PaneId, PaneId>();
  const changed = new Emitter<PaneSummary>();
  const closed = new Emitter<PaneId>();
  const owned = new DisposableStore();

  function find(id: PaneId): Pane {
    const pane = panes.get(id);
    if (!pane) throw failure('not_found', 'there is no such pane', 'It was closed; open another.');
    return pane;
  }

  /** The panes of this host that stood in this place, newest first. */
  function predecessors(after: PaneId, host: HostId): StoredPane[] {
    const found: StoredPane[] = [];
    try {
      const stored = new Map(options.store.readPanes().map((one) => [one.id, one]));
      for (let one = stored.get(after); one?.host === host && found.length < MOST_EARLIER; ) {
        if (found.includes(one)) break;
        found.push(one);
        one = one.after === undefined ? undefined : stored.get(one.after);
      }
    } catch (error) {
      options.diagnostic(`pane ${after}: not read from the record: ${String(error)}`);
    }
    return found;
  }

  const input = (wire: number, bytes: Uint8Array, from?: WindowLink) => byWire.get(wire)?.input(bytes, from);
  const interrupt = (wire: number, bytes: Uint8Array) => byWire.get(wire)?.interrupt(bytes);
  const acknowledge = (window: WindowLink, wire: number, count: number) =>
    byWire.get(wire)?.acknowledge(window, count);

  return {
    open(host, size, { startUp, durable: named, after } = {}) {
      const session = options.sessionOf(host);
      if (!session) throw failure('not_found', `there is no host ${host}`, 'Open a workspace that has it.');
      // Each window that was there asks for it.
      const twin = after === undefined ? undefined : panes.get(reopened.get(after) ?? after);
      if (twin && twin.summary.host === host) return twin.summary;
      const id = randomUUID().replaceAll('-', '').slice(0, 16) as PaneId;
      const castFile = `${id}.cast`;
      const before = after === undefined ? [] : predecessors(after, host);
      const durable = named ?? before[0]?.durable;
      const pane = createPane({
        id,
        wire: nextWire++,
        session,
        size,
        castFile: join(castsDirectory, castFile),
        clock,
        startUp,
        durable,
        earlier: before.map((one) => join(castsDirectory, one.castFile)),
        diagnostic: options.diagnostic,
        onChange: (summary) => {
          if (panes.has(id)) changed.fire(summary);
        },
      });
      panes.set(id, pane);
      if (after !== undefined) reopened.set(after, id);
      byWire.set(pane.summary.wire, pane);
      try {
        options.store.putPane({
          id,
          host,
          openedAt: clock.now(),
          castFile,
          title: pane.summary.title,
          ...(durable === undefined ? {} : { durable }),
          ...(before[0] ? { after: before[0].id } : {}),
        });
      } catch (error) {
        // A full disk must not keep anyone from a shell.
        options.diagnostic(`pane ${id}: not entered in the record: ${String(error)}`);
      }
      pane.start();
      changed.fire(pane.summary);
      return pane.summary;
    },
    approve() {
      for (const pane of panes.values()) pane.approve();
    },
    close(id) {
      const pane = find(id);
      panes.delete(id);
      byWire.delete(pane.summary.wire);
      pane.dispose();
      closed.fire(id);
    },
    resize: (id, size) => find(id).resize(size),
    restart: (id, another) => find(id).restart(another),
    keepAlive: (id) => find(id).keepAlive(),
    list: () => [...panes.values()].map((pane) => pane.summary),
    onPane: changed.event,
    onClosed: closed.event,
    attach: (window, id, replayBytes) => find(id).attach(window, replayBytes),
    input,
    interrupt,
    acknowledge,
    takeFrame(frame, window) {
      if (frame.type === 'input') input(frame.wire, frame.bytes, window);
      else if (frame.type === 'interrupt') interrupt(frame.wire, frame.bytes);
      else if (frame.type === 'acknowledgement') acknowledge(window, frame.wire, frame.count);
    },
    async readRecording(id, fromByte, maxBytes) {
      const pane = panes.get(id);
      if (pane) return pane.read(fromByte, maxBytes);
      // The id comes from a window and becomes a file name.
      if (!/^[a-z0-9]{1,64}$/.test(id)) throw failure('not_found', 'there is no such recording');
      try {
        return await readTerminalBytes(join(castsDirectory, `${id}.cast`), fromByte, maxBytes);
      } catch {
        throw failure('not_found', 'there is no such recording', 'Its file may have been moved or deleted.');
      }
    },
    async flush() {
      await Promise.all([...panes.values()].map((pane) => pane.flush()));
    },
    dispose() {
      owned.dispose();
      for (const pane of panes.values()) pane.dispose();
      panes.clear();
      byWire.clear();
      changed.dispose();
      closed.dispose();
    },
  };
}
