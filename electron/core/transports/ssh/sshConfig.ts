import { readdirSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { matchPattern, matchPatternList, splitWords } from './sshConfigSyntax.ts';

/** Where ssh_config is read and for whom; everything has the value that ssh itself would take. */
export interface SshConfigOptions {
  /** Default `~/.ssh/config`. */
  userFile?: string;
  /** Default `/etc/ssh/ssh_config`. */
  systemFile?: string;
  homeDirectory?: string;
  localUser?: string;
}

/** What the command line of ssh would say; these win over every file. */
export interface SshOverrides {
  port?: number;
  user?: string;
  identityFiles?: string[];
  userKnownHostsFiles?: string[];
  /** Hops in order; an empty list forbids the file's. */
  jump?: string[];
  hostKeyAlias?: string;
}

/** An alias after ssh_config(5). Paths are absolute, tokens and `~` are expanded. */
export interface SshTarget {
  alias: string;
  hostname: string;
  port: number;
  user: string;
  /** In the order in which they are tried. */
  identityFiles: string[];
  /** False when no file named any and these are ssh's defaults: then a missing one is not worth a word. */
  identityFilesNamed: boolean;
  identitiesOnly: boolean;
  /** A socket path, `none`, or absent for SSH_AUTH_SOCK. */
  identityAgent?: string;
  jump: string[];
  proxyCommand?: string;
  hostKeyAlias?: string;
  userKnownHostsFiles: string[];
  globalKnownHostsFiles: string[];
  strictHostKeyChecking: 'ask' | 'yes' | 'no' | 'accept-new';
  hashKnownHosts: boolean;
  serverAliveIntervalSeconds?: number;
  connectTimeoutSeconds?: number;
  /** Names or patterns of local variables to offer to the server. */
  sendEnv: string[];
  setEnv: Record<string, string>;
  /** What was in the files and is not honoured, for people. */
  warnings: string[];
}

/** Include may nest; ssh stops at 16 (READCONF_MAX_DEPTH in readconf.c). It also ends a file that includes itself. */
const MAXIMUM_DEPTH = 16;

const DEFAULT_IDENTITIES = [
  'id_rsa',
  'id_ecdsa',
  'id_ecdsa_sk',
  'id_ed25519',
  'id_ed25519_sk',
  'id_xmss',
  'id_dsa',
];

/**
 * Resolves one alias as ssh does (ssh_config(5)): the first value of a keyword wins, the user's file before the
 * system's, IdentityFile and SendEnv accumulate. `Match exec` is never run: it counts as not matching, and a
 * warning says so. Unreadable files count as empty, as in ssh.
 */
export function resolveSshConfig(
  alias: string,
  options: SshConfigOptions = {},
  overrides: SshOverrides = {},
): SshTarget {
  const home = options.homeDirectory ?? homedir();
  const localUser = options.localUser ?? userInfo().username;
  const values: Values = {
    identityFiles: [],
    sendEnv: [],
    setEnv: [],
    warnings: new Set(),
    wantsFinal: false,
  };
  if (overrides.user !== undefined) values.user = overrides.user;
  if (overrides.port !== undefined) values.port = String(overrides.port);
  if (overrides.hostKeyAlias !== undefined) values.hostKeyAlias = overrides.hostKeyAlias;
  if (overrides.identityFiles) values.identityFiles.push(...overrides.identityFiles);
  if (overrides.userKnownHostsFiles) values.userKnownHostsFile = overrides.userKnownHostsFiles;
  if (overrides.jump) values.proxyJump = overrides.jump.length > 0 ? overrides.jump.join(',') : 'none';

  const userFile = options.userFile ?? join(home, '.ssh', 'config');
  const systemFile = options.systemFile ?? '/etc/ssh/ssh_config';
  const read = (final: boolean) => {
    const reader: Reader = { alias, localUser, home, final, values, files: 0 };
    readFile(reader, userFile, join(home, '.ssh'), true, 0);
    readFile(reader, systemFile, '/etc/ssh', true, 0);
  };
  read(false);
  // `Match final` asks for a second reading with the first one's values standing (readconf.c, want_final_pass).
  if (values.wantsFinal) read(true);
  return finish(alias, values, home, localUser);
}

interface Values {
  hostname?: string;
  user?: string;
  port?: string;
  identityFiles: string[];
  identitiesOnly?: string;
  identityAgent?: string;
  proxyJump?: string;
  proxyCommand?: string;
  hostKeyAlias?: string;
  userKnownHostsFile?: string[];
  globalKnownHostsFile?: string[];
  strictHostKeyChecking?: string;
  hashKnownHosts?: string;
  serverAliveInterval?: string;
  connectTimeout?: string;
  sendEnv: string[];
  setEnv: string[];
  warnings: Set<string>;
  wantsFinal: boolean;
}

interface Reader {
  alias: string;
  localUser: string;
  home: string;
  final: boolean;
  values: Values;
  files: number;
}

/** A glob that names thousands of files, or files that include each other many times over, ends here. */
const MAXIMUM_FILES = 1_000;

function readFile(reader: Reader, path: string, includeBase: string, outer: boolean, depth: number): void {
  if (++reader.files > MAXIMUM_FILES) {
    reader.values.warnings.add(
      `${path} and what follows is not read: more than ${MAXIMUM_FILES} files are included`,
    );
    return;
  }
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return;
  }
  let active = outer;
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const keyword = /^"?([A-Za-z0-9]+)"?(?:\s*=\s*|\s+|$)/.exec(trimmed);
    const where = `${path}:${index + 1}`;
    if (!keyword?.[1]) {
      reader.values.warnings.add(`${where}: not understood`);
      continue;
    }
    const name = keyword[1].toLowerCase();
    const rest = trimmed.slice(keyword[0].length);
    const words = splitWords(rest);
    if (!words) {
      reader.values.warnings.add(`${where}: a quote is not closed`);
      continue;
    }
    if (name === 'host') {
      active = outer && matchesHostLine(words, reader.alias);
    } else if (name === 'match') {
      active = matchesCriteria(words, reader, where) && outer;
    } else if (name === 'include') {
      if (!active) continue;
      if (depth + 1 >= MAXIMUM_DEPTH) {
        reader.values.warnings.add(
          `${where}: files are included more than ${MAXIMUM_DEPTH} deep; this one is not read`,
        );
        continue;
      }
      for (const word of words) {
        const pattern = expandHome(word, reader.home);
        const absolute = isAbsolute(pattern) ? pattern : join(includeBase, pattern);
        for (const file of expandGlob(absolute)) readFile(reader, file, includeBase, active, depth + 1);
      }
    } else if (active) {
      take(reader.values, name, words, rest);
    }
  }
}

