import { createHash, hash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok, type Result } from '../../../../shared/base/result.ts';
import { matchPattern } from './matchPattern.ts';

/** The host as its key is filed: HostKeyAlias or the host name, and the port. */
export interface KnownHostName {
  host: string;
  port: number;
}

/**
 * - `known`: the key is on file
 * - `unknown`: the host has no key on file
 * - `changed`: another key of the same type is on file
 * - `otherType`: the host is on file, but with keys of other types only
 * - `revoked`: the key is marked as revoked, for this host or any that matches the line
 */
export type KeyVerdict =
  | { kind: 'known' }
  | { kind: 'unknown' }
  | { kind: 'changed' | 'otherType'; line: KnownHostLine }
  | { kind: 'revoked'; line: KnownHostLine };

export interface KnownHostLine {
  file: string;
  line: number;
  marker?: 'revoked' | 'cert-authority';
  hosts: string;
  /** Of a hashed name. */
  salt?: Buffer;
  keyType: string;
  key: Buffer;
}

export interface KnownHosts {
  check(name: KnownHostName, key: Buffer): KeyVerdict;
  /** Types on file for this host, without revoked ones. */
  keyTypes(name: KnownHostName): string[];
  /** Certificate authorities for this host: they are not used, which is worth a word. */
  readonly certificateAuthorities: (name: KnownHostName) => KnownHostLine[];
}

/** Reads the files in order (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Missing files and malformed lines count as absent. */
export function readKnownHosts(files: readonly string[]): KnownHosts {
  const lines = files.flatMap(linesOfFile);
  const found = new Map<string, KnownHostLine[]>();
  const linesOf = (filed: string) => {
    let own = found.get(filed);
    if (!own) {
      own = lines.filter((line) => hostsMatch(line, filed));
      found.set(filed, own);
    }
    return own;
  };
  // Keys may have been filed before the port was; they can make a host known, never another one changed
  // (sshconnect.c, check_host_key: "checking without port identifier").
  const withoutPort = (name: KnownHostName) => (name.port === 22 ? [] : linesOf(name.host.toLowerCase()));
  const plain = (some: readonly KnownHostLine[]) => some.filter((line) => !line.marker);
  return {
    check(name, key) {
      const own = linesOf(filedName(name));
      const anywhere = [...own, ...withoutPort(name)];
      const revoked = anywhere.find((line) => line.marker === 'revoked' && line.key.equals(key));
      if (revoked) return { kind: 'revoked', line: revoked };
      if (plain(own).some((line) => line.key.equals(key))) return { kind: 'known' };
      const type = keyTypeOf(key);
      const sameType = plain(own).find((line) => line.keyType === type);
      if (sameType) return { kind: 'changed', line: sameType };
      if (plain(anywhere).some((line) => line.key.equals(key))) return { kind: 'known' };
      const other = plain(own)[0];
      return other ? { kind: 'otherType', line: other } : { kind: 'unknown' };
    },
    keyTypes(name) {
      const own = plain(linesOf(filedName(name)));
      return [...new Set((own.length > 0 ? own : plain(withoutPort(name))).map((line) => line.keyType))];
    },
    certificateAuthorities: (name) =>
      [...linesOf(filedName(name)), ...withoutPort(name)].filter((line) => line.marker === 'cert-authority'),
  };
}

/** A fleet of a hundred hosts reads the same files, and they may have thousands of lines. */
const read = new Map<string, { text: string; lines: readonly KnownHostLine[] }>();
const MOST_READ = 20;

function linesOfFile(file: string): readonly KnownHostLine[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const before = read.get(file);
  if (before?.text === text) return before.lines;
  const lines = text.split(/\r?\n/).flatMap((line, index) => parseLine(line, file, index + 1) ?? []);
  if (read.size >= MOST_READ) read.clear();
  read.set(file, { text, lines });
  return lines;
}

