import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

/** PROTOCOL.key: how a key in OpenSSH's own form begins. */
export const OPENSSH_MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');

/** A key in any form that OpenSSH reads: its own, and the PEM forms of RFC 7468 (PKCS #1, SEC 1, PKCS #8). */
export function parseKey(text: Buffer, passphrase?: string): ParsedKey | Error {
  const key = parseWithSsh2(text, passphrase);
  if (!(key instanceof Error) || !/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text.toString('latin1')))
    return key;
  try {
    return fromKeyObject(
      createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) }),
    );
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function parseWithSsh2(text: Buffer, passphrase?: string): ParsedKey | Error {
  try {
    const key: unknown = ssh2.utils.parseKey(text, passphrase);
    // The type says one key; the parser gives a list for the OpenSSH form.
    const first: unknown = Array.isArray(key) ? key[0] : key;
    return first instanceof Error ? first : first ? (first as ParsedKey) : new Error('empty');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** ssh2 does not read PKCS #8, which is what `openssl genpkey` and Terraform write: in a form that it reads. */
function fromKeyObject(key: KeyObject): ParsedKey | Error {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return parseWithSsh2(Buffer.from(key.export({ type: 'pkcs1', format: 'pem' })));
    case 'ec':
      return parseWithSsh2(Buffer.from(key.export({ type: 'sec1', format: 'pem' })));
    case 'ed25519':
      return parseWithSsh2(openSshForm(key));
    default:
      return new Error(`keys of type ${key.asymmetricKeyType} cannot be used`);
  }
}

/** An ed25519 key in OpenSSH's own form, without a passphrase. */
function openSshForm(key: KeyObject): Buffer {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const publicHalf = Buffer.from(x, 'base64url');
  const type = string('ssh-ed25519');
  const secret = Buffer.concat([Buffer.from(d, 'base64url'), publicHalf]);
  const open = Buffer.concat([Buffer.alloc(8), type, string(publicHalf), string(secret), string('')]);
  // Padded to eight bytes with 1, 2, 3 …
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (open.length % 8)) % 8));
  const blob = Buffer.concat([
    OPENSSH_MAGIC,
    ...['none', 'none', ''].map(string),
    Buffer.from([0, 0, 0, 1]),
    string(Buffer.concat([type, string(publicHalf)])),
    string(Buffer.concat([open, padding])),
  ]);
  const lines = blob.toString('base64').replace(/.{70}/g, '$&\n');
  return Buffer.from(`-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`);
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
