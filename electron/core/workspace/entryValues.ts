import { join, resolve } from 'node:path';
import { type Entries, quote, type YamlReader } from './yamlReader.ts';

/** Where relative paths of a workspace file start. */
export interface Paths {
  homeDirectory: string;
  /** The directory of the file. */
  base: string;
}

/**
 * A name that starts with "-" would be an option to whatever is given it; one with signs that are not shown, a trap;
 * and what means something to a shell would be run, where a ProxyCommand or a Match exec of the user's own ssh_config
 * says `%h`. ssh refuses the same on its command line (valid_hostname in ssh.c).
 */
export const canBeHost = (name: string): boolean => !/^-|[\s/@'"\\;|&$<>`(){}\p{Cc}\p{Cf}]/u.test(name);

/** The same for `%r` (valid_ruser in ssh.c). `DOMAIN\me` and `me@realm` are names of accounts. */
export const canBeUser = (name: string): boolean => !/^-|[\s'"`;|&<>(){}\p{Cc}\p{Cf}]|\\$/u.test(name);

export function requiredText(
  reader: YamlReader,
  entries: Entries,
  key: string,
  what: string,
  offset: number,
  expected: string,
): string | undefined {
  const item = entries.get(key);
  if (item) return reader.text(item, key);
  reader.problem(offset, `${what} has no ${key}.`, expected);
  return undefined;
}

export function optionalText(reader: YamlReader, entries: Entries, key: string): string | undefined {
  const item = entries.get(key);
  return item && reader.text(item, key);
}

export function readPort(reader: YamlReader, entries: Entries): number | undefined {
  const item = entries.get('port');
  if (!item) return undefined;
  const value = item.node && 'value' in item.node ? item.node.value : undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  const shown = typeof value === 'number' || typeof value === 'string' ? ` ${quote(String(value))}` : '';
  reader.problem(item.offset, `The port${shown} cannot be used.`, 'a whole number from 1 to 65535');
  return undefined;
}

export function readPath(
  reader: YamlReader,
  entries: Entries,
  key: string,
  paths: Paths,
): string | undefined {
  const item = entries.get(key);
  const path = item && reader.text(item, key);
  if (!item || path === undefined) return undefined;
  if (path === '~') return paths.homeDirectory;
  if (path.startsWith('~/')) return join(paths.homeDirectory, path.slice(2));
  if (path.startsWith('~')) {
    reader.problem(
      item.offset,
      `${key} ${quote(path)} is in another user's home.`,
      'a path that starts with ~/ or /, or relative to this file',
    );
    return undefined;
  }
  return resolve(paths.base, path);
}
