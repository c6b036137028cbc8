import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { LogLine } from '../detectors/detector.ts';
import { createLocalSession } from '../transports/localSession.ts';
import { followLogs } from './logFollower.ts';

let owned: DisposableStore;
let folder: string;

beforeEach(() => {
  owned = new DisposableStore();
  folder = mkdtempSync(join(tmpdir(), 'fireline-logs-'));
});

afterEach(() => {
  owned.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Follows `folder` over a real local session; `line` resolves with the first line that passes. */
function follow() {
  const session = owned.add(createLocalSession('here' as HostId));
  const follower = owned.add(followLogs(session, [join(folder, '*.log')], { clock: systemClock }));
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  owned.add(
    follower.onLine((line) => {
      lines.push(line);
      for (const look of [...waiting]) look();
    }),
  );
  session.start();
  const line = (passes: (line: LogLine) => boolean) =>
    new Promise<LogLine>((resolve) => {
      const look = () => {
        const found = lines.find(passes);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { lines, line };
}

test('lines arrive whole, through rotation, and from files that appear later', async () => {
  const file = join(folder, 'app.log');
  writeFileSync(file, 'before\n');
  const { line } = follow();
  await line((l) => l.text === 'before');
  appendFileSync(file, 'one\ntw');
  await line((l) => l.text === 'one');
  appendFileSync(file, 'o\n');
  await line((l) => l.text === 'two');
  renameSync(file, `${file}.1`);
  writeFileSync(file, 'after rotation\n');
  expect((await line((l) => l.text === 'after rotation')).path).toBe(file);
  const late = join(folder, "late $(touch x) '\u00e9.log");
  writeFileSync(late, 'from a late file\n');
  expect((await line((l) => l.text === 'from a late file')).path).toBe(late);
}, 40_000);

test('a line of a megabyte is cut and says so; bytes that are not text and markup arrive as text', async () => {
  const file = join(folder, 'hostile.log');
  writeFileSync(file, 'start\n');
  const { line } = follow();
  await line((l) => l.text === 'start');
  appendFileSync(file, `${'x'.repeat(1 << 20)}\n`);
  const long = await line((l) => l.text.startsWith('xxxx'));
  expect(long.cut).toBe(true);
  expect(long.text.length).toBeLessThanOrEqual(65_536);
  appendFileSync(
    file,
    Buffer.concat([Buffer.from('bad '), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from(' end\n')]),
  );
  expect((await line((l) => l.text.startsWith('bad '))).text).toMatch(/^bad \ufffd+ end$/);
  appendFileSync(file, '<script>alert(1)</script> \u001b]0;x\u0007 $(reboot)\n');
  expect((await line((l) => l.text.startsWith('<script>'))).text).toContain('$(reboot)');
}, 40_000);

test('where there is no perl nothing goes on when the shell that follows is ended without a word', async () => {
  writeFileSync(join(folder, 'app.log'), 'before\n');
  const script = readFileSync(new URL('./remote/follow.sh', import.meta.url), 'utf8');
  const shell = spawn('sh', ['-c', script, 'follow', 'token', join(folder, '*.log')], { stdio: 'pipe' });
  const ended = once(shell, 'exit');
  await once(shell.stdout, 'data');
  const left = () =>
    spawnSync('pgrep', ['-f', folder], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).length;
  await expect.poll(left).toBeGreaterThan(1);
  shell.kill('SIGKILL');
  await ended;
  await expect.poll(left, { timeout: 15_000 }).toBe(0);
}, 40_000);
