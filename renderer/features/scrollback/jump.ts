import { charactersOf } from './characters.ts';
import type { CopyContext, Place } from './copyMode.ts';

/** vi's jumps in a line: `f` to a character, `t` to before it; `F` and `T` backwards. */
export type JumpKey = 'f' | 'F' | 't' | 'T';

export interface Jump {
  key: JumpKey;
  character: string;
}

const REVERSED: Record<JumpKey, JumpKey> = { f: 'F', F: 'f', t: 'T', T: 't' };

export function reversed({ key, character }: Jump): Jump {
  return { key: REVERSED[key], character };
}

/** The next place of the character in its line; `undefined` without one. */
export function jumpFrom(from: Place, { key, character }: Jump, context: CopyContext): Place | undefined {
  const before = key === 't' || key === 'T';
  let last: Place | undefined;
  for (const { place, text } of charactersFrom(from, key === 'f' || key === 't' ? 1 : -1, context)) {
    // As in tmux, what one stands before is passed over, so that `;` goes on.
    if (text === character && !(before && !last)) return before ? last : place;
    last = place;
  }
  return undefined;
}

/** The characters on one side of a place, to the end of its line, which may go on in rows that the width broke. */
function* charactersFrom(from: Place, by: 1 | -1, { textOf, isWrapped }: CopyContext) {
  for (let line = from.line; ; line += by) {
    const text = textOf(line);
    if (text === undefined) return;
    const characters = [...charactersOf(text)];
    for (const { column, length } of by > 0 ? characters : characters.reverse()) {
      if (line === from.line && (column - from.column) * by <= 0) continue;
      yield { place: { line, column }, text: text.slice(column, column + length) };
    }
    if (!isWrapped(by > 0 ? line + 1 : line)) return;
  }
}
