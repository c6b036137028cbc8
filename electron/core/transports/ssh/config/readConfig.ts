import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { matchPattern, matchPatternList } from '../matchPattern.ts';
import { type ConfigValues, firstValue } from './configValues.ts';
import { formatForward, readForward } from './forwardSpec.ts';
import { expandGlob } from './includeGlob.ts';
import { readJumpList, trimJump } from './jumpList.ts';
import { ALIASES, KEYWORDS, type Keyword, PASSED_OVER, readRekeyLimit } from './keywords.ts';
import { type MatchSubject, matchesLine } from './matchBlock.ts';
import { readPort } from './ports.ts';
import { expandTilde, expandTokens } from './tokens.ts';
import { nextWord, type Rest, skipBlanks, splitWords } from './words.ts';

/** One file, and how it is trusted. */
export interface ConfigFile {
  path: string;
  /** The user's, or one that the user's includes; otherwise the system's. */
  user: boolean;
  /** Refuse it if others may write it, as ssh does with all but a file named by hand. */
  checkOwner: boolean;
}

/** One reading of the files for one alias. */
export interface ConfigReader extends Omit<MatchSubject, 'exec' | 'note'> {
  /** `pending`: the command must be run first; the reading stops there, and is worth nothing. */
  exec(command: string): boolean | 'pending' | 'not run';
  pending?: string;
  files: number;
}

/** Include may nest; ssh stops at 16 (READCONF_MAX_DEPTH in readconf.c). It also ends a file that includes itself. */
const MAXIMUM_DEPTH = 16;
/** A glob that names thousands of files, or files that include each other many times over, ends here. */
const MAXIMUM_FILES = 1_000;

/** Takes what one file says into `reader.values` (read_config_file in readconf.c). An absent file says nothing. */
export function readConfigFile(
  reader: ConfigReader,
  file: ConfigFile,
  nested?: { depth: number; parseOnly: boolean },
): void {
  const { values } = reader;
  const depth = nested?.depth ?? 0;
  if (depth > MAXIMUM_DEPTH) {
    values.faults.push(`${file.path} is not read: files are included more than ${MAXIMUM_DEPTH} deep`);
    return;
  }
  if (++reader.files > MAXIMUM_FILES) {
    if (reader.files === MAXIMUM_FILES + 1)
      values.faults.push(
        `${file.path} and what follows is not read: more than ${MAXIMUM_FILES} files are included`,
      );
    return;
  }
  const text = readTrusted(file, values);
  if (text === undefined) return;
  let active = nested?.parseOnly !== true;
  for (const line of linesOf(file.path, text)) {
    if (reader.pending !== undefined) return;
    const { name, raw, words } = line;
    const fault = (what: string) =>
      void values.faults.push(
        `${file.path}:${line.number}: ${what.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300)}`,
      );
    if (raw === '') {
      fault(`${name} has no argument`);
      continue;
    }
    if (!words) {
      fault('a quote is not closed');
    } else if (name === 'host') {
      const matches = matchesHostLine(words, reader.host);
      active = matches === true && nested?.parseOnly !== true;
      if (matches === 'empty pattern') fault('a pattern is empty');
    } else if (name === 'match') {
      const matches = matchesLine(raw, {
        ...reader,
        note: (what) => values.notes.add(`${file.path}:${line.number}: ${what}`),
        exec: (command) => mayRun(reader, file, nested?.parseOnly === true, command, line.number),
      });
      active = matches === true && nested?.parseOnly !== true;
      if (typeof matches === 'object') fault(matches.fault);
    } else if (name === 'include') {
      for (const word of words) {
        const failure = include(reader, file, word, { depth: depth + 1, parseOnly: !active });
        if (failure !== undefined) fault(failure);
      }
    } else {
      const failure = takeLine(reader, { ...line, words }, active, file.user);
      if (failure !== undefined) fault(failure);
    }
  }
}

/** One line that says something, cut as ssh cuts it. */
interface ConfigLine {
  number: number;
  /** The keyword, in lower case, by its present name. */
  name: string;
  /** What follows it. */
  raw: string;
  /** `undefined` where a quote is not closed. */
  words: readonly string[] | undefined;
  /** Its values, worked out once. */
  parse(keyword: Keyword, words: readonly string[]): ReturnType<Keyword['parse']>;
}

