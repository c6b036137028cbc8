import {
  closeSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Longer than any line that is written. */
const MOST_LINE_BYTES = 4 * 1024 * 1024;

/**
 * Ends the recordings whose last line was cut when Fireline was killed, or the power went: our readers pass over such a
 * line, asciinema's end there with an error. Of output, what is of it stays; any other line is taken out.
 * Only where nobody writes them.
 */
export function mendCasts(directory: string, diagnostic: (line: string) => void): void {
  try {
    for (const name of readdirSync(directory)) if (name.endsWith('.cast')) mend(join(directory, name));
  } catch (error) {
    diagnostic(`record: recordings of earlier runs could not be looked through: ${String(error)}`);
  }
}

function mend(file: string): void {
  const to = openSync(file, 'r+');
  try {
    const { size, atime, mtime } = fstatSync(to);
    const last = Buffer.alloc(1);
    if (size === 0 || (readSync(to, last, 0, 1, size - 1) === 1 && last[0] === 0x0a)) return;
    const bytes = Buffer.alloc(Math.min(size, MOST_LINE_BYTES));
    readSync(to, bytes, 0, bytes.length, size - bytes.length);
    const begin = bytes.lastIndexOf(0x0a) + 1;
    const whole = Buffer.from(wholeLine(bytes.toString('utf8', begin)));
    const at = size - bytes.length + begin;
    ftruncateSync(to, at);
    writeSync(to, whole, 0, whole.length, at);
    // It tells when the recording ended.
    futimesSync(to, atime, mtime);
  } finally {
    closeSync(to);
  }
}

/** The line with what can be read of its text; empty where it is not output. */
function wholeLine(cut: string): string {
  // The end may be in the middle of a character, or of an escape of up to six.
  const [, head, text = ''] =
    /^(\[[0-9.]+,"o",)"((?:[^"\\\ufffd]|\\(?:["\\/bfnrt]|u[0-9a-f]{4}))*)/i.exec(cut) ?? [];
  return head === undefined ? '' : `${head}"${text}"]\n`;
}
