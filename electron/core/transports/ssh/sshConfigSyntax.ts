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

/**
 * `*` any run, `?` any one character (match.c). Runs in time proportional to the product of both lengths, so a
 * pattern of many stars in a hostile file cannot hang us, as a regular expression could.
 */
export function matchPattern(text: string, pattern: string, caseSensitive = false): boolean {
  const subject = caseSensitive ? text : text.toLowerCase();
  const wanted = caseSensitive ? pattern : pattern.toLowerCase();
  let t = 0;
  let p = 0;
  let star = -1;
  let resumeAt = 0;
  while (t < subject.length) {
    if (p < wanted.length && wanted[p] !== '*' && (wanted[p] === '?' || wanted[p] === subject[t])) {
      t++;
      p++;
    } else if (wanted[p] === '*') {
      star = p++;
      resumeAt = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (wanted[p] === '*') p++;
  return p === wanted.length;
}

/** `a*,!ab`: one positive pattern must match and no negated one. */
export function matchPatternList(text: string, list: string): boolean {
  let matched = false;
  for (const pattern of list.split(',')) {
    if (pattern.startsWith('!')) {
      if (matchPattern(text, pattern.slice(1))) return false;
    } else if (matchPattern(text, pattern)) {
      matched = true;
    }
  }
  return matched;
}
