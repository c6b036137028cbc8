import type { RpcClient } from '../../shared/contract/rpc.ts';
import type { PaneId } from '../../shared/model/pane.ts';
import { waitUntil } from './waitUntil.ts';

/** A pane as a window sees it: attached, read and acknowledged at once. */
export interface PaneText {
  /** Everything that was shown so far, replay first. */
  text(): string;
  type(line: string): void;
  /** Resolves when it shows; rejects with what it did show. */
  shows(what: RegExp | string, withinMs?: number): Promise<void>;
}

export async function readPane(
  window: RpcClient,
  pane: { id: PaneId; wire: number },
  replayBytes = 1_000_000,
): Promise<PaneText> {
  const parts: Buffer[] = [];
  window.onTerminal((frame) => {
    if (frame.wire !== pane.wire || (frame.type !== 'output' && frame.type !== 'replay')) return;
    parts.push(Buffer.from(frame.bytes));
    window.sendTerminal({ type: 'acknowledgement', wire: pane.wire, count: frame.bytes.length });
  });
  await window.call('pane.attach', { pane: pane.id, replayBytes });
  const text = () => Buffer.concat(parts).toString('utf8');
  return {
    text,
    type: (line) => window.sendTerminal({ type: 'input', wire: pane.wire, bytes: Buffer.from(`${line}\r`) }),
    async shows(what, withinMs = 20_000) {
      const fits = () => (typeof what === 'string' ? text().includes(what) : what.test(text()));
      try {
        await waitUntil(String(what), withinMs, () => (fits() ? true : undefined));
      } catch {
        throw new Error(
          `the pane did not show ${what} within ${withinMs / 1000} s, but:\n${text().slice(-2000)}`,
        );
      }
    },
  };
}
