import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitStatus } from './children.mjs';
import { runInNode } from './nodeRuntime.mjs';
import { ROOT } from './paths.mjs';
import { runScript, Stop, say } from './say.mjs';

export const RENDERER_OUT = join(ROOT, 'build', 'out', 'renderer');

const SOURCES = ['renderer', 'shared', 'assets', 'build/vite.renderer.config.ts', 'package-lock.json'];

/**
 * Builds the renderer if a source changed since the last time (names, sizes and times of change: a few milliseconds).
 * The new one is moved into place whole, so that a running window host never serves half of it.
 * @returns {Promise<boolean>} true when it built
 */
export async function ensureRenderer() {
  const stamp = join(RENDERER_OUT, '.stamp');
  const state = describeSources();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return false;
  say('building the interface…');
  const fresh = join(ROOT, 'build', 'out', `.renderer-${process.pid}`);
  const old = `${fresh}.old`;
  try {
    const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
    const ended = await runInNode(
      [
        vite,
        'build',
        '--config',
        'build/vite.renderer.config.ts',
        '--outDir',
        fresh,
        '--emptyOutDir',
        '--logLevel',
        'warn',
      ],
      { stdio: ['ignore', 2, 2] },
    );
    if (exitStatus(ended) !== 0) throw new Stop('the interface could not be built; the reason is above.');
    await writeFile(join(fresh, '.stamp'), state);
    await mkdir(join(ROOT, 'build', 'out'), { recursive: true });
    if (existsSync(RENDERER_OUT)) await rename(RENDERER_OUT, old);
    await rename(fresh, RENDERER_OUT);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
  return true;
}

function describeSources() {
  const hash = createHash('sha256');
  for (const source of SOURCES) add(source, hash);
  return hash.digest('hex');
}

function add(relative, hash) {
  const path = join(ROOT, relative);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (found.isDirectory()) {
    for (const name of readdirSync(path).sort()) add(`${relative}/${name}`, hash);
  } else if (!/\.test\.tsx?$|\.md$/.test(relative)) {
    hash.update(`${relative} ${found.size} ${found.mtimeMs}\n`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runScript(async () => {
    if (!(await ensureRenderer())) say('the interface is up to date');
  });
}
