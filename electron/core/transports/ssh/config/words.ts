/**
 * Words of one configuration line: separated by blanks, grouped by single or double quotes, a backslash escapes a
 * quote or itself, and `#` at the start of a word begins a comment (argv_split in OpenSSH's misc.c).
 * `undefined` when a quote is not closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let i = 0;
  while (i < text.length) {
    if (text[i] === ' ' || text[i] === '\t') {
      i++;
      continue;
    }
    if (text[i] === '#') break;
    let word = '';
    let quote = '';
    for (; i < text.length; i++) {
      const character = text[i] ?? '';
      const next = text[i + 1] ?? '';
      if (
        character === '\\' &&
        (next === '"' || next === "'" || next === '\\' || (quote === '' && next === ' '))
      ) {
        word += next;
        i++;
      } else if (quote === '' && (character === ' ' || character === '\t')) {
        break;
      } else if (quote === '' && (character === '"' || character === "'")) {
        quote = character;
      } else if (quote !== '' && character === quote) {
        quote = '';
      } else {
        word += character;
      }
    }
    if (quote !== '') return undefined;
    words.push(word);
  }
  return words;
}

/** What is left of a line. */
export interface Rest {
  text: string | undefined;
}

/**
 * The next word as the keyword and the criteria of Match are cut (strdelim in misc.c), which is not how arguments
 * are: blanks or one `=` separate, only double quotes group, and there are no escapes. `undefined` at the end, and
 * where a quote is not closed.
 */
export function nextWord(rest: Rest): string | undefined {
  const { text } = rest;
  if (text === undefined) return undefined;
  const at = text.search(/[ \t\r\n"=]/);
  if (at < 0) {
    rest.text = undefined;
    return text;
  }
  if (text[at] === '"') {
    const joined = text.slice(0, at) + text.slice(at + 1);
    const end = joined.indexOf('"', at);
    rest.text = end < 0 ? undefined : skipBlanks(joined.slice(end + 1));
    return end < 0 ? undefined : joined.slice(0, end);
  }
  let after = skipBlanks(text.slice(at + 1));
  if (after.startsWith('=') && text[at] !== '=') after = skipBlanks(after.slice(1));
  rest.text = after;
  return text.slice(0, at);
}

export const skipBlanks = (text: string) => text.replace(/^[ \t\r\n]+/, '');
