import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './children.mjs';
import { environment, nodeRuntime } from './nodeRuntime.mjs';
import { ROOT } from './paths.mjs';
import { say } from './say.mjs';

const PACKAGE = join(ROOT, 'node_modules', 'electron');
const GAVE_UP = join(ROOT, 'build', 'out', 'electron-fetch-gave-up');
const STALLED_MS = 8_000;
const AT_MOST_MS = 300_000;

/**
 * Electron's program, if it is there. Looks at files only: `require('electron')` in plain Node starts a download.
 * @returns {string | undefined} its path
 */
export function electronBinary() {
  const named = join(PACKAGE, 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : undefined;
  const elsewhere = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const candidates = elsewhere
    ? [join(elsewhere, name ?? 'electron')]
    : name
      ? [join(PACKAGE, 'dist', name)]
      : [];
  return candidates.find((path) => existsSync(path));
}

/**
 * Fetches Electron's program, unless that failed today already. It goes on for as long as bytes arrive; eight seconds without any
 * end it.
 * @returns {Promise<string | undefined>} its path
 */
export async function fetchElectron() {
  const today = new Date().toISOString().slice(0, 10);
  if (existsSync(GAVE_UP) && readFileSync(GAVE_UP, 'utf8') === today) return undefined;
  say('fetching Electron (about 110 MB, once; Ctrl-C and `npm start -- --web` do without)…');
  const download = join(ROOT, 'build', 'out', `.electron-fetch-${process.pid}`);
  mkdirSync(download, { recursive: true });
  const stop = new AbortController();
  const began = Date.now();
  let seen = 0;
  let seenAt = began;
  const watch = setInterval(() => {
    const size = bytesBelow(download) + bytesBelow(join(PACKAGE, 'dist'));
    if (size !== seen) {
      seen = size;
      seenAt = Date.now();
    }
    if (Date.now() - seenAt > STALLED_MS || Date.now() - began > AT_MOST_MS) stop.abort();
  }, 250);
  try {
    const node = await nodeRuntime();
    // @electron/get downloads into the temporary directory and moves the whole file: so its progress can be seen there.
    await run(node.file, [join(PACKAGE, 'install.js')], {
      env: environment({ TMPDIR: download }),
      capture: true,
      signal: stop.signal,
    });
  } finally {
    clearInterval(watch);
    rmSync(download, { recursive: true, force: true });
  }
  const binary = electronBinary();
  if (!binary) {
    writeFileSync(GAVE_UP, today);
    say('Electron could not be fetched here; it will be tried again tomorrow, or by `npx install-electron`.');
  }
  return binary;
}

function bytesBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return 0;
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}
