import { matchPattern, matchPatternList } from '../matchPattern.ts';

/** One kind of algorithm: what ssh knows, what it offers by itself, and what can be done here, best first. */
export interface AlgorithmFamily {
  known: readonly string[];
  standard: readonly string[];
  supported: readonly string[];
  /** Names may be patterns in a list that adds or replaces too; in one that takes away they always may. */
  patterns?: true;
}

const names = (text: string): readonly string[] => text.trim().split(/[\s,]+/);

/**
 * aes-gcm measured 260 MB/s and aes-ctr 106 in Node. Never chacha20: BoringSSL under Electron has no such cipher,
 * and ssh2 would offer it and fail. CBC only where it is asked for by name.
 */
export const CIPHERS: AlgorithmFamily = {
  known: names(`3des-cbc aes128-cbc aes192-cbc aes256-cbc aes128-ctr aes192-ctr aes256-ctr
    aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com`),
  standard: names(`chacha20-poly1305@openssh.com aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com
    aes256-gcm@openssh.com`),
  supported: names(`aes128-gcm@openssh.com aes256-gcm@openssh.com aes128-ctr aes192-ctr aes256-ctr aes256-cbc
    aes192-cbc aes128-cbc`),
};

export const MACS: AlgorithmFamily = {
  known: names(`hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 hmac-md5-96 umac-64@openssh.com
    umac-128@openssh.com hmac-sha1-etm@openssh.com hmac-sha1-96-etm@openssh.com hmac-sha2-256-etm@openssh.com
    hmac-sha2-512-etm@openssh.com hmac-md5-etm@openssh.com hmac-md5-96-etm@openssh.com
    umac-64-etm@openssh.com umac-128-etm@openssh.com`),
  standard: names(`umac-64-etm@openssh.com umac-128-etm@openssh.com hmac-sha2-256-etm@openssh.com
    hmac-sha2-512-etm@openssh.com hmac-sha1-etm@openssh.com umac-64@openssh.com umac-128@openssh.com
    hmac-sha2-256 hmac-sha2-512 hmac-sha1`),
  supported: names(`hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-sha1-etm@openssh.com
    hmac-sha2-256 hmac-sha2-512 hmac-sha1`),
};

export const KEY_EXCHANGES: AlgorithmFamily = {
  known: names(`diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group14-sha256
    diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha1
    diffie-hellman-group-exchange-sha256 ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521
    curve25519-sha256 curve25519-sha256@libssh.org sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com
    mlkem768x25519-sha256`),
  standard: names(`sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com curve25519-sha256
    curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521
    diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512
    diffie-hellman-group14-sha256`),
  supported: names(`curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384
    ecdh-sha2-nistp521 diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512
    diffie-hellman-group18-sha512 diffie-hellman-group14-sha256 diffie-hellman-group14-sha1
    diffie-hellman-group-exchange-sha1 diffie-hellman-group1-sha1`),
};

const PLAIN_KEYS = `ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521`;
const SECURITY_KEYS = `sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com`;

/** Signatures of host keys, and of the user's: no certificates and no security keys here, and SHA-1 only by name. */
export const KEY_ALGORITHMS: AlgorithmFamily = {
  known: names(`ssh-ed25519 ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519@openssh.com
    sk-ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256 ecdsa-sha2-nistp256-cert-v01@openssh.com
    ecdsa-sha2-nistp384 ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521
    ecdsa-sha2-nistp521-cert-v01@openssh.com sk-ecdsa-sha2-nistp256@openssh.com
    sk-ecdsa-sha2-nistp256-cert-v01@openssh.com webauthn-sk-ecdsa-sha2-nistp256@openssh.com ssh-dss
    ssh-dss-cert-v01@openssh.com ssh-rsa ssh-rsa-cert-v01@openssh.com rsa-sha2-256
    rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512 rsa-sha2-512-cert-v01@openssh.com`),
  standard: names(`ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com
    ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com
    sk-ssh-ed25519-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com
    rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com ${PLAIN_KEYS} ${SECURITY_KEYS}
    rsa-sha2-512 rsa-sha2-256`),
  supported: names(`${PLAIN_KEYS} rsa-sha2-512 rsa-sha2-256 ssh-rsa`),
  patterns: true,
};

/** Signatures of certificate authorities, which are shown and not used. */
export const AUTHORITY_ALGORITHMS: AlgorithmFamily = {
  known:
    names(`ssh-ed25519 sk-ssh-ed25519@openssh.com ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521
    sk-ecdsa-sha2-nistp256@openssh.com webauthn-sk-ecdsa-sha2-nistp256@openssh.com ssh-dss ssh-rsa
    rsa-sha2-256 rsa-sha2-512`),
  standard: names(`${PLAIN_KEYS} ${SECURITY_KEYS} rsa-sha2-512 rsa-sha2-256`),
  supported: [],
  patterns: true,
};

/** Kinds of keys that ssh takes for names here, and that then name nothing. */
const KINDS_OF_KEYS = /^(rsa|dsa|ecdsa|ecdsa-sk|ed25519|ed25519-sk)$/i;

/** Whether ssh takes a value at all: of what is added, put first or named, it must know every one. */
export function isAlgorithmList(value: string, family: AlgorithmFamily): boolean {
  if (value.startsWith('-')) return true;
  const list = value.replace(/^[+^]/, '').split(',');
  // An empty name ends the list.
  const end = list.indexOf('');
  const named = end < 0 ? list : list.slice(0, end);
  if (list.length === 1 && end === 0) return false;
  return named.every((name) => (family.patterns ? isKeyPattern(name) : family.known.includes(name)));
}

const isKeyPattern = (pattern: string) =>
  KINDS_OF_KEYS.test(pattern) ||
  KEY_ALGORITHMS.known.some((name) => matchPattern(name, pattern.replace(/^!/, ''), true));

/**
 * The list that a value asks for: `+more`, `-without`, `^first`, or a whole list, with patterns where ssh takes
 * them (kex_assemble_names in kex.c). `undefined` when nothing is left, which ssh refuses too.
 */
export function assemble(value: string | undefined, family: AlgorithmFamily): string[] | undefined {
  if (value === undefined || value === '') return [...family.standard];
  const list = value.slice(1);
  if (value.startsWith('-')) return family.standard.filter((name) => !matchPatternList(name, list, true));
  const wanted = value.startsWith('+')
    ? // An empty name ends what is added, and is passed over elsewhere.
      [...family.standard, ...list.replace(/,,.*$/, '').split(',')]
    : value.startsWith('^')
      ? [...list.split(','), ...family.standard]
      : value.split(',');
  // A negated name is found out here only, and then the whole list is nothing.
  if (wanted.some((pattern) => pattern.startsWith('!'))) return undefined;
  const found = wanted.flatMap((pattern) => family.known.filter((name) => matchPattern(name, pattern, true)));
  return found.length === 0 ? undefined : [...new Set(found)];
}

/** What is offered to a server: what was asked for, as far as it can be done here; by default our own order. */
export function offered(value: string | undefined, family: AlgorithmFamily): string[] {
  if (value === undefined) return family.supported.filter((name) => family.standard.includes(name));
  return (assemble(value, family) ?? []).filter((name) => family.supported.includes(name));
}
