import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitStatus, run } from './children.mjs';
import { ROOT } from './paths.mjs';
import { runScript, Stop, say } from './say.mjs';

/**
 * Makes node_modules agree with the lockfile. Does nothing (under 5 ms) when it does already: the lockfile's hash is kept
 * in a stamp inside node_modules, so that removing the folder removes the claim. Throws Stop with what to do.
 * @param {string} root
 * @returns {Promise<boolean>} true when it installed
 */
export async function ensureInstalled(root = ROOT) {
  const modules = join(root, 'node_modules');
  const stamp = join(modules, '.fireline-lock');
  const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hash = createHash('sha256').update(lockfile).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  if (!existsSync(stamp) && agrees(modules, lockfile)) {
    writeFileSync(stamp, hash);
    return false;
  }
  say('installing dependencies by the lockfile (half a minute, once)…');
  await runNpmCi(root);
  if (leftOut(modules, lockfile).length > 0) {
    say(`npm did not fetch ${leftOut(modules, lockfile).join(', ')}; trying once more…`);
    await runNpmCi(root);
  }
  const missing = leftOut(modules, lockfile);
  // What needs it says so. Without the stamp the next start tries again.
  if (missing.length > 0)
    say(`${missing.join(', ')} could not be fetched: see to the network, then start again`);
  else writeFileSync(stamp, hash);
  return true;
}

/**
 * Packages for this platform that are not there: one that npm cannot fetch and that is optional, since it is for one
 * platform only, is left out without a word or a status.
 */
function leftOut(modules, lockfile) {
  return Object.entries(JSON.parse(lockfile).packages)
    .filter(([place, entry]) => isForHere(entry) && !existsSync(join(modules, '..', place, 'package.json')))
    .map(([place]) => place.replace(/^.*node_modules\//, ''));
}

/** It names a platform, and that is this one. */
function isForHere({ os, cpu, libc }) {
  if (os === undefined && cpu === undefined) return false;
  const fits = (names, here) => names === undefined || [names].flat().includes(here());
  return fits(os, () => process.platform) && fits(cpu, () => process.arch) && fits(libc, ownLibc);
}

/** As npm tells them apart. */
function ownLibc() {
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

async function runNpmCi(root) {
  // npm is started with the machine's own Node: the one in node_modules/.bin is about to be removed.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((part) => !part.includes(join('node_modules', '.bin')));
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  let ended;
  try {
    ended = await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
      cwd: root,
      env: { ...process.env, PATH: path.join(delimiter) },
      // npm's own summary would be taken for the answer of `npm run -s …`.
      stdio: ['ignore', 2, 2],
    });
  } catch (error) {
    throw new Stop(`npm could not be started (${error.message}). Install Node with npm, then start again.`);
  }
  const status = exitStatus(ended);
  if (status !== 0) {
    throw new Stop(
      `npm ci failed with status ${status}; its reason is above. ` +
        'If it is the network, check the proxy and the registry of `npm config get registry`, then start again: nothing is left half done.',
    );
  }
}

/** Whether an installation without our stamp is already what the lockfile says: npm keeps its own account of what it placed. */
function agrees(modules, lockfile) {
  const account = join(modules, '.package-lock.json');
  if (!existsSync(account)) return false;
  const wanted = JSON.parse(lockfile).packages;
  const placed = JSON.parse(readFileSync(account, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([place, entry]) =>
      place === '' ||
      (placed[place]
        ? placed[place].version === entry.version
        : entry.optional === true && !isForHere(entry)),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runScript(async () => {
    if (!(await ensureInstalled())) say('dependencies agree with the lockfile');
  });
}
