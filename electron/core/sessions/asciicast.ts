import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';

/**
 * Recordings are asciicast v2: a header line, then one JSON array a line, `[seconds, code, data]`:
 *
 *   `o`  what the terminal received, as text
 *   `r`  a new size, `COLUMNSxROWS`
 *   `m`  a marker
 *   `b`  ours: base64 of exact bytes, of which the `o` on the next line is the lossy text
 *
 * A terminal's output need not be UTF-8, and evidence is exact, so a batch that is not valid UTF-8 gets a `b`
 * before its `o`. Players know `o`, `i`, `r` and `m` and pass over other codes; ours is one letter and its data a
 * string because some read the code's first letter only and all read the data as a string. It comes first, so
 * that a recording cut between the two lines has lost nothing.
 */
export type CastCode = 'o' | 'r' | 'm' | 'b';

export interface CastHeader {
  columns: number;
  rows: number;
  /** Epoch milliseconds; the format keeps whole seconds. */
  startedAt: number;
}

export function castHeaderLine({ columns, rows, startedAt }: CastHeader): string {
  return `${JSON.stringify({
    version: 2,
    width: columns,
    height: rows,
    timestamp: Math.floor(startedAt / 1_000),
    env: { TERM: 'xterm-256color' },
  })}\n`;
}

export function castEventLine(elapsedMs: number, code: CastCode, data: string): string {
  return `[${(elapsedMs / 1_000).toFixed(6)},"${code}",${JSON.stringify(data)}]\n`;
}

/**
 * The one or two lines of output that begins and ends between characters, or is not UTF-8, as bytes of the file. What it
 * gives is good until it is called again.
 */
export function castOutputLines(elapsedMs: number, bytes: Buffer): Buffer {
  if (isUtf8(bytes)) return outputLine(elapsedMs, bytes);
  const exact = castEventLine(elapsedMs, 'b', bytes.toString('base64'));
  return Buffer.from(exact + castEventLine(elapsedMs, 'o', bytes.toString('utf8')));
}

/**
 * What `JSON.stringify` would make of the text, without making the text: decoding, quoting, joining and encoding a flood
 * again took the core as long as the rest of its way did, and as much again to collect the strings.
 */
function outputLine(elapsedMs: number, bytes: Buffer): Buffer {
  const head = `[${(elapsedMs / 1_000).toFixed(6)},"o","`;
  const most = head.length + 6 * bytes.length + 3;
  if (scratch.length < most) scratch = Buffer.allocUnsafe(most);
  const start = scratch.write(head, 0, 'latin1');
  const end = start + escapeInto(plain(scratch).subarray(start), plain(bytes));
  return scratch.subarray(0, end + scratch.write('"]\n', end, 'latin1'));
}

/** @returns how many bytes it came to */
function escapeInto(line: Uint8Array, bytes: Uint8Array): number {
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    line[at++] = byte;
    if (NEEDS_ESCAPE[byte] === 0) continue;
    line[at - 1] = 0x5c;
    const short = SHORT_ESCAPES[byte] as number;
    if (short !== 0) {
      line[at++] = short;
      continue;
    }
    line[at++] = 0x75;
    line[at++] = 0x30;
    line[at++] = 0x30;
    line[at++] = byte < 0x10 ? 0x30 : 0x31;
    line[at++] = HEX[byte & 15] as number;
  }
  return at;
}

/** V8 goes through a Buffer, whose class is not Uint8Array itself, at half the speed (measured). */
const plain = (bytes: Buffer) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

let scratch = Buffer.allocUnsafe(64 * 1024);
const HEX = new TextEncoder().encode('0123456789abcdef');
/** Control characters, the quote and the backslash (ECMA-262, QuoteJSONString). */
const NEEDS_ESCAPE = new Uint8Array(256).fill(1, 0, 0x20);
NEEDS_ESCAPE[0x22] = 1;
NEEDS_ESCAPE[0x5c] = 1;
/** The letter after the backslash, for what has one (ECMA-262, QuoteJSONString). */
const SHORT_ESCAPES = new Uint8Array(256);
for (const [byte, letter] of [
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x22, '"'],
  [0x5c, '\\'],
] as const)
  SHORT_ESCAPES[byte] = letter.charCodeAt(0);