/** Appends one key. The file is made 0600 and its folder 0700 when absent, as ssh makes them. */
export function addKnownHost(
  file: string,
  name: KnownHostName,
  key: Buffer,
  hashed: boolean,
): Result<void, string> {
  const host = hashed ? hashName(filedName(name), randomBytes(20)) : filedName(name);
  const line = `${host} ${keyTypeOf(key)} ${key.toString('base64')}\n`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendFileSync(file, needsNewline(file) ? `\n${line}` : line, { mode: 0o600 });
    return ok(undefined);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

/** `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type inside a public key blob: a length and the name (RFC 4253, 6.6). `unknown` when it is malformed. */
export function keyTypeOf(key: Buffer): string {
  if (key.length < 4) return 'unknown';
  const length = key.readUInt32BE(0);
  if (length > 64 || key.length < 4 + length) return 'unknown';
  const type = key.toString('latin1', 4, 4 + length);
  return /^[A-Za-z0-9@.-]+$/.test(type) ? type : 'unknown';
}

/**
 * Signature algorithms to ask the server for, those of keys on file first: a host known by its ed25519 key must
 * not look changed because it would rather show an RSA one.
 */
export function orderHostKeyAlgorithms(all: readonly string[], known: readonly string[]): string[] {
  const isKnown = (algorithm: string) =>
    known.includes(algorithm) || (known.includes('ssh-rsa') && algorithm.startsWith('rsa-sha2-'));
  return [...all.filter(isKnown), ...all.filter((algorithm) => !isKnown(algorithm))];
}

/** `host`, or `[host]:port` when the port is not 22. */
export function filedName(name: KnownHostName): string {
  const host = name.host.toLowerCase();
  return name.port === 22 ? host : `[${host}]:${name.port}`;
}

function parseLine(line: string, file: string, number: number): KnownHostLine | undefined {
  const words = line.trim().split(/\s+/);
  if (words[0] === '' || words[0]?.startsWith('#')) return undefined;
  const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
  if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return undefined;
  const [hosts, keyType, encoded] = words;
  if (!hosts || !keyType || !encoded) return undefined;
  const key = Buffer.from(encoded, 'base64');
  if (keyTypeOf(key) !== keyType) return undefined;
  const salt = /^\|1\|([^|]*)\|/.exec(hosts)?.[1];
  return {
    file,
    line: number,
    hosts,
    keyType,
    key,
    ...(marker === undefined ? {} : { marker }),
    ...(salt === undefined ? {} : { salt: Buffer.from(salt, 'base64') }),
  };
}

function hostsMatch({ hosts, salt }: KnownHostLine, name: string): boolean {
  if (salt) return hashName(name, salt) === hosts;
  let matched = false;
  for (const pattern of hosts.split(',')) {
    if (pattern.startsWith('!')) {
      if (matchPattern(name, pattern.slice(1))) return false;
    } else if (matchPattern(name, pattern)) {
      matched = true;
    }
  }
  return matched;
}

/**
 * `|1|salt|HMAC-SHA1(salt, name)`: what HashKnownHosts writes (hostfile.c). Two plain hashes (RFC 2104) measured 4 us
 * where `createHmac` took 14: with five thousand lines and a hundred hosts that is five seconds of a start.
 */
function hashName(name: string, salt: Buffer): string {
  const key = salt.length > SHA1_BLOCK ? hash('sha1', salt, 'buffer') : salt;
  const padded = (pad: number, message: Buffer) => {
    const block = Buffer.alloc(SHA1_BLOCK + message.length, pad);
    for (let at = 0; at < key.length; at++) block[at] = (key[at] ?? 0) ^ pad;
    message.copy(block, SHA1_BLOCK);
    return block;
  };
  const inner = hash('sha1', padded(0x36, Buffer.from(name)), 'buffer');
  return `|1|${salt.toString('base64')}|${hash('sha1', padded(0x5c, inner), 'base64')}`;
}

const SHA1_BLOCK = 64;

function needsNewline(file: string): boolean {
  try {
    const bytes = readFileSync(file);
    return bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a;
  } catch {
    return false;
  }
}