function take(values: Values, name: string, words: string[], rest: string): void {
  const word = words[0];
  if (word === undefined) return;
  switch (name) {
    case 'hostname':
      values.hostname ??= word;
      break;
    case 'user':
      values.user ??= word;
      break;
    case 'port':
      values.port ??= word;
      break;
    case 'identityfile':
      if (!values.identityFiles.includes(word)) values.identityFiles.push(word);
      break;
    case 'identitiesonly':
      values.identitiesOnly ??= word;
      break;
    case 'identityagent':
      values.identityAgent ??= word;
      break;
    // Whichever of the two comes first forbids the other (readconf.c, parse_jump).
    case 'proxyjump':
      if (values.proxyCommand === undefined) values.proxyJump ??= word;
      break;
    case 'proxycommand':
      if (values.proxyJump === undefined) values.proxyCommand ??= rest;
      break;
    case 'hostkeyalias':
      values.hostKeyAlias ??= word;
      break;
    case 'userknownhostsfile':
      values.userKnownHostsFile ??= words;
      break;
    case 'globalknownhostsfile':
      values.globalKnownHostsFile ??= words;
      break;
    case 'stricthostkeychecking':
      values.strictHostKeyChecking ??= word;
      break;
    case 'hashknownhosts':
      values.hashKnownHosts ??= word;
      break;
    case 'serveraliveinterval':
      values.serverAliveInterval ??= word;
      break;
    case 'connecttimeout':
      values.connectTimeout ??= word;
      break;
    case 'sendenv':
      values.sendEnv.push(...words);
      break;
    case 'setenv':
      if (values.setEnv.length === 0) values.setEnv.push(...words);
      break;
    default:
      break;
  }
}

