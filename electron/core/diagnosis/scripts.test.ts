import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DIAGNOSIS_PRELUDE, DIAGNOSIS_SCRIPTS } from './scripts.ts';

const DF = spawnSync('sh', ['-c', 'command -v df'], { encoding: 'utf8' }).stdout.trim();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-busybox-'));
  const { stdout } = spawnSync('busybox', ['--list'], { encoding: 'utf8' });
  const busybox = spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();
  for (const name of stdout.split('\n').filter(Boolean)) symlinkSync(busybox, join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A diagnosis of this very process, by the tools of this machine or by busybox alone, as on Alpine. */
function look(id: keyof typeof DIAGNOSIS_SCRIPTS, tools: 'own' | 'busybox'): string {
  const own = process.env['PATH'] ?? '';
  const prelude = DIAGNOSIS_PRELUDE.replace(/PATH=\$PATH[^;]*;/, tools === 'own' ? '' : `PATH=${folder};`);
  const script = `pid=${process.pid}\n${prelude}${DIAGNOSIS_SCRIPTS[id]}`.replaceAll('@{', '${');
  const shell = tools === 'own' ? 'sh' : join(folder, 'sh');
  const path = tools === 'own' ? own : folder;
  return spawnSync(shell, ['-c', script], { encoding: 'utf8', env: { PATH: path }, timeout: 30_000 }).stdout;
}

/** The lines of one part. */
const part = (text: string, title: string) =>
  text.split(`== ${title}`)[1]?.split('\n== ')[0]?.split('\n').slice(1).filter(Boolean) ?? [];

test.each(['own', 'busybox'] as const)(
  'open files are counted by kind, by %s tools, and not listed besides',
  (tools) => {
    const lines = part(look('open-files', tools), 'descriptors');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(line).toMatch(/^\d+ (?:socket|pipe|device|deleted file|file|anon_inode:.*)$/);
  },
);

test.each(['own', 'busybox'] as const)('the largest processes are listed by %s tools', (tools) => {
  const text = look('memory', tools);
  expect(part(text, 'the largest processes').join('\n')).toMatch(
    new RegExp(`^ *\\d+ +\\d+ +${process.pid} `, 'm'),
  );
  expect(part(text, 'by command').length).toBeGreaterThan(1);
});

test('a file system that never answers holds nothing up, and is named', () => {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  // As df that waits for a dead server: no signal ends it, and of one mount alone it tells. It is gone with this folder.
  const df = `case "$*" in *' /') exec ${DF} "$@";; esac; trap '' TERM; while [ -e "$0" ]; do sleep 1; done`;
  writeFileSync(join(tools, 'df'), `#!/bin/sh\n${df}\n`, { mode: 0o755 });
  const script = `${DIAGNOSIS_PRELUDE}PATH=${tools}:$PATH\n${DIAGNOSIS_SCRIPTS.disk}`
    .replaceAll('@{', '${')
    .replaceAll('/proc/mounts', join(folder, 'mounts'));
  writeFileSync(join(folder, 'mounts'), '/dev/vda / ext4 rw 0 0\nfiler:/home /mnt/home nfs4 rw 0 0\n');
  const { error, stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8', timeout: 45_000 });
  expect(error).toBeUndefined();
  const alone = part(stdout, 'each mount alone');
  expect(alone[0]).toMatch(/ \d+% \/$/);
  expect(alone[1]).toBe('/mnt/home does not answer');
  expect(stdout).toContain('== deleted files');
}, 60_000);

test('one process in a control group is one', () => {
  const groups = { 7: '/one', 8: '/two', 9: '/two' };
  for (const [pid, group] of Object.entries(groups)) {
    mkdirSync(join(folder, 'proc', pid), { recursive: true });
    writeFileSync(join(folder, 'proc', pid, 'cgroup'), `4:cpu:${group}\n`);
  }
  const script = `${DIAGNOSIS_PRELUDE}${DIAGNOSIS_SCRIPTS.limits}`
    .replaceAll('@{', '${')
    .replaceAll('/proc/', `${folder}/proc/`);
  expect(spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout).toMatch(
    /^2 processes in \/two: .*\n1 process in \/one: /m,
  );
});

test('who started what is listed by busybox', () => {
  expect(part(look('services', 'busybox'), 'who started what').length).toBeGreaterThan(0);
});
