import { open } from 'node:fs/promises';

/** What a recording says of the screen: output as text (what is not UTF-8 as U+FFFD, as a terminal shows it), and sizes. */
export type CastEvent =
  | { kind: 'output'; elapsedMs: number; text: string }
  | { kind: 'resize'; columns: number; rows: number };

export interface CastHead {
  columns: number;
  rows: number;
  /** Epoch ms, whole seconds. */
  startedAt: number;
}

const READ_BYTES = 256 * 1024;
const HEAD_BYTES = 4096;
/** A batch of output is at most 128 KiB, six times that when each byte is escaped. */
const MOST_LINE_BYTES = 4 * 1024 * 1024;

export async function readCastHead(file: string): Promise<CastHead> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const line = buffer.subarray(0, bytesRead).toString('utf8').split('\n')[0] ?? '';
    const head = JSON.parse(line) as { width?: number; height?: number; timestamp?: number };
    return { columns: head.width ?? 80, rows: head.height ?? 24, startedAt: (head.timestamp ?? 0) * 1000 };
  } finally {
    await handle.close();
  }
}

/**
 * The events from a byte of the file on (0: from its start; elsewhere, from the next line), in parts, each with where the
 * next one begins. A last line that is not whole yet is left for the next time.
 */
export async function* readCastEvents(
  file: string,
  from: { offset: number; midLine: boolean },
): AsyncGenerator<{ events: CastEvent[]; offset: number }> {
  const handle = await open(file, 'r');
  try {
    let { offset } = from;
    let skip = from.midLine;
    let rest = Buffer.alloc(0);
    for (;;) {
      const { buffer, bytesRead } = await handle.read(
        Buffer.allocUnsafe(READ_BYTES),
        0,
        READ_BYTES,
        offset + rest.length,
      );
      if (bytesRead === 0) return;
      const data = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = data.lastIndexOf(0x0a) + 1;
      if (end === 0 && data.length < MOST_LINE_BYTES) {
        rest = data;
        continue;
      }
      const lines = data.toString('utf8', 0, end).split('\n');
      if (skip) lines.shift();
      skip = end === 0;
      const taken = end === 0 ? data.length : end;
      rest = Buffer.from(data.subarray(taken));
      offset += taken;
      yield { events: lines.flatMap(eventOf), offset };
    }
  } finally {
    await handle.close();
  }
}

function eventOf(line: string): CastEvent[] {
  const code = /^\[[0-9.eE+-]+,\s*"(.)"/.exec(line)?.[1];
  if (code !== 'o' && code !== 'r') return [];
  try {
    const [elapsed, , data] = JSON.parse(line) as unknown[];
    if (typeof elapsed !== 'number' || typeof data !== 'string') return [];
    if (code === 'o') return [{ kind: 'output', elapsedMs: elapsed * 1000, text: data }];
    const size = /^(\d{1,4})x(\d{1,4})$/.exec(data);
    if (!size) return [];
    return [{ kind: 'resize', columns: Number(size[1]), rows: Number(size[2]) }];
  } catch {
    return [];
  }
}
