import type { IBufferCell, IBufferLine } from '@xterm/headless';
import { RGB_COLOUR, type ScrollbackLine, STYLE_FLAGS } from '../../../shared/model/scrollback.ts';

/** A row of the terminal's buffer as text, with its colours where it has any. `wraps`: it goes on in the next one. */
export function lineOf(line: IBufferLine, at: number, wraps: boolean): ScrollbackLine {
  const plain: ScrollbackLine = { text: line.translateToString(true), at };
  if (line.isWrapped) plain.wrapped = true;
  const runs = runsOf(line, wraps);
  return runs ? { ...plain, text: runs.text, runs: runs.runs } : plain;
}

const PLAIN = '-1,-1,0';
let reused: IBufferCell | undefined;

function runsOf(line: IBufferLine, wraps: boolean): { text: string; runs: number[] } | undefined {
  let coloured = false;
  for (let x = 0; x < line.length && !coloured; x++) {
    reused = line.getCell(x, reused);
    if (reused && !reused.isAttributeDefault()) coloured = true;
  }
  if (!coloured) return undefined;

  const runs: number[] = [];
  let text = '';
  /** What stands behind this is nothing but plain space. */
  let end = 0;
  let style = '';
  for (let x = 0; x < line.length; x++) {
    const cell = line.getCell(x, reused);
    // The second half of a wide character has no width.
    if (!cell || cell.getWidth() === 0) continue;
    const printed = cell.getChars();
    // A character of two cells went on to the next row, and left this one empty.
    if (printed === '' && wraps && x === line.length - 1) continue;
    const chars = printed || ' ';
    const now = [colour(cell, 'Fg'), colour(cell, 'Bg'), flags(cell)];
    const key = now.join();
    const last = runs.length - 4;
    if (key === style && last >= 0) runs[last] = (runs[last] ?? 0) + chars.length;
    else runs.push(chars.length, ...now);
    style = key;
    text += chars;
    if (printed !== '' || !cell.isBgDefault() || cell.isInverse() || cell.isUnderline()) end = text.length;
  }
  if (style === PLAIN) runs.splice(-4);
  return { text: text.slice(0, end), runs };
}

function colour(cell: IBufferCell, of: 'Fg' | 'Bg'): number {
  const value = of === 'Fg' ? cell.getFgColor() : cell.getBgColor();
  if (of === 'Fg' ? cell.isFgRGB() : cell.isBgRGB()) return RGB_COLOUR + value;
  return (of === 'Fg' ? cell.isFgPalette() : cell.isBgPalette()) ? value : -1;
}

function flags(cell: IBufferCell): number {
  return (
    (cell.isBold() && STYLE_FLAGS.bold) |
    (cell.isDim() && STYLE_FLAGS.dim) |
    (cell.isItalic() && STYLE_FLAGS.italic) |
    (cell.isUnderline() && STYLE_FLAGS.underline) |
    (cell.isInverse() && STYLE_FLAGS.inverse) |
    (cell.isInvisible() && STYLE_FLAGS.invisible) |
    (cell.isStrikethrough() && STYLE_FLAGS.strikethrough)
  );
}
