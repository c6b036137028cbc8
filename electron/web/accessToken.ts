import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

const TOKEN = /^[\w-]{43}$/;

/**
 * The secret that opens the web host: 32 random bytes in base64url, kept in `web-token` of the data directory, readable
 * by its owner alone. It is kept from run to run, so that a page that was open reconnects after a restart; a file that
 * others could have read is replaced.
 */
export async function readOrCreateToken(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, 'web-token');
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const kept = await readKept(path);
  if (kept) return kept;
  const token = randomBytes(32).toString('base64url');
  const fresh = `${path}.${process.pid}`;
  const file = await open(fresh, 'w', 0o600);
  try {
    await chmod(fresh, 0o600);
    await file.writeFile(`${token}\n`);
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  return token;
}

async function readKept(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    const own = process.getuid === undefined || found.uid === process.getuid();
    if (!own || (process.platform !== 'win32' && (found.mode & 0o077) !== 0)) return undefined;
    const text = (await readFile(path, 'utf8')).trim();
    return TOKEN.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** What the token is exchanged for. Browsers send cookies to every port of a host: so it holds for one port, and is not the token. */
export function cookieFor(token: string, port: number): { name: string; value: string } {
  const value = createHmac('sha256', token).update(`fireline cookie ${port}`).digest('base64url');
  return { name: `fireline-${port}`, value };
}

/** Takes equal time wherever they differ. Unequal lengths tell only the length, which is no secret. */
export function sameSecret(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
