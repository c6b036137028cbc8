import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const packageJson = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  dependencies: Record<string, string>;
};
/** What ships in node_modules beside the bundle: native code (node-pty, ssh2's optional part) cannot be bundled. */
const EXTERNAL = ['electron', ...Object.keys(packageJson.dependencies)];

const isExternal = (id: string): boolean =>
  id.startsWith('node:') ||
  builtinModules.includes(id) ||
  EXTERNAL.some((name) => id === name || id.startsWith(`${name}/`));

/** `new URL('./sampler.pl', import.meta.url)` in the core is a file to read: it moves beside the bundle. */
function coreFiles(): Plugin {
  return {
    name: 'core-files',
    transform(code, id) {
      const pattern = /new URL\(\s*(['"])(\.{1,2}\/[^'"]+\.(?!ts|js|mjs)\w+)\1\s*,\s*import\.meta\.url\s*\)/g;
      const moved = code.replace(pattern, (_text, _quote, relative: string) => {
        const path = fileURLToPath(new URL(relative, `file://${id.split('?')[0]}`));
        const fileName = `files/${path.slice(root.length).replaceAll(/[\\/]/g, '-')}`;
        this.emitFile({ type: 'asset', fileName, source: readFileSync(path) });
        return `new URL('./${fileName}', import.meta.url)`;
      });
      return moved === code ? null : { code: moved, map: null };
    },
  };
}

/** `--mode main` and `--mode preload`: a module for the main process, one CommonJS file for the sandboxed preload. */
export default defineConfig(({ mode }) => {
  const preload = mode === 'preload';
  return {
    root,
    publicDir: false,
    plugins: [coreFiles()],
    build: {
      outDir: fileURLToPath(new URL('out/electron', import.meta.url)),
      emptyOutDir: !preload,
      target: 'node24',
      minify: false,
      sourcemap: true,
      ssr: preload ? 'electron/preload/preload.ts' : 'electron/main/main.ts',
      rollupOptions: {
        external: isExternal,
        output: {
          format: preload ? 'cjs' : 'es',
          entryFileNames: preload ? 'preload.cjs' : 'main.js',
          chunkFileNames: '[name].js',
        },
      },
    },
    ssr: { noExternal: true },
  };
});
