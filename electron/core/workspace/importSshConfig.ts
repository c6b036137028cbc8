import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, matchesGlob } from 'node:path';
import { ok } from '../../../shared/base/result.ts';
import { nextWord, type Rest, skipBlanks, splitWords } from '../transports/ssh/config/words.ts';
import { canBeHost } from './entryValues.ts';
import type { Importer } from './importers.ts';
import { freeId, workspaceText } from './workspaceDraft.ts';

/** As ssh itself: readconf.c, READCONF_MAX_DEPTH. */
const MAXIMUM_DEPTH = 16;

/**
 * The concrete aliases of an ssh_config(5), each as a host that is reached by its alias: their HostName, User,
 * ProxyJump and so on stay where they are and keep being resolved there. Patterns (`web-*`) and negations (`!old`) name
 * no one host and are left out. `Include` is followed as ssh does it: globs, relative to ~/.ssh. A file that cannot be
 * read is a warning.
 */
export const importSshConfig: Importer = (text, options) => {
  const { file: path, homeDirectory } = options;
  const readText = options.readText ?? ((file: string) => readFileSync(file, 'utf8'));
  const listDirectory = options.listDirectory ?? ((directory: string) => readdirSync(directory));
  /** With the line that names each first. */
  const aliases = new Map<string, string>();
  const warnings: string[] = [];
  const open: string[] = [];

  const readFile = (file: string, depth: number, content?: string) => {
    if (open.includes(file)) {
      warnings.push(`${file} includes itself; it was read once.`);
      return;
    }
    if (depth > MAXIMUM_DEPTH) {
      warnings.push(`${file} is included ${depth} deep; ssh stops there, and so does this import.`);
      return;
    }
    open.push(file);
    for (const [index, line] of (content ?? readText(file))
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .entries()) {
      readLine(line, `${file}:${index + 1}`, depth);
    }
    open.pop();
  };

  const readLine = (line: string, where: string, depth: number) => {
    const rest: Rest = { text: line.trimEnd() };
    const keyword = (nextWord(rest) || nextWord(rest) || '').toLowerCase();
    if (keyword !== 'host' && keyword !== 'match' && keyword !== 'include') return;
    const words = splitWords(skipBlanks(rest.text ?? ''));
    if (!words) {
      warnings.push(`${where}: a quote is not closed; nothing was imported from this line.`);
      return;
    }
    switch (keyword) {
      case 'host':
        for (const word of words) {
          if (word !== '' && !/[*?!]/.test(word) && !aliases.has(word)) aliases.set(word, where);
        }
        break;
      case 'match':
        if (words.some((word) => /^!?exec(=|$)/i.test(word))) {
          warnings.push(`${where}: "Match exec" runs a command; it was not run and is ignored.`);
        } else if (words[0]?.toLowerCase() !== 'all') {
          warnings.push(`${where}: "Match" names no hosts of its own; nothing was imported from it.`);
        }
        break;
      case 'include':
        for (const word of words) include(word, where, depth);
        break;
    }
  };

  const include = (pattern: string, where: string, depth: number) => {
    if (/[%$]|^~[^/]/.test(pattern)) {
      warnings.push(`${where}: "Include ${pattern}" depends on variables; it was not followed.`);
      return;
    }
    const expanded = pattern.replace(/^~(?=\/|$)/, homeDirectory);
    const full = isAbsolute(expanded) ? expanded : join(homeDirectory, '.ssh', expanded);
    for (const file of matchingFiles(full, listDirectory)) {
      try {
        readFile(file, depth + 1);
      } catch (error) {
        open.length = depth;
        warnings.push(`${where}: ${file} cannot be read: ${(error as { code?: string }).code ?? error}.`);
      }
    }
  };

  readFile(path, 1, text);
  const hosts: { id: string; ssh: string }[] = [];
  const ids = new Set<string>();
  for (const [alias, where] of aliases) {
    if (!canBeHost(alias)) {
      warnings.push(
        `${where}: the alias ${JSON.stringify(alias)} cannot be used as a host and was left out.`,
      );
      continue;
    }
    const id = freeId(alias, ids);
    ids.add(id);
    hosts.push({ id, ssh: alias });
  }
  if (hosts.length === 0) warnings.push(`${path} names no host by itself: it has only patterns, or nothing.`);
  return ok({
    text: workspaceText({
      name: basename(dirname(path)) === '.ssh' ? 'ssh hosts' : basename(path),
      comment: 'Imported from an ssh_config: each alias keeps being resolved there.',
      hosts,
    }),
    hostCount: hosts.length,
    warnings,
  });
};

/** glob(3) for `*`, `?` and `[…]` in any part of an absolute path; hidden files only when asked for. */
function matchingFiles(pattern: string, listDirectory: (path: string) => string[]): string[] {
  let found = ['/'];
  for (const part of pattern.split('/').filter((one) => one !== '')) {
    if (!/[*?[]/.test(part)) {
      found = found.map((directory) => join(directory, part));
      continue;
    }
    found = found.flatMap((directory) => {
      try {
        return listDirectory(directory)
          .filter((name) => (part.startsWith('.') || !name.startsWith('.')) && matchesGlob(name, part))
          .sort()
          .map((name) => join(directory, name));
      } catch {
        return [];
      }
    });
  }
  return found;
}
