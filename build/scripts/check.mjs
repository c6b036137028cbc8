import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exitStatus, run } from './children.mjs';
import { ensureInstalled } from './install.mjs';
import { checkLayers } from './layers.mjs';
import { environment, runInNode } from './nodeRuntime.mjs';
import { parallel } from './parallel.mjs';
import { ROOT } from './paths.mjs';
import { runScript } from './say.mjs';

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

const CHECKS = [
  ...['shared', 'electron', 'renderer', 'e2e', 'build'].map((folder) => ({
    name: `types of ${folder}`,
    run: () => tool(bin('tsc'), ['-p', folder, '--pretty', 'false']),
  })),
  {
    name: 'lint and format',
    run: () =>
      tool(bin('biome'), [
        'check',
        '--config-path',
        'build',
        '--diagnostic-level=warn',
        '--max-diagnostics=200',
        'shared',
        'electron',
        'renderer',
        'e2e',
        'build',
      ]),
  },
  { name: 'layers', run: async () => reportLayers() },
];

/**
 * Types, lint, format and layers, two at a time. Prints one line a check, and what a failed one said.
 * @param {(line: string) => void} print
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks(print) {
  const results = await parallel(
    CHECKS.map((check) => async () => {
      const began = Date.now();
      const { ok, output } = await check.run();
      print(`  ${ok ? 'ok  ' : 'FAIL'} ${check.name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      if (!ok) print(output.trimEnd());
      return ok;
    }),
    2,
  );
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed };
}

async function tool(file, args) {
  const ended = await run(file, args, { cwd: ROOT, env: environment(), capture: true });
  return { ok: exitStatus(ended) === 0, output: ended.output };
}

function reportLayers() {
  const { breaches, files } = checkLayers();
  const lines = breaches.map((b) => `${b.path}:${b.line}: ${b.message}`);
  return { ok: breaches.length === 0 && files > 0, output: lines.join('\n') };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runScript(async (args) => {
    await ensureInstalled();
    if (args.includes('--fix')) {
      await runInNode([bin('biome'), 'check', '--config-path', 'build', '--write', '.']);
    }
    const { failed } = await runChecks((line) => process.stdout.write(`${line}\n`));
    return failed === 0 ? 0 : 1;
  });
}
