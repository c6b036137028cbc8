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
export function matchPatternList(text: string, list: string, caseSensitive = false): boolean {
  let matched = false;
  for (const pattern of list.split(',')) {
    if (pattern.startsWith('!')) {
      if (matchPattern(text, pattern.slice(1), caseSensitive)) return false;
    } else if (matchPattern(text, pattern, caseSensitive)) {
      matched = true;
    }
  }
  return matched;
}
