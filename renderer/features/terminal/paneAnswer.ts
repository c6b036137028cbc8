import type { IBuffer, IMarker } from '@xterm/xterm';

/** What a pane shows in answer to a command, to be compared with other panes'. */
export interface PaneAnswer {
  /** The cursor's line, up to the cursor. */
  prompt: string;
  /** What was printed since the mark was set; `undefined` without a mark. */
  output: string | undefined;
}

/** Of an answer: the last lines are enough to tell two apart. */
const MOST_LINES = 200;

/** `mark` stood at the cursor when Enter was sent; the echo of what was typed may have been on its way still. */
export function paneAnswer(active: IBuffer, mark: IMarker | undefined): PaneAnswer {
  const at = active.baseY + active.cursorY;
  if (active.type === 'alternate') return { prompt: '(a full-screen program)', output: undefined };
  const prompt = active.getLine(at)?.translateToString(false, 0, active.cursorX) ?? '';
  if (!mark) return { prompt, output: undefined };
  // The screen was cleared, or the row has left the scrollback: the answer begins at the top of what is shown.
  let begin = mark.isDisposed || at < mark.line ? active.baseY : mark.line + 1;
  // The rest of the command's echo, in rows that wrap.
  while (begin < at && active.getLine(begin)?.isWrapped) begin++;
  const from = Math.max(begin, at - MOST_LINES);
  const lines = Array.from(
    { length: Math.max(0, at - from) },
    (_, n) => active.getLine(from + n)?.translateToString(true) ?? '',
  );
  return { prompt, output: lines.join('\n') };
}