/** A fleet of a hundred hosts reads the same few files several times each at start. */
const cut = new Map<string, { text: string; lines: readonly ConfigLine[] }>();
const MOST_CUT = 50;

function linesOf(path: string, text: string): readonly ConfigLine[] {
  const known = cut.get(path);
  if (known?.text === text) return known.lines;
  const lines = text.split('\n').flatMap((whole, index): ConfigLine[] => {
    // A string of C ends at its zero.
    const rest: Rest = { text: whole.replace(/\0.*$/s, '').replace(/[ \t\r\n\f]+$/, '') };
    const keyword = (nextWord(rest) || nextWord(rest) || '').toLowerCase();
    if (keyword === '' || keyword.startsWith('#')) return [];
    const raw = skipBlanks(rest.text ?? '');
    let parsed: ReturnType<Keyword['parse']> | undefined;
    return [
      {
        number: index + 1,
        name: ALIASES[keyword] ?? keyword,
        raw,
        words: splitWords(raw),
        parse(by, words) {
          parsed ??= by.parse({ words, raw });
          return parsed;
        },
      },
    ];
  });
  if (cut.size >= MOST_CUT) cut.clear();
  cut.set(path, { text, lines });
  return lines;
}

/**
 * `undefined` also for what ssh refuses to read at all: a file that somebody else could have written may say
 * `ProxyCommand` anything.
 */
