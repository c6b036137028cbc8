import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative } from 'node:path';
import { ROOT } from './paths.mjs';

/**
 * Who may import whom (see the design): `renderer → shared`; `core → shared`; `main`, `web`, `cli`, `preload → core,
 * shared`; homes never import each other; only main and preload import electron. Types count: a type is knowledge too.
 * Tests may use Node and what tests need, but they keep to the same neighbours.
 */
const LAYERS = [
  { name: 'shared', folder: 'shared/', may: [], node: false, packages: ['zod'] },
  {
    name: 'core',
    folder: 'electron/core/',
    may: ['shared'],
    node: true,
    not: ['electron', 'react', 'react-dom'],
  },
  { name: 'main', folder: 'electron/main/', may: ['core', 'shared'], node: true },
  { name: 'preload', folder: 'electron/preload/', may: ['shared'], node: false, packages: ['electron'] },
  { name: 'web', folder: 'electron/web/', may: ['core', 'shared'], node: true, not: ['electron'] },
  { name: 'cli', folder: 'electron/cli/', may: ['core', 'shared'], node: true, not: ['electron'] },
  { name: 'renderer', folder: 'renderer/', may: ['shared'], node: false, not: ['electron', 'ws', 'ssh2'] },
];

const BUILT_IN = new Set(builtinModules);

/**
 * @param {string} path of the importing file, from the root, with forward slashes
 * @param {string} source its text
 * @returns {{ path: string, line: number, message: string }[]} breaches, in order
 */
export function findBreaches(path, source) {
  const layer = LAYERS.find((l) => path.startsWith(l.folder));
  if (!layer) return [];
  const isTest = /\.test\.tsx?$/.test(path);
  return findImports(source).flatMap(({ specifier, line }) => {
    const reason = specifier.startsWith('.')
      ? judgeNeighbour(layer, posix.normalize(posix.join(posix.dirname(path), specifier)))
      : judgePackage(layer, specifier, isTest);
    return reason ? [{ path, line, message: `${layer.name} may not import ${specifier}: ${reason}` }] : [];
  });
}

function judgeNeighbour(layer, target) {
  if (target.startsWith(layer.folder)) return undefined;
  // Its version and name are facts, not code.
  if (layer.node && target === 'package.json') return undefined;
  const other = LAYERS.find((l) => target.startsWith(l.folder));
  if (other && layer.may.includes(other.name)) return undefined;
  const allowed = [layer.name, ...layer.may].join(', ');
  return `it is ${other ? `part of ${other.name}` : 'outside every layer'}; allowed: ${allowed}`;
}

function judgePackage(layer, specifier, isTest) {
  const name = packageOf(specifier);
  if (layer.not?.includes(name)) return 'only the layers that own it may use it';
  if (isTest) return undefined;
  const isNode = specifier.startsWith('node:') || BUILT_IN.has(name);
  if (isNode) return layer.node ? undefined : 'it runs where Node is not';
  if (layer.packages && !layer.packages.includes(name))
    return `allowed packages: ${layer.packages.join(', ')}`;
  return undefined;
}

function packageOf(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/**
 * Static, dynamic and re-exporting imports of a TypeScript source, with the line of each. Comments are skipped; so is
 * text inside strings, which only counts where it is the specifier.
 * @param {string} source
 */
export function findImports(source) {
  const code = blankComments(source);
  const found = [];
  const patterns = [
    /(?:^|[\n;}])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])([^'"\n]+)\1/g,
    /(?:^|[\n;}])\s*import\s*(['"])([^'"\n]+)\1/g,
    /\b(?:import|require)\s*\(\s*(['"])([^'"\n]+)\1/g,
  ];
  for (const pattern of patterns) {
    for (const match of code.matchAll(pattern)) {
      const at = match.index + match[0].lastIndexOf(match[2]);
      found.push({ specifier: match[2], line: code.slice(0, at).split('\n').length, at });
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ specifier, line }) => ({ specifier, line }));
}

/** Comments and template text as blanks, so that places stay where they are. Ordinary strings are kept. */
function blankComments(source) {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|`(?:\\[\s\S]|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return source.replace(pattern, (text) =>
    text.startsWith('/') || text.startsWith('`') ? text.replace(/[^\n]/g, ' ') : text,
  );
}

/** Every breach in the work tree, and how many files were read. */
export function checkLayers(root = ROOT) {
  const breaches = [];
  let files = 0;
  for (const top of ['shared', 'electron', 'renderer']) {
    for (const path of sourcesBelow(join(root, top))) {
      files++;
      breaches.push(...findBreaches(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')));
    }
  }
  return { breaches, files };
}

function* sourcesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && /\.(?:ts|tsx|mts|cts)$/.test(entry.name)) {
      yield join(entry.parentPath ?? dirname(folder), entry.name);
    }
  }
}
