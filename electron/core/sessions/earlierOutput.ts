import { stat } from 'node:fs/promises';
import { readNewestBytes } from './asciicast.ts';
import { noteBytes } from './outputFlow.ts';

/**
 * What a pane showed before the workbench was closed, as one opened in its place shows it above its own: the newest
 * `most` bytes of the recordings (newest first), each followed by a line that says when it ended. Files that cannot be
 * read are passed over.
 */
export async function readEarlierOutput(files: readonly string[], most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let left = most;
  for (const file of files) {
    if (left <= 0) break;
    try {
      const [bytes, { mtimeMs }] = await Promise.all([readNewestBytes(file, left), stat(file)]);
      if (bytes.length === 0) continue;
      left -= bytes.length;
      parts.unshift(bytes, Buffer.from(noteBytes(`until ${when(mtimeMs)}, before Fireline was closed`)));
    } catch {
      // Moved or deleted: the pane goes on without it.
    }
  }
  return Buffer.concat(parts);
}

/** `2026-11-21 14:03:07`, by this machine's zone, as the person at the screen reads it. */
function when(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${date.toTimeString().slice(0, 8)}`;
}