/** `Host a* !ab`: one positive pattern must match and no negated one. */
function matchesHostLine(patterns: string[], alias: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (matchPattern(alias, pattern.slice(1))) return false;
    } else if (matchPattern(alias, pattern)) {
      matched = true;
    }
  }
  return matched;
}

function matchesCriteria(words: string[], reader: Reader, where: string): boolean {
  const { values, alias, localUser } = reader;
  let matches = true;
  for (let i = 0; i < words.length; i++) {
    const word = (words[i] ?? '').toLowerCase();
    const negated = word.startsWith('!');
    const [name = '', inline] = splitCriterion(negated ? word.slice(1) : word, words[i] ?? '');
    if (name === 'all') {
      if (negated) matches = false;
      continue;
    }
    if (name === 'canonical' || name === 'final') {
      // Canonical names are not looked up here, so that pass only ever is the final one.
      if (name === 'final') values.wantsFinal = true;
      if (reader.final === negated) matches = false;
      continue;
    }
    const argument = inline ?? words[++i];
    if (argument === undefined) {
      values.warnings.add(`${where}: Match ${name} needs a value; the block is passed over`);
      return false;
    }
    let hit: boolean;
    switch (name) {
      case 'host':
        hit = matchPatternList(
          values.hostname === undefined ? alias : expandHostname(values.hostname, alias),
          argument,
        );
        break;
      case 'originalhost':
        hit = matchPatternList(alias, argument);
        break;
      case 'user':
        hit = matchPatternList(values.user ?? localUser, argument);
        break;
      case 'localuser':
        hit = matchPatternList(localUser, argument);
        break;
      case 'exec':
        values.warnings.add(`${where}: Match exec is not run here; the block is passed over`);
        return false;
      default:
        values.warnings.add(`${where}: Match ${name} is not supported here; the block is passed over`);
        return false;
    }
    if (hit === negated) matches = false;
  }
  return matches;
}

/** `Match host=web*` is allowed beside `Match host web*`. */
function splitCriterion(lower: string, original: string): [string, string | undefined] {
  const equals = lower.indexOf('=');
  if (equals < 0) return [lower, undefined];
  return [lower.slice(0, equals), original.slice(original.indexOf('=') + 1)];
}

