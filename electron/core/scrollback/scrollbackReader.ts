import { stat } from 'node:fs/promises';
import graphemes from '@xterm/addon-unicode-graphemes';
import headless from '@xterm/headless';
import type { Disposable } from '../../../shared/base/disposable.ts';
import type { ScrollbackLine } from '../../../shared/model/scrollback.ts';
import { withNewerEmoji } from '../../../shared/panes/newerEmoji.ts';
import { readCastEvents, readCastHead } from './castOutput.ts';
import { createLineStore, type LineStore } from './lineStore.ts';
import { lineOf } from './terminalLine.ts';

/**
 * The rows that a pane has printed, from its recording: a terminal without a screen parses what was recorded, and each row
 * that leaves its screen is kept as text. Reading on costs only what is new. What a terminal would throw away (`clear`
 * with its 3J, a reset) is kept here: it was printed.
 */
export interface ScrollbackReader extends Disposable {
  /** Takes in what the file has by now. */
  readOn(): Promise<void>;
  /** Rows that have left the screen. */
  readonly lines: LineStore;
  /** Older rows are in the recording alone. */
  readonly cut: boolean;
  /** Rows that are on the screen now, after `lines`; a full-screen program's screen after those. */
  screen(): ScrollbackLine[];
  readonly columns: number;
}

/** Rows kept: four times what is promised. */
const MOST_LINES = 200_000;
/** Of a larger recording, the last part is read. */
const MOST_FILE_BYTES = 96 * 1024 * 1024;
/** A piece this long makes at most so many rows, and as many must fit between the screen and the end of the buffer. */
const PIECE = 2_048;
const BUFFER_LINES = PIECE + 500;

export async function openScrollbackReader(
  file: string,
  /** Where it is known better than by the recording's head. */
  size?: { columns: number; rows: number },
  mostFileBytes = MOST_FILE_BYTES,
  mostLines = MOST_LINES,
): Promise<ScrollbackReader> {
  const head = await readCastHead(file);
  const { size: bytes } = await stat(file);
  const late = bytes > mostFileBytes;
  const terminal = new headless.Terminal({
    cols: (late && size?.columns) || head.columns,
    rows: (late && size?.rows) || head.rows,
    scrollback: BUFFER_LINES,
    allowProposedApi: true,
  });
  terminal.loadAddon(withNewerEmoji(new graphemes.UnicodeGraphemesAddon()));
  let offset = late ? bytes - mostFileBytes : 0;
  let midLine = late;
  const lines = createLineStore(mostLines);
  let at = head.startedAt;
  let disposed = false;
  /** Stands at the first row that is not kept yet. */
  let mark: ReturnType<typeof terminal.registerMarker> | undefined;
  /** When the rows from the mark on were begun. */
  let begun: number[] = [];

  function keep(from: number, to: number): void {
    const { normal } = terminal.buffer;
    for (let row = from; row < to; row++) {
      const line = normal.getLine(row);
      if (line) lines.push(lineOf(line, begun[row - from] ?? at, wraps(normal, row)));
    }
    begun = begun.slice(Math.max(0, to - from));
  }

  /** After each piece: when its rows were begun, and those that have left the screen. */
  function harvest(): void {
    const { normal, active } = terminal.buffer;
    if (active.type === 'alternate') return;
    const from = start();
    const cursor = normal.baseY + normal.cursorY;
    for (let row = begun.length; row <= cursor - from; row++) begun[row] = at;
    if (normal.baseY <= from && mark) return;
    keep(from, normal.baseY);
    mark?.dispose();
    mark = terminal.registerMarker(-normal.cursorY);
  }

  function start(): number {
    return mark && !mark.isDisposed ? mark.line : 0;
  }

  /** The screen is about to be cleared: what stands on it was printed too. */
  function keepScreen(): void {
    if (terminal.buffer.active.type === 'alternate') return;
    harvest();
    const { normal } = terminal.buffer;
    const from = start();
    keep(from, Math.max(from, lastRow(normal, normal.baseY + terminal.rows) + 1));
    begun = [];
    mark?.dispose();
    mark = terminal.registerMarker(-normal.cursorY);
  }

  terminal.parser.registerCsiHandler({ final: 'J' }, ([kind]) => {
    const { cursorX, cursorY } = terminal.buffer.active;
    if (kind === 2 || (!kind && cursorX === 0 && cursorY === 0)) keepScreen();
    // 3J would take the rows before the screen away.
    return kind === 3;
  });
  terminal.parser.registerEscHandler({ final: 'c' }, () => {
    keepScreen();
    mark?.dispose();
    mark = undefined;
    return false;
  });

  /** Resolves when all of it is parsed; xterm lets others run every few milliseconds. */
  function parse(pieces: readonly { text: string; at: number }[]): Promise<void> {
    at = pieces[0]?.at ?? at;
    return new Promise((resolve) => {
      for (const [n, piece] of pieces.entries())
        terminal.write(piece.text, () => {
          if (!disposed) harvest();
          at = pieces[n + 1]?.at ?? at;
        });
      terminal.write('', resolve);
    });
  }

  async function readOn(): Promise<void> {
    for await (const part of readCastEvents(file, { offset, midLine })) {
      offset = part.offset;
      midLine = false;
      let pieces: { text: string; at: number }[] = [];
      for (const event of part.events) {
        if (disposed) return;
        if (event.kind === 'output') {
          for (let from = 0; from < event.text.length; from += PIECE)
            pieces.push({ text: event.text.slice(from, from + PIECE), at: head.startedAt + event.elapsedMs });
          continue;
        }
        await parse(pieces);
        pieces = [];
        if (event.columns >= 2 && event.rows >= 1) terminal.resize(event.columns, event.rows);
      }
      await parse(pieces);
    }
  }

  return {
    readOn,
    lines,
    get cut() {
      return late || lines.first > 0;
    },
    get columns() {
      return terminal.cols;
    },
    screen() {
      const { normal, alternate, active } = terminal.buffer;
      const from = start();
      const rows = (buffer: typeof normal, begin: number, end: number) =>
        Array.from({ length: Math.max(0, end - begin) }, (_, n) => buffer.getLine(begin + n)).flatMap(
          (line, n) =>
            line ? [lineOf(line, buffer === normal ? (begun[n] ?? at) : at, wraps(buffer, begin + n))] : [],
        );
      const cursor = normal.baseY + normal.cursorY;
      const last = Math.max(cursor, lastRow(normal, normal.baseY + terminal.rows));
      return [
        ...rows(normal, from, last + 1),
        ...(active.type === 'alternate' ? rows(alternate, 0, terminal.rows) : []),
      ];
    },
    dispose() {
      disposed = true;
      terminal.dispose();
    },
  };
}

/** The width broke the line at the row's end. */
function wraps(buffer: { getLine(row: number): { isWrapped: boolean } | undefined }, row: number): boolean {
  return buffer.getLine(row + 1)?.isWrapped === true;
}

/** The last row before `end` that shows something; -1 where none does. */
function lastRow(
  buffer: { getLine(row: number): { translateToString(trim: boolean): string } | undefined },
  end: number,
): number {
  let row = end - 1;
  while (row >= 0 && (buffer.getLine(row)?.translateToString(true) ?? '') === '') row--;
  return row;
}
