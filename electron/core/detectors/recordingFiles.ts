import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { constants, createGunzip } from 'node:zlib';
import { INPUTS_FOLDER } from './inputRecorder.ts';

/** The recordings of a record, oldest first, each with when it began (epoch ms). */
export function recordingsOf(directory: string): { file: string; startedAt: number }[] {
  const folder = join(directory, INPUTS_FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .map((name) => ({ file: join(folder, name), startedAt: timeOf(name) }))
    .filter((one) => Number.isFinite(one.startedAt))
    .sort((a, b) => a.startedAt - b.startedAt);
}

/** `2026-11-21T03-04-05.678Z.jsonl.gz` */
function timeOf(name: string): number {
  return Date.parse(name.replace('.jsonl.gz', '').replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
}

/** A frame of sixty thousand processes has seven million characters. */
const LONGEST_LINE = 64 << 20;

/**
 * The lines of a recording; one that goes on, or that a crash cut, is read as far as it goes. Only a line feed ends a line:
 * JSON leaves U+2028 as it is, where others end one. What is longer than any line of ours is cut, so that it is no JSON.
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const unzipped = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  const source = createReadStream(file);
  source.on('error', (error) => unzipped.destroy(error));
  source.pipe(unzipped);
  try {
    const decoder = new StringDecoder('utf8');
    let pending = '';
    for await (const bytes of unzipped) {
      const parts = decoder.write(bytes as Buffer).split('\n');
      for (const [index, part] of parts.entries()) {
        if (index > 0) {
          yield pending;
          pending = '';
        }
        if (pending.length < LONGEST_LINE) pending += part;
      }
    }
    if (pending !== '') yield pending;
  } catch (error) {
    // Bytes of a member that was being written.
    if (!/^Z_/.test((error as { code?: string }).code ?? '')) throw error;
  } finally {
    source.destroy();
  }
}
