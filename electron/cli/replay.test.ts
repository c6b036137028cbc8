import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import type { CliContext } from './cliContext.ts';
import { runCli } from './runCli.ts';

const RECORDING = fileURLToPath(new URL('../core/detectors/fixtures/troubles.jsonl.gz', import.meta.url));
let base = '';
let stdout = '';
let stderr = '';
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fireline-replay-'));
  stdout = '';
  stderr = '';
});
afterEach(() => rm(base, { recursive: true }));

function run(...args: string[]): Promise<number> {
  const context: CliContext = {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    environment: { FIRELINE_HOME: base },
    interrupted: new AbortController().signal,
    clock: systemClock,
    openTerminal: () => undefined,
    createCore: () => Promise.reject(new Error('a replay needs no core')),
    reportFromRecord: () => Promise.reject(new Error('a replay needs no report')),
  };
  return runCli(['replay', ...args], context);
}

const kinds = () =>
  new Set(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { kind: string }).kind),
  );

async function workspace(thresholds: string): Promise<string> {
  const file = join(base, 'w.yaml');
  await writeFile(
    file,
    `version: 1\nname: w\nhosts: [{ id: web2, tags: [db], local: {} }]\nthresholds: ${thresholds}\n`,
  );
  return file;
}

it('prints what a recording would have told, and takes the thresholds of a file', async () => {
  expect(await run(RECORDING)).toBe(0);
  expect([...kinds()]).toEqual(expect.arrayContaining(['fd.near_limit', 'inodes.full', 'cgroup.throttled']));
  expect(kinds().has('fd.leak')).toBe(false);
  expect(stderr).toMatch(/^fireline: \d+ s of 6 hosts replayed in .* s: \d+ lines\n$/);
  stdout = '';
  const file = await workspace(
    '{ overrides: [{ on: [db], fdLeak: { minutes: 0.5 } }, { on: [web2], fdNearLimit: { openShare: 2 } }] }',
  );
  expect(await run(RECORDING, '--workspace', file)).toBe(0);
  // The tag is the file's own.
  expect(kinds().has('fd.leak')).toBe(true);
  expect(kinds().has('fd.near_limit')).toBe(false);
});

it('says what is wrong: no such recording, no recording at all, a file with faults, a target that is none', async () => {
  expect(await run(join(base, 'none.jsonl.gz'))).toBe(1);
  expect(stderr).toContain('there is no file');
  expect(await run('latest')).toBe(1);
  expect(stderr).toContain('there is no recording');
  expect(await run('INC-7')).toBe(1);
  expect(stderr).toContain('there is no incident INC-7');
  expect(await run(RECORDING, '--workspace', await workspace('{ nosuch: {} }'))).toBe(1);
  expect(stderr).toContain('unknown key "nosuch"');
  stderr = '';
  expect(await run(RECORDING, '--workspace', await workspace('{ diskFull: { openShare: 95 } }'))).toBe(1);
  expect(stderr).toMatch(/w\.yaml:4:\d+: error: .*openShare cannot be "95".*a share: 0\.95 is 95 %/);
  expect(await run('yesterday')).toBe(2);
  const other = join(base, 'other.gz');
  await writeFile(other, 'not gzip');
  expect(await run(other)).toBe(1);
  expect(stdout).toBe('');
});
