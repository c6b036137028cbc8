import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { createCellSplitter } from '../../../shared/panes/newerEmoji.ts';

/** What stands in one cell of a row, or in two: a letter with its accents, an ideograph, an emoji of several signs. */
export interface Character {
  /** In UTF-16 units of the row's text. */
  column: number;
  length: number;
  cell: number;
  cells: number;
}

const PLAIN = /^[\x20-\x7e]*$/;
const split = createCellSplitter(new UnicodeGraphemesAddon());

/** Behind the end of a text stands a space in every cell. */
export function characterAt(text: string, column: number): Character {
  if (PLAIN.test(text)) return { column, length: 1, cell: column, cells: 1 };
  let character: Character | undefined;
  for (character of charactersOf(text)) if (column < character.column + character.length) return character;
  const beyond = column - text.length;
  return { column, length: 1, cell: (character ? character.cell + character.cells : 0) + beyond, cells: 1 };
}

export function characterInCell(text: string, cell: number): Character {
  if (PLAIN.test(text)) return { column: cell, length: 1, cell, cells: 1 };
  let character: Character | undefined;
  for (character of charactersOf(text)) if (cell < character.cell + character.cells) return character;
  const beyond = cell - (character ? character.cell + character.cells : 0);
  return { column: text.length + beyond, length: 1, cell, cells: 1 };
}

/** The characters that begin in cells [from, to), as columns of the text; as tmux takes a rectangle. */
export function columnsOfCells(text: string, from: number, to: number): { from: number; to: number } {
  const within = (cell: number) => {
    const character = characterInCell(text, cell);
    return character.cell < cell ? character.column + character.length : character.column;
  };
  return { from: Math.min(within(from), text.length), to: Math.min(within(to), text.length) };
}

export function* charactersOf(text: string): Generator<Character> {
  let column = 0;
  let cell = 0;
  for (const { length, cells } of split(text)) {
    yield { column, length, cell, cells };
    column += length;
    cell += cells;
  }
}
