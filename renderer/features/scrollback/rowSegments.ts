import { RGB_COLOUR, type ScrollbackLine, STYLE_FLAGS } from '../../../shared/model/scrollback.ts';
import { charactersOf } from './characters.ts';

/** Part of a row that looks one way. */
export interface Segment {
  text: string;
  /** Terminal colours: -1 the terminal's own. */
  foreground: number;
  background: number;
  flags: number;
  marks: readonly Mark['kind'][];
  /** It is one character that may not be as wide as its cells in the font that has it. */
  cells?: number;
}

export interface Mark {
  kind: 'selection' | 'hit' | 'cursor';
  from: number;
  to: number;
}

/** Characters that would draw others in another order: a word joiner, which draws nothing, takes the place of each. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What is not in the terminal's own font: beyond Latin, Greek, Cyrillic, punctuation and what draws boxes. */
const BESIDE_THE_FONT = /[^\u0000-\u04ff\u1e00-\u22ff\u2500-\u25ff]/;

/** Parts a row at every change of colour and of mark. A mark behind the text (a cursor at its end) gets a space. */
export function rowSegments(line: ScrollbackLine, marks: readonly Mark[]): Segment[] {
  const reach = Math.max(line.text.length, ...marks.filter((m) => m.kind === 'cursor').map((m) => m.to));
  const text = line.text.replace(REORDERING, '\u2060').padEnd(reach);
  const runs = runsOf(line, text.length);
  const cuts = new Set([0, text.length]);
  for (const run of runs) cuts.add(run.from);
  for (const mark of marks) {
    cuts.add(Math.min(mark.from, text.length));
    cuts.add(Math.min(mark.to, text.length));
  }
  // In a font that has it beside the terminal's own, a character is as wide as that font likes.
  const wide = new Map<number, number>();
  if (BESIDE_THE_FONT.test(line.text)) {
    for (const { column, length, cells } of charactersOf(line.text)) {
      if (cells === 1 && !BESIDE_THE_FONT.test(line.text.slice(column, column + length))) continue;
      wide.set(column, cells);
      cuts.add(column).add(column + length);
    }
  }
  const places = [...cuts].sort((a, b) => a - b);
  const segments: Segment[] = [];
  let run = 0;
  for (const [n, from] of places.entries()) {
    const to = places[n + 1];
    if (to === undefined || to === from) continue;
    while ((runs[run + 1]?.from ?? Number.POSITIVE_INFINITY) <= from) run++;
    const { foreground = -1, background = -1, flags = 0 } = runs[run] ?? {};
    const cells = wide.get(from);
    segments.push({
      text: text.slice(from, to),
      ...(cells !== undefined && { cells }),
      foreground,
      background,
      flags,
      marks: marks.filter((mark) => mark.from <= from && to <= mark.to).map((mark) => mark.kind),
    });
  }
  return segments;
}

function runsOf({ runs = [] }: ScrollbackLine, length: number) {
  const list: { from: number; foreground: number; background: number; flags: number }[] = [];
  let from = 0;
  for (let n = 0; n + 3 < runs.length; n += 4) {
    const [count = 0, foreground = -1, background = -1, flags = 0] = runs.slice(n, n + 4);
    list.push({ from, foreground, background, flags });
    from += count;
  }
  if (from < length) list.push({ from, foreground: -1, background: -1, flags: 0 });
  return list;
}

/** `undefined`: the terminal's own. `palette` has the first sixteen. */
export function cssColour(colour: number, palette: readonly (string | undefined)[]): string | undefined {
  if (colour < 0) return undefined;
  if (colour >= RGB_COLOUR) return `#${(colour - RGB_COLOUR).toString(16).padStart(6, '0')}`;
  if (colour < 16) return palette[colour];
  if (colour >= 232) return rgb([8, 8, 8].map((base) => base + (colour - 232) * 10));
  const index = colour - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return rgb([Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map(level));
}

const rgb = (parts: readonly number[]) => `rgb(${parts.join(' ')})`;

export function isInverse({ flags }: Segment): boolean {
  return (flags & STYLE_FLAGS.inverse) !== 0;
}
