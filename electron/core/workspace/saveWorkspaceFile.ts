import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { failure } from '../../../shared/contract/errors.ts';

/**
 * Writes a workspace file, whole or not at all; the text may have problems, it is the user's. Throws `refused` where a
 * file is already and `overwrite` is false, `storage` where the disk refuses.
 */
export async function saveWorkspaceFile(
  path: string,
  text: string,
  overwrite: boolean,
): Promise<{ path: string }> {
  const file = resolve(path);
  const temporary = `${file}.${randomUUID().slice(0, 8)}.new`;
  try {
    await makeDirectory(dirname(file));
    await writeFile(temporary, text, { flag: 'wx', flush: true });
    // A link, unlike a rename, fails where a file is already, also one that came a moment ago.
    if (overwrite) await rename(temporary, file);
    else await link(temporary, file);
    return { path: file };
  } catch (error) {
    const { code, syscall, message } = error as { code?: string; syscall?: string; message: string };
    if (code === 'EEXIST' && syscall === 'link')
      throw failure('refused', `${file} is there already.`, 'Choose another name, or overwrite it.');
    throw failure(
      'storage',
      `${file} cannot be written: ${message}`,
      'Check the directory, its permissions and the free space.',
    );
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** Node's own `recursive` tries for ever where the answer is that a parent is missing although it is there: /proc, autofs. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as { code?: string };
    // The root of macOS is a directory in other words.
    if (code === 'EEXIST' || code === 'EISDIR') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path);
  }
}
