import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './children.mjs';
import { ROOT } from './paths.mjs';
import { Stop } from './say.mjs';

/** Type stripping without a flag: 22.18 and 23.6 on. `node:sqlite` without a flag: 22.13 on. */
const OLDEST = [22, 13];

/**
 * The Node that runs Fireline's TypeScript, and the flags that it needs.
 * @returns {Promise<{ file: string, flags: string[] }>} throws Stop where there is none
 */
export async function nodeRuntime() {
  const bundled = join(ROOT, 'node_modules', '.bin', 'node');
  // The package beside it: when we are already run by it, there is nothing to look for.
  if (existsSync(bundled)) return { file: bundled, flags: flagsFor([24, 12]) };
  const own = versionOf(process.versions.node);
  if (atLeast(own, OLDEST)) return { file: process.execPath, flags: flagsFor(own) };
  throw new Stop(
    `this is Node ${process.versions.node}, and Fireline needs Node ${OLDEST.join('.')} or later. ` +
      'On Linux x64 it comes with the dependencies; on this machine install Node 24 from nodejs.org or your package manager and start again.',
  );
}

/** Runs a TypeScript entry or a tool's script in the right Node, with our stdio. @returns its exit status */
export async function runInNode(args, options = {}) {
  const node = await nodeRuntime();
  return run(node.file, [...node.flags, ...args], { cwd: ROOT, ...options, env: environment(options.env) });
}

/** `node_modules/.bin` first: tools that start `node` by name get the same one. */
export function environment(extra = {}) {
  const bin = join(ROOT, 'node_modules', '.bin');
  const separator = process.platform === 'win32' ? ';' : ':';
  const path = (process.env.PATH ?? '').split(separator).filter((part) => part !== bin);
  return { ...process.env, ...extra, PATH: [bin, ...path].join(separator) };
}

function flagsFor(version) {
  const stripsUnasked = atLeast(version, [23, 6]) || (version[0] === 22 && atLeast(version, [22, 18]));
  return [
    // node:sqlite and type stripping announce themselves on stderr in every run; both are chosen, see build/adr.
    '--disable-warning=ExperimentalWarning',
    ...(stripsUnasked ? [] : ['--experimental-strip-types']),
  ];
}

function versionOf(text) {
  return text.split('.').slice(0, 2).map(Number);
}

function atLeast([major, minor], [wantMajor, wantMinor]) {
  return major > wantMajor || (major === wantMajor && minor >= wantMinor);
}
