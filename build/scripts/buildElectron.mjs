import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitStatus } from './children.mjs';
import { runInNode } from './nodeRuntime.mjs';
import { ROOT } from './paths.mjs';
import { runScript, Stop } from './say.mjs';

/** Bundles the main process and the preload into build/out/electron (under a second). Throws Stop. */
export async function buildElectron() {
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  for (const part of ['main', 'preload']) {
    const ended = await runInNode(
      [vite, 'build', '--config', 'build/vite.electron.config.ts', '--mode', part, '--logLevel', 'warn'],
      { stdio: ['ignore', 2, 2] },
    );
    if (exitStatus(ended) !== 0)
      throw new Stop(`the ${part} process could not be bundled; the reason is above.`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runScript(buildElectron);
