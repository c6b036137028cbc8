import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, type Result } from '../../shared/base/result.ts';

/** The parts of Electron's safeStorage that are used. */
export interface SafeStorageApi {
  isAsyncEncryptionAvailable(): Promise<boolean>;
  encryptStringAsync(plainText: string): Promise<Uint8Array>;
  decryptStringAsync(encrypted: Buffer): Promise<{ result: string; shouldReEncrypt: boolean }>;
  /** Linux only. */
  getSelectedStorageBackend?(): string;
}

/** Keeps what must be kept, encrypted by the desktop's keyring. The error says why not, and what to do. */
export interface SecretStore {
  get(name: string): Promise<Result<string | undefined, string>>;
  set(name: string, value: string): Promise<Result<null, string>>;
  remove(name: string): Promise<Result<null, string>>;
}

/**
 * Secrets in one file of the data directory, each encrypted. Where the keyring's backend is `basic_text` (a key that
 * is in Chromium's source) nothing is written: the secret would be as good as plain.
 */
export function createSecretStore(safeStorage: SafeStorageApi, path: string): SecretStore {
  // One change at a time: each reads the file, changes it and writes it whole.
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const done = queue.then(step, step);
    queue = done.catch(() => undefined);
    return done;
  };

  async function change(edit: (secrets: Record<string, string>) => void): Promise<Result<null, string>> {
    try {
      const secrets = await readSecrets(path);
      edit(secrets);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}.new`, JSON.stringify(secrets), { mode: 0o600 });
      await rename(`${path}.new`, path);
      return ok(null);
    } catch (error) {
      return fail(`${path} could not be written: ${messageOf(error)}`);
    }
  }

  return {
    get: (name) =>
      inTurn(async () => {
        const refusal = await refuse(safeStorage);
        if (refusal !== undefined) return fail(refusal);
        try {
          const secrets = await readSecrets(path);
          const encrypted = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
          if (encrypted === undefined) return ok(undefined);
          const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(
            Buffer.from(encrypted, 'base64'),
          );
          if (shouldReEncrypt) {
            const fresh = await safeStorage.encryptStringAsync(result);
            // The old one still opens: a failure to renew it is no failure to read it.
            await change((all) => {
              all[name] = Buffer.from(fresh).toString('base64');
            });
          }
          return ok(result);
        } catch (error) {
          return fail(`${name} could not be read from the keyring: ${messageOf(error)}`);
        }
      }),
    set: (name, value) =>
      inTurn(async () => {
        const refusal = await refuse(safeStorage);
        if (refusal !== undefined) return fail(refusal);
        try {
          const encrypted = Buffer.from(await safeStorage.encryptStringAsync(value)).toString('base64');
          return await change((all) => {
            all[name] = encrypted;
          });
        } catch (error) {
          return fail(`${name} could not be encrypted: ${messageOf(error)}`);
        }
      }),
    remove: (name) =>
      inTurn(() =>
        change((all) => {
          delete all[name];
        }),
      ),
  };
}

async function refuse(safeStorage: SafeStorageApi): Promise<string | undefined> {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) {
    return 'this desktop has no keyring to encrypt with: unlock or install one; until then it is asked for each time';
  }
  const backend = safeStorage.getSelectedStorageBackend?.();
  if (backend === 'basic_text' || backend === 'unknown') {
    return 'this desktop’s keyring would store it as good as plain text, so it is not stored: install GNOME Keyring or KWallet';
  }
  return undefined;
}

/** No prototype: names are the caller's. */
async function readSecrets(path: string): Promise<Record<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Object.create(null);
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is damaged`);
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
