import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
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
  const ownBytes = process.memoryUsage.rss();
  const text = look('memory', tools);
  const listed = part(text, 'the largest processes').map((line) => {
    const [residentKb, , pid] = line.trim().split(/ +/).map(Number);
    return { residentKb, pid };
  });
  expect(listed).toEqual(listed.toSorted((a, b) => Number(b.residentKb) - Number(a.residentKb)));
  // Unless the machine has as many larger ones as are listed.
  const larger = listed.filter(
    ({ pid, residentKb }) => pid !== process.pid && Number(residentKb) * 1024 > ownBytes,
  );
  if (larger.length < 25) expect(listed.map(({ pid }) => pid)).toContain(process.pid);
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

/** One look by the tools of this machine, with other paths in place of those it names. */
function lookElsewhere(id: keyof typeof DIAGNOSIS_SCRIPTS, paths: Record<string, string>, pid = process.pid) {
  let script = `pid=${pid}\n${DIAGNOSIS_PRELUDE}PATH=${folder}/stand-ins:$PATH\n${DIAGNOSIS_SCRIPTS[id]}`;
  for (const [from, to] of Object.entries(paths)) script = script.replaceAll(from, to);
  const ran = spawnSync('sh', ['-c', script.replaceAll('@{', '${')], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(ran.stderr).toBe('');
  expect(ran.error).toBeUndefined();
  return ran.stdout;
}

function tool(name: string, script: string): void {
  mkdirSync(join(folder, 'stand-ins'), { recursive: true });
  writeFileSync(join(folder, 'stand-ins', name), `#!/bin/sh\n${script}\n`, {
    mode: 0o755,
  });
  onTestFinished(() => rmSync(join(folder, 'stand-ins', name)));
}

test('a host without os-release is told of all the same', () => {
  expect(part(lookElsewhere('machine', { '/etc/os-release': '/nowhere' }), 'mounts').length).toBeGreaterThan(
    0,
  );
});

test('where /proc hides the processes of others, that is said first', () => {
  const text = lookElsewhere('memory', { '/proc/1/stat': '/nowhere' });
  expect(text).toMatch(/^This account sees its own processes alone \(hidepid\)/);
  expect(lookElsewhere('memory', {})).not.toContain('hidepid');
});

test('a host without control groups says so', () => {
  expect(lookElsewhere('limits', { '/sys/fs/cgroup': '/nowhere' })).toContain('is not mounted here');
});

test('a journal without entries is not all that there is to read', () => {
  tool('journalctl', "echo '-- No entries --'; echo 'No journal files were found.' >&2");
  writeFileSync(join(folder, 'syslog'), 'a line of syslog\n');
  const read = lookElsewhere('logs', {
    '/var/log/syslog': join(folder, 'syslog'),
  });
  expect(read).toContain(`== ${folder}/syslog\na line of syslog\n`);
  expect(lookElsewhere('logs', { '/var/log/': '/nowhere/' })).toMatch(/== log\nThere is no journal and no /);
});

test('a ps that hangs, as where the memory of a process is locked, does not take the rest with it', () => {
  tool('ps', '[ "$1" = -o ] || exec sleep 600');
  const text = lookElsewhere('memory', {});
  expect(part(text, 'by command')).toEqual([
    'It has not come back after 5 seconds, and was ended: there may be more.',
  ]);
  expect(part(text, 'the kernel').length).toBeGreaterThan(3);
}, 30_000);

test('a log is read as its process has it open, and a pipe is not emptied', async () => {
  const [log, fifo] = [join(folder, 'app.log'), join(folder, 'app.fifo')];
  spawnSync('mkfifo', [fifo]);
  const script = `use IO::Handle; my ($log, $fifo) = @ARGV; open(L, '>>', $log); print L "its own\\n"; L->flush; rename $log, "$log.1";
open(P, '+<', $fifo); syswrite(P, "kept\\n"); open(O, '>', $log); print O "of another\\n"; close O; syswrite(STDOUT, "up\\n"); sleep 600 while 1`;
  const child = spawn('perl', ['-e', script, log, fifo], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const text = lookElsewhere('process-logs', {}, child.pid);
  expect(text).toContain(`== ${log}.1\nits own\n`);
  expect(text).not.toContain(fifo);
  // As one of another mount namespace: by its path it would be another file.
  rmSync(`${log}.1`);
  expect(lookElsewhere('process-logs', {}, child.pid)).toContain(`== ${log}.1 (deleted)\nits own\n`);
});

test.each(['disk', 'limits'] as const)('%s starts no program for each process of the host', (id) => {
  const started = join(folder, `started-by-${id}`);
  for (const name of ['awk', 'ls', 'stat', 'cat']) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    tool(name, `echo ${name} >> ${started}; exec ${stdout.trim()} "$@"`);
  }
  const many = Array.from({ length: 60 }, () => spawn('sleep', ['600'], { stdio: 'ignore' }));
  onTestFinished(() => {
    for (const one of many) one.kill('SIGKILL');
  });
  lookElsewhere(id, id === 'limits' ? { '/sys/fs/cgroup/': '/nowhere/' } : {});
  expect(
    readFileSync(started, 'utf8')
      .split('\n')
      .filter((name) => name === 'awk').length,
  ).toBeLessThan(20);
});

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