function readTrusted(file: ConfigFile, values: ConfigValues): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file.path, 'r');
  } catch {
    return undefined;
  }
  try {
    const { uid, mode } = fstatSync(descriptor);
    const self = process.getuid?.();
    if (file.checkOwner && self !== undefined && ((uid !== 0 && uid !== self) || (mode & 0o022) !== 0)) {
      values.faults.push(
        `${file.path} is not read: it belongs to another user or can be written by others. Make it yours and chmod 600.`,
      );
      return undefined;
    }
    return readFileSync(descriptor, 'utf8');
  } catch {
    // A folder, for one.
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** `Host a* !ab`: one positive pattern must match and no negated one. Case counts, as in ssh. */
function matchesHostLine(patterns: readonly string[], host: string): boolean | 'empty pattern' {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern === '') return 'empty pattern';
    const negated = pattern.startsWith('!');
    if (!matchPattern(host, negated ? pattern.slice(1) : pattern, true)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function mayRun(
  reader: ConfigReader,
  file: ConfigFile,
  parseOnly: boolean,
  command: string,
  line: number,
): boolean | undefined {
  if (parseOnly) return undefined;
  if (!file.user) {
    reader.values.notes.add(
      `${file.path}:${line}: Match exec is run from your own ssh_config only; the block is passed over`,
    );
    return undefined;
  }
  const result = reader.exec(command);
  if (result === 'pending') reader.pending = command;
  if (result === 'not run') {
    reader.values.notes.add(
      `${file.path}:${line}: Match exec was not run or did not end in time; the block is passed over`,
    );
  }
  return typeof result === 'boolean' ? result : undefined;
}

function include(
  reader: ConfigReader,
  file: ConfigFile,
  word: string,
  nested: { depth: number; parseOnly: boolean },
): string | undefined {
  if (word === '') return 'an argument is empty';
  if (word.startsWith('~') && !file.user) return `a system file cannot include ${word}`;
  const path = expandTilde(word, reader.local);
  // Nobody's home holds no files, as in glob(3).
  if (!path.ok) return undefined;
  const folder = file.user ? join(reader.local.home, '.ssh') : '/etc/ssh';
  const pattern = isAbsolute(path.value) ? path.value : join(folder, path.value);
  for (const found of expandGlob(pattern))
    readConfigFile(reader, { path: found, user: file.user, checkOwner: true }, nested);
  return undefined;
}

/** One line that is not about blocks. Returns why ssh would refuse it. */
function takeLine(
  reader: ConfigReader,
  line: ConfigLine & { words: readonly string[] },
  active: boolean,
  user: boolean,
): string | undefined {
  const { values } = reader;
  const { name, words, raw } = line;
  switch (name) {
    case 'port': {
      const port = words[1] === undefined ? readPort(words[0] ?? '') : undefined;
      if (!port) return `${JSON.stringify(raw.slice(0, 80))} is not a port`;
      return keep(values, name, [String(port)], active);
    }
    case 'tag':
      if (active) values.tag ??= words[0] ?? '';
      return undefined;
    case 'proxyjump': {
      const jump = raw.replace(/^[ \t=]+/, '');
      const hops = readJumpList(jump);
      if (!hops) return `${JSON.stringify(jump.slice(0, 80))} is not a list of jump hosts`;
      if (!active || values.jump) return undefined;
      // A jump forbids a ProxyCommand that comes later, and the other way round; `none` only forbids a later jump.
      if (hops.length === 0) values.jump = { hops, text: 'none' };
      else if (!values.lines.has('proxycommand')) {
        values.jump = { hops, text: trimJump(jump) };
        values.lines.set('proxycommand', ['none']);
      }
      return undefined;
    }
    case 'localforward':
    case 'remoteforward':
    case 'dynamicforward': {
      const kind = name === 'localforward' ? 'local' : name === 'remoteforward' ? 'remote' : 'dynamic';
      const spec = readForward(kind, words, reader.local.environment);
      if (!spec) return `${JSON.stringify(raw.slice(0, 80))} is not a forward`;
      const shown = formatForward(kind, spec);
      const same = values.forwards.some(
        (one) => one.kind === kind && formatForward(kind, one.spec) === shown,
      );
      if (active && !same) values.forwards.push({ kind, spec });
      return undefined;
    }
    case 'rekeylimit': {
      const limit = readRekeyLimit(words);
      if (!limit) return `${JSON.stringify(raw.slice(0, 80))} is not a limit`;
      keep(values, 'rekeybytes', [limit.bytes], active);
      if (limit.interval !== undefined) keep(values, 'rekeyinterval', [limit.interval], active);
      return undefined;
    }
    case 'identityagent':
    case 'forwardagent': {
      const path = words[0] ?? '';
      const expanded = expandTokens(path.replaceAll('%', '%%'), {}, reader.local.environment);
      if (!expanded.ok) return expanded.error;
      if (/^\$(?!\{)(?![A-Za-z0-9_]+$)/.test(path))
        return `${path.slice(0, 80)} is not the name of a variable`;
      // A path says yes, and which; both are kept for themselves, whichever line they come from.
      if (name === 'forwardagent' && path !== '' && !/^(yes|no|true|false)$/i.test(path)) {
        if (words.length > 1) return 'forwardagent: there are more arguments than one';
        keep(values, name, ['yes'], active);
        return keep(values, 'forwardagentpath', [path], active);
      }
      break;
    }
    default:
      break;
  }
  const keyword = KEYWORDS.get(name);
  if (!keyword) {
    const ignored = firstValue(values, 'ignoreunknown');
    if (PASSED_OVER.has(name) || (ignored !== undefined && matchPatternList(name, ignored))) return undefined;
    return `${name} is not a keyword of ssh_config`;
  }
  const parsed = line.parse(keyword, words);
  if ('fault' in parsed) return `${name}: ${parsed.fault}`;
  if (keyword.again === 'kept') return keep(values, name, parsed, active);
  if (!active) return undefined;
  const known = values.lines.get(name) ?? [];
  if (name === 'sendenv') {
    values.lines.set(name, parsed.reduce(addVariable, known));
  } else {
    for (const value of parsed) {
      const key = `${name} ${user ? 'user' : 'system'} ${value}`;
      if (values.users.has(key)) continue;
      values.users.add(key);
      known.push(value);
    }
    values.lines.set(name, known);
  }
  return undefined;
}

function keep(values: ConfigValues, name: string, parsed: readonly string[], active: boolean): undefined {
  if (active && parsed.length > 0 && !values.lines.has(name)) values.lines.set(name, [...parsed]);
}

/** `-LC_*` takes back what earlier lines named. */
const addVariable = (known: string[], word: string): string[] =>
  word.startsWith('-') ? known.filter((name) => !matchPattern(name, word.slice(1), true)) : [...known, word];
