import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { openRecord } from '../core/store/recordStore.ts';

const MAIN = ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('main.ts', import.meta.url))];
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fireline-cli-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('an answer that its disk does not take is told, and is no success', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [...MAIN, 'report', '--help'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect(stderr).toMatch(/^fireline: the answer could not be written: ENOSPC/);
  expect(status).toBe(1);
});

/** Its host stays shut, and one line of it is warned of. */
function workspaceFile(): string {
  const file = join(root, 'shop.yaml');
  writeFileSync(
    file,
    'version: 1\nname: shop\nhosts:\n  - { id: web, command: { shell: [sh], exec: [sh, -c] } }\nlogs:\n  - { path: /x, on: [nobody] }\n',
  );
  return file;
}

it('an account without an entry in passwd, as in a container, can use it', () => {
  const { stdout } = spawnSync(
    'unshare',
    ['--user', '--map-user=54321', process.execPath, ...MAIN, 'doctor', workspaceFile()],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], FIRELINE_HOME: join(root, 'data') } },
  );
  expect(stdout).toContain('0 of 1 host can be used');
});

it('the answer is given also where nobody reads what is said to people', () => {
  const file = workspaceFile();
  const answer = join(root, 'answer');
  // A pipe whose reader has gone, as of `… 2>&1 | head -1`.
  spawnSync('sh', ['-c', '"$@" 2>&1 >"$ANSWER" | true', 'sh', process.execPath, ...MAIN, 'doctor', file], {
    env: { ...process.env, ANSWER: answer, FIRELINE_HOME: join(root, 'data') },
  });
  expect(readFileSync(answer, 'utf8')).toContain('0 of 1 host can be used');
});

function writeRecord(): void {
  const opened = openRecord(join(root, 'records', 'shop-1'), { clock: systemClock });
  if (!opened.ok) throw new Error(opened.error.message);
  opened.value.startIncident({ title: 'checkout is slow', severity: 'SEV2', startedAt: 1_700_000_000_000 });
  opened.value.dispose();
}

it.each(['', ':/etc/localtime', 'Nowhere/Else', 'CET-1CEST'])(
  'a report is written where TZ is "%s"',
  (TZ) => {
    writeRecord();
    const { stdout, stderr } = spawnSync(process.execPath, [...MAIN, 'report', 'latest', '--out', '-'], {
      encoding: 'utf8',
      env: { ...process.env, TZ, FIRELINE_HOME: root },
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('| Declared | 2023-11-14 22:13:20 |');
  },
);

it('a report is written from a record on a disk that is mounted read-only', () => {
  writeRecord();
  const namespace = process.getuid?.() === 0 ? '-m' : '-rm';
  const { stdout, stderr } = spawnSync(
    'unshare',
    [
      namespace,
      'sh',
      '-c',
      'mount --bind "$FIRELINE_HOME" "$FIRELINE_HOME" && mount -o remount,ro,bind "$FIRELINE_HOME" && exec "$@"',
      'sh',
      process.execPath,
      ...MAIN,
      ...['report', 'latest', '--out', '-'],
    ],
    { encoding: 'utf8', env: { ...process.env, FIRELINE_HOME: root } },
  );
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^# INC-1: checkout is slow\n/);
});
