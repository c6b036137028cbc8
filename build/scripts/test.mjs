import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildElectron } from './buildElectron.mjs';
import { ensureRenderer } from './buildRenderer.mjs';
import { runChecks } from './check.mjs';
import { exitStatus } from './children.mjs';
import {
  END_TO_END_PACKAGES,
  ensureDebianPackages,
  LAB_TEST_PACKAGES,
  UNIT_PACKAGES,
} from './debianPackages.mjs';
import { detectionTable } from './detectionTable.mjs';
import { electronBinary } from './electronBinary.mjs';
import { ensureInstalled } from './install.mjs';
import { runInNode } from './nodeRuntime.mjs';
import { ROOT } from './paths.mjs';
import { runScript, Stop } from './say.mjs';
import { countPlaywright, countVitest, summaryLine } from './testCounts.mjs';
import { playwrightFailures, vitestFailures } from './testFailures.mjs';

const RESULTS = join(ROOT, 'e2e', 'results');
/** Several times what it takes. A run that hangs fails here, and says where, before whoever started it gives up. */
const PART_ENDS_WITHIN_MINUTES = 25;
const print = (line) => process.stdout.write(`${line}\n`);

/** The parts of `npm test`, in order. Each returns counts `{ passed, failed, skipped }`. */
const PARTS = {
  check: {
    title: 'Types, lint, format, layers',
    run: async () => ({ ...(await runChecks(print)), skipped: 0 }),
  },
  unit: { title: 'Unit tests', run: (args) => vitest('unit', args), packages: UNIT_PACKAGES },
  lab: { title: 'Lab tests: real hosts', run: (args) => vitest('lab', args), packages: LAB_TEST_PACKAGES },
  e2e: { title: 'End to end: the real interface in Chromium', run: endToEnd, packages: END_TO_END_PACKAGES },
};

const HELP = `Usage: npm test [-- --only PART[,PART…]] [-- PATTERN…]

Does all its own set-up, runs every part and ends with one line: N passed, N failed, N skipped.
Parts: ${Object.keys(PARTS).join(', ')}. PATTERN is handed to the parts that have test files.
`;

await runScript(async (args) => {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const { only, patterns } = parse(args);
  await ensureInstalled();
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const total = { passed: 0, failed: 0, skipped: 0 };
  const setUp = await prepare(only);
  for (const fault of setUp) {
    print(`FAIL set-up: ${fault}`);
    total.failed++;
  }
  for (const name of only) {
    print(`\n── ${PARTS[name].title} ──`);
    const counts = await PARTS[name].run(patterns).catch((error) => {
      print(`FAIL ${name}: ${error.message}`);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    for (const key of ['passed', 'failed', 'skipped']) total[key] += counts[key];
  }
  printDetections();
  printFailures();
  print(`\n${summaryLine(total)}`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
});

function parse(args) {
  const patterns = [];
  let only = Object.keys(PARTS);
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = args[i].split('=', 2);
    if (flag === '--only') {
      only = (inline ?? args[++i] ?? '').split(',');
      const unknown = only.find((name) => !Object.hasOwn(PARTS, name));
      if (unknown !== undefined)
        throw new Stop(`--only ${unknown}: expected ${Object.keys(PARTS).join(', ')}`, 2);
    } else if (flag.startsWith('-')) {
      throw new Stop(`unknown option ${flag}\n${HELP}`, 2);
    } else {
      patterns.push(args[i]);
    }
  }
  return { only, patterns };
}

/** What the chosen parts need. A fault is told and counted; what does not need the missing thing still runs. */
async function prepare(only) {
  const faults = [];
  const attempt = async (step) => {
    try {
      await step();
    } catch (error) {
      faults.push(error.message);
    }
  };
  const wanted = [...new Set(only.flatMap((name) => PARTS[name].packages ?? []))];
  if (process.platform === 'linux' && wanted.length > 0) {
    await attempt(async () => {
      const { missing, reason } = await ensureDebianPackages(wanted);
      if (missing.length > 0) throw new Error(`Debian packages are missing: ${missing.join(' ')}: ${reason}`);
    });
  }
  if (only.includes('e2e') || only.includes('lab')) await attempt(ensureRenderer);
  return faults;
}

async function vitest(project, patterns) {
  const report = join(RESULTS, `${project}.json`);
  const status = await runTests([
    join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--config',
    'build/vitest.config.ts',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(patterns.length > 0 ? ['--passWithNoTests', ...patterns] : []),
  ]);
  return countVitest(read(report), status);
}

/** @returns its exit status; throws when it had to be ended */
async function runTests(args, env = {}) {
  const signal = AbortSignal.timeout(PART_ENDS_WITHIN_MINUTES * 60_000);
  const ended = await runInNode(args, { signal, env });
  if (signal.aborted) throw new Error(`not done after ${PART_ENDS_WITHIN_MINUTES} minutes, and killed`);
  return exitStatus(ended);
}

async function endToEnd(patterns) {
  const electron = electronBinary();
  if (electron) await buildElectron();
  else print('Electron end-to-end: not run: no Electron binary');
  const report = join(RESULTS, 'e2e.json');
  const status = await runTests(
    [
      join(ROOT, 'node_modules', '@playwright', 'test', 'cli.js'),
      'test',
      '--config',
      'build/playwright.config.ts',
      '--reporter=list,json',
      ...(patterns.length > 0 ? ['--pass-with-no-tests', ...patterns] : []),
    ],
    { PLAYWRIGHT_JSON_OUTPUT_FILE: report, ...(electron ? { FIRELINE_ELECTRON: electron } : {}) },
  );
  return countPlaywright(read(report), status);
}

/** Of the parts that ran; also left in the results. */
function printDetections() {
  const parts = ['unit', 'lab'].map((part) => [part, read(join(RESULTS, `${part}.json`))]);
  const lines = detectionTable(Object.fromEntries(parts));
  if (lines.length === 0) return;
  print(`\n── Detectors, by the tests that passed ──\n${lines.join('\n')}`);
  writeFileSync(join(RESULTS, 'detectors.txt'), `${lines.join('\n')}\n`);
}

/** Once more at the end, which is what is looked at, and what is left of a long output. */
function printFailures() {
  const failures = [
    ...['unit', 'lab'].flatMap((part) => vitestFailures(read(join(RESULTS, `${part}.json`)), ROOT)),
    ...playwrightFailures(read(join(RESULTS, 'e2e.json'))),
  ];
  if (failures.length === 0) return;
  print('\n── Failed ──');
  for (const { where, why } of failures) print(`${where}\n${why.replace(/^/gm, '    ')}`);
}

function read(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}
