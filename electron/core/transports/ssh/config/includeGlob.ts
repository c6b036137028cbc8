import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files that match, sorted, as glob(3) gives them: no dot files unless the pattern names the dot. */
export function expandGlob(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return exists(pattern) ? [pattern] : [];
  return expandParts(pattern).filter(exists);
}

function expandParts(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return [pattern];
  const parent = dirname(pattern);
  const name = pattern.slice(parent.length).replace(/^\//, '');
  return expandParts(parent).flatMap((directory) => {
    if (!/[*?[]/.test(name)) return [join(directory, name)];
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

/** `*`, `?` and `[a-z]`, `[!a-z]` of glob(7) in one name. */
function nameMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(
    /\*+|\?|\[([!^]?)(\]?[^\]]*)\]|\\?[\s\S]/g,
    (part, not: string, set: string) => {
      if (part.startsWith('*')) return '.*';
      if (part === '?') return '.';
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
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

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
