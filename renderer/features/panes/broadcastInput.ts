import type { PaneId } from '../../../shared/model/pane.ts';
import { isTerminalReply } from '../../../shared/panes/terminalReply.ts';
import { client } from '../../stores/connection.ts';
import { useHosts } from '../../stores/hosts.ts';
import { usePanes } from '../../stores/panes.ts';
import { cursorKeysFor, inputFrame, isMouseReport } from '../terminal/terminalInput.ts';
import { terminalOf } from '../terminal/terminals.ts';
import { broadcastGroup, countMissed, receiversOf, useBroadcast, whyDeaf } from './broadcast.ts';
import { compareAnswers, type GroupMember } from './broadcastAnswers.ts';

/** Panes whose answers are compared so long after their output has paused. */
const SETTLE_MS = 250;
/** A pane that has printed nothing this long after Enter, not even the line feed's echo, is told. */
const SILENT_MS = 2_000;

const lastOutputAt = new Map<PaneId, number>();
let enterAt: number | undefined;
let comparing: ReturnType<typeof setTimeout> | undefined;

/**
 * Sends what was typed in one pane to the others of its broadcast. What the terminal itself said (answers to queries,
 * the mouse) is for its own shell alone. False: nobody else is meant.
 */
export function broadcastTyped(from: PaneId, data: string): boolean {
  if (isTerminalReply(data) || isMouseReport(data)) return false;
  const receivers = receiversOf(from);
  if (receivers.length < 2) return false;
  if (data.includes('\r')) noteEnter(receivers);
  for (const pane of receivers) {
    const why = whyDeaf(pane);
    if (why !== undefined) countMissed(pane, why);
    else {
      const view = terminalOf(pane);
      send(pane, view ? cursorKeysFor(data, view.applicationCursorKeys) : data);
    }
  }
  return true;
}

/** Each terminal brackets the paste as its own shell wants it. */
export function broadcastPaste(from: PaneId, text: string): void {
  const receivers = receiversOf(from);
  noteEnter(receivers);
  for (const pane of receivers) {
    const why = receivers.length > 1 ? whyDeaf(pane) : undefined;
    const view = terminalOf(pane);
    if (why !== undefined) countMissed(pane, why);
    else if (view) view.paste(text);
    // A window that was never looked at has no terminal here: its shell has just begun, and takes lines.
    else send(pane, text.replace(/\r?\n/g, '\r'));
  }
}

/** Called when a terminal has drawn output. */
export function broadcastHeard(pane: PaneId): void {
  const { scope } = useBroadcast.getState();
  if (!scope) return;
  lastOutputAt.set(pane, performance.now());
  compareSoon(SETTLE_MS);
}

function noteEnter(receivers: readonly PaneId[]): void {
  enterAt = performance.now();
  for (const pane of receivers) terminalOf(pane)?.markAnswer();
  compareSoon(SILENT_MS + SETTLE_MS);
}

function compareSoon(afterMs: number): void {
  if (comparing !== undefined && afterMs > SETTLE_MS) return;
  clearTimeout(comparing);
  comparing = setTimeout(() => {
    comparing = undefined;
    compare();
    const wait = enterAt === undefined ? 0 : enterAt + SILENT_MS - performance.now();
    if (wait > 0) compareSoon(wait + SETTLE_MS);
  }, afterMs);
}

function compare(): void {
  const { scope, excluded } = useBroadcast.getState();
  if (!scope) return;
  const group = broadcastGroup(scope).filter((pane) => !excluded.includes(pane));
  const now = performance.now();
  const { byId } = usePanes.getState();
  const answers = group.flatMap((pane): GroupMember[] => {
    const view = terminalOf(pane);
    const host = byId[pane]?.host;
    if (!view || host === undefined || whyDeaf(pane) !== undefined) return [];
    const waited = enterAt !== undefined && now - enterAt > SILENT_MS;
    return [
      {
        pane,
        ...view.answer,
        names: [host, useHosts.getState().byId[host]?.facts?.hostname ?? ''],
        silent: waited && (lastOutputAt.get(pane) ?? 0) < (enterAt ?? 0),
      },
    ];
  });
  const { marks, kinds } = compareAnswers(answers);
  useBroadcast.setState({ marks, kinds });
}

/** Another broadcast begins without the answers of the last. */
useBroadcast.subscribe(({ scope }, before) => {
  if (scope === before.scope) return;
  enterAt = undefined;
  lastOutputAt.clear();
  for (const pane of broadcastGroup(before.scope)) terminalOf(pane)?.forgetAnswer();
});

function send(pane: PaneId, data: string): void {
  const wire = usePanes.getState().byId[pane]?.wire;
  if (wire === undefined) return;
  try {
    client().sendTerminal(inputFrame(wire, data));
  } catch {
    // Without a connection there is nobody to type to; the banner says so.
  }
}
