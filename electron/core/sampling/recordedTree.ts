import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A recorded /proc with what belongs to it: see fixtures/capture.mjs. */
export interface RecordedTree {
  note: string;
  /** Path to content as latin1, or, of a path that ends in @, to what the link points to; each tick is laid over the one before, `null` removes. */
  ticks: Record<string, string | null>[];
}

export function readTree(name: string): RecordedTree {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** Writes a tick into `root`, so that a sampler that is given that root reads it. */
export function layTick(root: string, tick: Record<string, string | null>): void {
  for (const [path, content] of Object.entries(tick)) {
    const file = join(root, path);
    if (content === null) {
      rmSync(/^proc\/\d+\//.test(path) ? dirname(file) : file, { recursive: true, force: true });
      continue;
    }
    mkdirSync(dirname(file), { recursive: true });
    if (file.endsWith('@')) {
      const link = file.slice(0, -1);
      rmSync(link, { force: true });
      symlinkSync(content, link);
      continue;
    }
    writeFileSync(file, Buffer.from(content, 'latin1'));
  }
}