/** How many bytes at the end are the beginning of a character that is not whole yet: 0 to 3. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length =
      byte >= 0xf0 && byte <= 0xf4
        ? 4
        : byte >= 0xe0 && byte < 0xf0
          ? 3
          : byte >= 0xc2 && byte < 0xe0
            ? 2
            : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/** Where a known byte of the output is in the file: the start of an event's line. */
export interface CastMark {
  /** Bytes of output before it. */
  byte: number;
  /** Bytes of the file before it. */
  offset: number;
}

export interface TerminalBytes {
  bytes: Buffer;
  /** In the whole recording, or up to where reading stopped when `stopEarly`. */
  totalBytes: number;
}

const READ_BYTES = 1024 * 1024;

/** Line for line in their order: the exact bytes of those that are output. */
export function outputReader(): (line: string) => Buffer | undefined {
  let exact = false;
  return (line) => {
    // Nearly every line is output; the others are told by their code before anything is decoded.
    const code = /^\[[0-9.eE+-]+,\s*"(.)"/.exec(line)?.[1];
    if (code !== 'o' && code !== 'b') return undefined;
    let data: unknown;
    try {
      data = (JSON.parse(line) as unknown[])[2];
    } catch {
      return undefined;
    }
    if (typeof data !== 'string') return undefined;
    const passOver = code === 'o' && exact;
    exact = code === 'b';
    return passOver ? undefined : Buffer.from(data, exact ? 'base64' : 'utf8');
  };
}

/** The newest `most` bytes, without reading what comes before them: of a gigabyte, the last part. */
export async function readNewestBytes(file: string, most: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    // Escape sequences take six characters each in JSON: mostly twice as much is enough.
    for (let span = 2 * most + 64 * 1024; ; span *= 4) {
      const from = Math.max(0, size - span);
      const chunk = Buffer.alloc(size - from);
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, from);
      const lines = chunk.toString('utf8', 0, bytesRead).split('\n');
      // What is cut may be a `b`, and what follows it is then its lossy text: both are left out.
      if (from > 0) lines.splice(0, lines[1]?.includes(',"b",') ? 3 : 2);
      const outputOf = outputReader();
      const parts: Buffer[] = [];
      let length = 0;
      for (const line of lines) {
        const bytes = outputOf(line);
        if (bytes === undefined) continue;
        parts.push(bytes);
        length += bytes.length;
      }
      if (length >= most || from === 0) return Buffer.concat(parts).subarray(Math.max(0, length - most));
    }
  } finally {
    await handle.close();
  }
}

/**
 * The exact bytes that a terminal received, [fromByte, fromByte + maxBytes). A last line that was cut by a crash is
 * passed over, and so is any other that is not an event. `mark` saves reading what comes before it.
 */
export async function readTerminalBytes(
  file: string,
  fromByte: number,
  maxBytes: number,
  options: { mark?: CastMark; stopEarly?: boolean } = {},
): Promise<TerminalBytes> {
  const parts: Buffer[] = [];
  let at = options.mark?.byte ?? 0;
  const outputOf = outputReader();

  function take(line: string): void {
    const bytes = outputOf(line);
    if (bytes === undefined) return;
    const from = Math.max(0, fromByte - at);
    const to = Math.min(bytes.length, fromByte + maxBytes - at);
    if (from < to) parts.push(bytes.subarray(from, to));
    at += bytes.length;
  }

  const handle = await open(file, 'r');
  try {
    let offset = options.mark?.offset ?? 0;
    let rest: Buffer[] = [];
    reading: for (;;) {
      const chunk = Buffer.allocUnsafe(READ_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, READ_BYTES, offset);
      if (bytesRead === 0) break;
      offset += bytesRead;
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(0x0a, start);
        if (end < 0 || end >= bytesRead) break;
        const line = chunk.subarray(start, end);
        take((rest.length > 0 ? Buffer.concat([...rest, line]) : line).toString('utf8'));
        rest = [];
        start = end + 1;
        if (options.stopEarly && at >= fromByte + maxBytes) break reading;
      }
      if (start < bytesRead) rest.push(chunk.subarray(start, bytesRead));
    }
  } finally {
    await handle.close();
  }
  return { bytes: Buffer.concat(parts), totalBytes: at };
}
