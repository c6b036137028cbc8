import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

/** The lines of a recording; one that goes on, or that a crash cut, is read as far as it goes. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const unzipped = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  const source = createReadStream(file);
  source.on('error', (error) => unzipped.destroy(error));
  source.pipe(unzipped);
  try {
    for await (const line of createInterface({ input: unzipped, crlfDelay: Number.POSITIVE_INFINITY }))
      yield line;
  } catch (error) {
    // Bytes of a member that was being written.
    if (!/^Z_/.test((error as { code?: string }).code ?? '')) throw error;
  } finally {
    source.destroy();
  }
}
