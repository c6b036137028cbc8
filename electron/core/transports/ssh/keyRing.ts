import { readFileSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import { OPENSSH_MAGIC, parseKey } from './keyFile.ts';
import { unlockKey } from './unlockKey.ts';

/** How a passphrase is asked for; `null` gives up on the key. */
export type AskPassphrase = (retry: boolean) => Promise<string | null>;

/**
 * Private keys in memory, for one run of the program: a passphrase is asked once, however many hosts want the
 * key at the same time. Nothing is written.
 */
export interface KeyRing {
  /**
   * The public half, without asking: from the key itself, its unencrypted header or the `.pub` beside it.
   * `locked`: a key is there, and even its public half needs the passphrase (old PEM form).
   */
  publicKey(path: string): ParsedKey | 'absent' | 'locked' | { unusable: string };
  /** Unlocked; `undefined` when nobody gave the right passphrase. */
  privateKey(path: string, ask: AskPassphrase): Promise<ParsedKey | undefined>;
}

const MAXIMUM_TRIES = 3;

export function createKeyRing(): KeyRing {
  const unlocked = new Map<string, ParsedKey>();
  const asking = new Map<string, Promise<ParsedKey | undefined>>();

  async function unlock(path: string, ask: AskPassphrase): Promise<ParsedKey | undefined> {
    const text = readFileSync(path);
    const plain = parseKey(text);
    if (!(plain instanceof Error)) return remember(path, plain);
    for (let attempt = 0; attempt < MAXIMUM_TRIES; attempt++) {
      const passphrase = await ask(attempt > 0);
      if (passphrase === null) return undefined;
      const key = await unlockKey(text, passphrase);
      if (!(key instanceof Error)) return remember(path, key);
    }
    return undefined;
  }

  function remember(path: string, key: ParsedKey): ParsedKey | undefined {
    if (!key.isPrivateKey()) return undefined;
    unlocked.set(path, key);
    return key;
  }

  return {
    publicKey(path) {
      const known = unlocked.get(path);
      if (known) return known;
      let text: Buffer;
      try {
        text = readFileSync(path);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        // A bare `.pub` names a key that the agent holds (ssh_config(5), IdentityFile).
        if (code === 'ENOENT') return readPublicFile(`${path}.pub`) ?? 'absent';
        return { unusable: `${path} cannot be read (${code ?? 'unknown error'})` };
      }
      const whole = parseKey(text);
      if (!(whole instanceof Error)) return whole;
      const cipher = cipherOf(text);
      // Every passphrase would be a wrong one.
      if (cipher?.startsWith('chacha20'))
        return { unusable: `${path} is locked with ${cipher}, which cannot be undone here` };
      if (cipher === undefined)
        return { unusable: `${path} is not a private key that can be used here (${whole.message})` };
      return publicHeader(text) ?? readPublicFile(`${path}.pub`) ?? 'locked';
    },
    async privateKey(path, ask) {
      const known = unlocked.get(path);
      if (known) return known;
      const waiting = asking.get(path);
      if (waiting) return (await waiting) ?? unlocked.get(path);
      const attempt = unlock(path, ask).finally(() => asking.delete(path));
      asking.set(path, attempt);
      return await attempt;
    },
  };
}

function readPublicFile(path: string): ParsedKey | undefined {
  try {
    const key = parseKey(readFileSync(path));
    return key instanceof Error ? undefined : key;
  } catch {
    return undefined;
  }
}

/** What locks a key, as far as its form tells; `undefined` where nothing does. */
function cipherOf(text: Buffer): string | undefined {
  const blob = openSshBlob(text);
  if (!blob) return /ENCRYPTED/.test(text.toString('latin1')) ? 'a passphrase' : undefined;
  const cipher = readString(blob, OPENSSH_MAGIC.length)?.toString('latin1');
  return cipher === 'none' ? undefined : cipher;
}

/** PROTOCOL.key: the magic, cipher, kdf, kdf options, count, then the public key, none of it encrypted. */
function publicHeader(text: Buffer): ParsedKey | undefined {
  const blob = openSshBlob(text);
  if (!blob) return undefined;
  let at = OPENSSH_MAGIC.length;
  for (let skipped = 0; skipped < 3; skipped++) {
    const field = readString(blob, at);
    if (!field) return undefined;
    at += 4 + field.length;
  }
  const publicBlob = readString(blob, at + 4);
  if (!publicBlob) return undefined;
  const type = readString(publicBlob, 0)?.toString('latin1');
  const key = parseKey(Buffer.from(`${type} ${publicBlob.toString('base64')}`));
  return key instanceof Error ? undefined : key;
}

function openSshBlob(text: Buffer): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(
    text.toString('latin1'),
  )?.[1];
  if (!body) return undefined;
  const blob = Buffer.from(body, 'base64');
  return blob.subarray(0, OPENSSH_MAGIC.length).equals(OPENSSH_MAGIC) ? blob : undefined;
}

function readString(blob: Buffer, at: number): Buffer | undefined {
  if (blob.length < at + 4) return undefined;
  const length = blob.readUInt32BE(at);
  return blob.length < at + 4 + length ? undefined : blob.subarray(at + 4, at + 4 + length);
}