function finish(alias: string, values: Values, home: string, localUser: string): SshTarget {
  const warnings = values.warnings;
  const hostname = values.hostname === undefined ? alias : expandHostname(values.hostname, alias);
  const port = readPort(values.port, warnings);
  const user = values.user ?? localUser;
  const jump =
    values.proxyJump === undefined || values.proxyJump.toLowerCase() === 'none'
      ? []
      : values.proxyJump.split(',');
  const tokens: Record<string, string> = {
    '%': '%',
    h: hostname,
    n: alias,
    p: String(port),
    r: user,
    u: localUser,
    d: home,
    k: values.hostKeyAlias ?? alias,
    j: values.proxyJump ?? '',
  };
  const expand = (value: string) => expandHome(expandTokens(expandVariables(value), tokens, warnings), home);
  const named = values.identityFiles.filter((file) => file.toLowerCase() !== 'none');
  const identityFilesNamed = values.identityFiles.length > 0;
  const strict = (values.strictHostKeyChecking ?? 'ask').toLowerCase();
  const target: SshTarget = {
    alias,
    hostname,
    port,
    user,
    identityFiles: identityFilesNamed
      ? named.map(expand)
      : DEFAULT_IDENTITIES.map((name) => join(home, '.ssh', name)),
    identityFilesNamed,
    identitiesOnly: isYes(values.identitiesOnly),
    jump: jump.map((hop) => hop.trim()).filter((hop) => hop !== ''),
    userKnownHostsFiles: (values.userKnownHostsFile ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'])
      .filter((file) => file.toLowerCase() !== 'none')
      .map(expand),
    globalKnownHostsFiles: (
      values.globalKnownHostsFile ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']
    )
      .filter((file) => file.toLowerCase() !== 'none')
      .map((file) => expandHome(file, home)),
    strictHostKeyChecking:
      strict === 'yes' || strict === 'true'
        ? 'yes'
        : strict === 'accept-new'
          ? 'accept-new'
          : strict === 'no' || strict === 'off' || strict === 'false'
            ? 'no'
            : 'ask',
    hashKnownHosts: isYes(values.hashKnownHosts),
    sendEnv: values.sendEnv,
    setEnv: Object.fromEntries(
      values.setEnv.flatMap((pair) =>
        pair.includes('=') ? [[pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]] : [],
      ),
    ),
    warnings: [],
  };
  if (values.identityAgent !== undefined && values.identityAgent !== 'SSH_AUTH_SOCK') {
    // `$NAME` alone names a variable that holds the path (ssh_config(5), IdentityAgent).
    const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(values.identityAgent)?.[1];
    const agent = variable === undefined ? expand(values.identityAgent) : process.env[variable];
    if (agent) target.identityAgent = agent;
  }
  if (values.proxyCommand !== undefined && values.proxyCommand.toLowerCase() !== 'none') {
    target.proxyCommand = expandTokens(values.proxyCommand, tokens, warnings);
  }
  if (values.hostKeyAlias !== undefined) target.hostKeyAlias = values.hostKeyAlias;
  const alive = readSeconds(values.serverAliveInterval);
  if (alive !== undefined && alive > 0) target.serverAliveIntervalSeconds = alive;
  const timeout = readSeconds(values.connectTimeout);
  if (timeout !== undefined && timeout > 0) target.connectTimeoutSeconds = timeout;
  target.warnings = [...warnings];
  return target;
}

const isYes = (value: string | undefined) => value !== undefined && /^(yes|true)$/i.test(value);

function readPort(value: string | undefined, warnings: Set<string>): number {
  if (value === undefined) return 22;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  warnings.add(`Port ${value.slice(0, 20)} is not a port; 22 is used`);
  return 22;
}

/** `90`, `1m30s` (sshd_config(5), TIME FORMATS). `undefined` for anything else, `none` included. */
function readSeconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^(\d+[smhdw]?)+$/i.test(value)) return undefined;
  const seconds: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
  let total = 0;
  for (const [, count, unit] of value.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)) {
    total += Number(count) * (seconds[unit || 's'] ?? 1);
  }
  return total;
}

const expandHostname = (hostname: string, alias: string) =>
  hostname.replace(/%([%h])/g, (_, token: string) => (token === 'h' ? alias : '%'));

function expandTokens(value: string, tokens: Record<string, string>, warnings: Set<string>): string {
  return value.replace(/%(.)/g, (whole, token: string) => {
    const known = tokens[token];
    if (known === undefined)
      warnings.add(`${whole} in ${value.slice(0, 200)} is not supported here and stays as it is`);
    return known ?? whole;
  });
}

const expandVariables = (value: string) =>
  value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => process.env[name] ?? whole);

function expandHome(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** Files that match, sorted, as glob(3) gives them: no dot files unless the pattern names the dot. */
function expandGlob(pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return [pattern];
  const parent = dirname(pattern);
  const name = pattern.slice(parent.length).replace(/^\//, '');
  const found: string[] = [];
  for (const directory of expandGlob(parent)) {
    if (!/[*?[]/.test(name)) {
      found.push(join(directory, name));
      continue;
    }
    try {
      for (const entry of readdirSync(directory).sort()) {
        if (entry.startsWith('.') && !name.startsWith('.')) continue;
        if (matchPattern(entry, name, true)) found.push(join(directory, entry));
      }
    } catch {
      // A folder that cannot be read matches nothing.
    }
  }
  return found;
}
