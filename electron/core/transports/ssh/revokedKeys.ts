import { readFileSync } from 'node:fs';

/** The first bytes of a binary revocation list (PROTOCOL.krl). */
const BINARY = Buffer.from('SSHKRL\n\0', 'latin1');

/**
 * Whether a file of public keys, one a line, names this one (RevokedHostKeys of ssh_config(5)). A text says why that
 * cannot be known: then no host is to be trusted.
 */
export function isRevokedBy(file: string, key: Buffer): boolean | string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (bytes.subarray(0, BINARY.length).equals(BINARY)) {
    return `${file} is a binary revocation list, which is not understood here`;
  }
  const encoded = key.toString('base64');
  return bytes
    .toString('utf8')
    .split('\n')
    .some((line) => !line.startsWith('#') && line.trim().split(/\s+/).includes(encoded));
}
