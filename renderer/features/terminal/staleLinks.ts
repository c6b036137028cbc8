import type { Terminal } from '@xterm/xterm';

/** What has no public name in xterm 6.0, which package.json pins. */
interface TerminalInside {
  _core: { linkifier?: { _activeLine: unknown } };
}

/**
 * To be called when something was printed. xterm looks for links when the pointer comes to another row, and keeps what it
 * found however the row changes: a click would open what stood there before, and what stands there now is no link.
 */
export function forgetLinks(terminal: Terminal): void {
  const { linkifier } = (terminal as unknown as TerminalInside)._core;
  if (!linkifier) return;
  if (typeof linkifier._activeLine !== 'number')
    throw new Error('this version of xterm keeps the row of its links elsewhere');
  linkifier._activeLine = -1;
}
