import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files that match, sorted, as glob(3) gives them: no dot files unless the pattern names the dot. */
export function expandGlob(pattern: string): string[] {
  return expandParts(pattern).filter(exists);
}

function expandParts(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return [unescaped(pattern)];
  const parent = dirname(pattern);
  const name = pattern.slice(parent.length).replace(/^\//, '');
  return expandParts(parent).flatMap((directory) => {
    if (!/[*?[]/.test(name)) return [join(directory, unescaped(name))];
    const matches = nameMatcher(name);
    try {
      return readdirSync(directory)
        .filter((entry) => (name.startsWith('.') || !entry.startsWith('.')) && matches(entry))
        .sort()
        .map((entry) => join(directory, entry));
    } catch {
      // A folder that cannot be read matches nothing.
      return [];
    }
  });
}

/** `*`, `?`, `[a-z]`, `[!a-z]` and `[[:digit:]]` of glob(7) in one name. */
function nameMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(
    /\*+|\?|\[([!^]?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]|\\?[\s\S]/g,
    (part, not: string, set: string) => {
      if (part.startsWith('*')) return '.*';
      if (part === '?') return '.';
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/\[:([a-z]+):\]|[[\\\]^]/g, member)}]`;
      return part.replace(/^\\(?=.)/s, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    },
  );
  try {
    const expression = new RegExp(`^${source}$`, 's');
    return (name) => expression.test(name);
  } catch {
    return () => false;
  }
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};
const member = (part: string, name: string | undefined) =>
  name === undefined ? `\\${part}` : (CLASSES[name] ?? '');

/** A backslash stands before what is meant as it is written. */
const unescaped = (text: string) => text.replace(/\\(.)/gs, '$1');

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
