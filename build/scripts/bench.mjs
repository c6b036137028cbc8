import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRenderer } from './buildRenderer.mjs';
import { exitStatus } from './children.mjs';
import { ensureInstalled } from './install.mjs';
import { runInNode } from './nodeRuntime.mjs';
import { ROOT } from './paths.mjs';
import { runScript, Stop } from './say.mjs';

const FOLDER = join(ROOT, 'e2e', 'bench');

/** Runs one benchmark module and leaves its result in a file: what the bench prints by the way goes to stderr. */
const RUNNER = `
  const { writeFileSync } = await import('node:fs');
  const { pathToFileURL } = await import('node:url');
  const [module, out] = process.argv.slice(1);
  console.log = console.error;
  const { run } = await import(pathToFileURL(module).href);
  writeFileSync(out, JSON.stringify(await run()));
  process.exit(0);
`;

/** `npm run -s bench -- NAME --json`: one JSON object on stdout; without --json a table. */
await runScript(async (args) => {
  const json = args.includes('--json');
  const [name, ...others] = args.filter((arg) => arg !== '--json');
  // Two benchmarks have a length that can be chosen.
  const minutes =
    (name === 'soak' || name === 'alarms') && others[0] === '--minutes'
      ? Number(others.splice(0, 2)[1])
      : undefined;
  if (minutes !== undefined && !(minutes > 0 && minutes <= 1440)) {
    throw new Stop('--minutes takes a number above 0, at most 1440', 2);
  }
  await ensureInstalled();
  const names = readdirSync(FOLDER)
    .filter(
      (file) =>
        file.endsWith('.ts') &&
        /^export (?:async function|const) run\b/m.test(readFileSync(join(FOLDER, file), 'utf8')),
    )
    .map((file) => file.slice(0, -3));
  if (name === undefined || others.length > 0 || !names.includes(name)) {
    throw new Stop(
      `expected one benchmark: ${names.join(', ')} (and --json; soak and alarms take --minutes N)`,
      2,
    );
  }
  await ensureRenderer();
  const out = join(tmpdir(), `fireline-bench-${process.pid}.json`);
  try {
    const ended = await runInNode(
      ['--input-type=module', '--eval', RUNNER, join(FOLDER, `${name}.ts`), out],
      {
        stdio: ['ignore', 2, 2],
        ...(minutes === undefined ? {} : { env: { ...process.env, BENCH_MINUTES: String(minutes) } }),
      },
    );
    if (exitStatus(ended) !== 0) return exitStatus(ended);
    if (!existsSync(out)) throw new Stop(`the benchmark ${name} ended without a result`);
    const result = JSON.parse(readFileSync(out, 'utf8'));
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else for (const row of result.results) process.stdout.write(`${describe(row)}\n`);
    return 0;
  } finally {
    rmSync(out, { force: true });
  }
});

function describe({ case: title, ...figures }) {
  return `${title}: ${Object.entries(figures)
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ')}`;
}
