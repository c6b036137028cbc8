import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import { inspectionCommand, parseInspection } from '../detectors/inspectProcesses.ts';
import { perfCommand } from '../profiling/profileCommands.ts';
import { quoteCommand } from '../sessions/shellQuote.ts';
import { truncateDeleted } from './freeDisk.ts';
import { scriptCommand } from './hostScript.ts';
import { FOREIGN, refusalOf } from './killPlan.ts';
import { killCommand, parseKillOutput } from './killScript.ts';
import { pauseProcess, reniceProcess } from './processActions.ts';
import { HERE, identityOf } from './remediationBed.ts';
import type { ActionHost } from './scriptAction.ts';

/** What is sent to hosts, run by the shells and in the surroundings that hosts have. */
const SHELLS = ['dash', 'bash', 'ksh93', 'busybox'] as const;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-odd-'));
  for (const shell of SHELLS) {
    mkdirSync(join(folder, shell));
    const { stdout } = spawnSync('sh', ['-c', `command -v ${shell}`], {
      encoding: 'utf8',
    });
    symlinkSync(stdout.trim(), join(folder, shell, 'sh'));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const children = new Set<ReturnType<typeof spawn>>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

async function start(script: string, ...argv: string[]) {
  const child = spawn('perl', [...argv, '-e', `$| = 1; ${script}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  await once(child.stdout, 'data');
  return child;
}
const sleeper = async () => (await start('print "up\\n"; sleep 600 while 1')).pid ?? -1;

/** By the shell that is `sh` there, and with what is found before the rest. */
function run(
  argv: readonly string[],
  { shell = 'dash', tools = '' }: { shell?: string; tools?: string } = {},
) {
  const path = [tools, join(folder, shell), process.env['PATH']].filter((one) => one !== '').join(':');
  const ran = spawnSync(join(folder, shell, 'sh'), ['-c', quoteCommand(argv)], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
    timeout: 30_000,
  });
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

const stateOf = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
};
const killBy = (target: ProcessIdentity, perl: boolean) =>
  killCommand({ target, signal: 'TERM' }, { perl, privilege: 'none', waitMs: 5000 });
const pauseOf = (target: ProcessIdentity) =>
  scriptCommand(pauseProcess.script({ target, resume: false }, {} as ActionHost), 'none');

describe.each(SHELLS)('where sh is %s', (shell) => {
  test('a process is looked at, paused, reniced and killed, and another of its number left alone', async () => {
    const pid = await sleeper();
    const target = identityOf(pid);
    const seen = parseInspection(run(inspectionCommand({ pids: [pid] }), { shell }));
    expect(seen).toMatchObject({ bootId: HERE.bootId, foreign: false });
    expect(seen?.ancestors).toContain(process.pid);
    const [looked] = seen?.processes ?? [];
    expect(looked).toMatchObject({
      identity: target,
      dead: false,
      parentPid: process.pid,
    });
    expect(Math.abs((looked?.startedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(looked?.user).toMatch(/^[a-z]/);
    const other = { ...target, startTicks: target.startTicks - 1 };
    expect(run(pauseOf(other), { shell })).toMatch(/^guard\trefused\tThe process that was planned is gone/);
    expect(run(killBy(other, false), { shell })).toMatch(/^refused\tother\tperl\tperl/);
    expect(stateOf(pid)).toBe('S');
    expect(run(pauseOf(target), { shell })).toContain('\nverify\tok');
    expect(stateOf(pid)).toBe('T');
    const renice = reniceProcess.script({ target, nice: 9 }, {} as ActionHost);
    expect(run(scriptCommand(renice, 'none'), { shell })).toContain('verify\tok\tIts niceness is 9.');
    const go = pauseProcess.script({ target, resume: true }, {} as ActionHost);
    expect(run(scriptCommand(go, 'none'), { shell })).toContain('\nverify\tok');
    expect(parseKillOutput(run(killBy(target, false), { shell }))).toMatchObject({ kind: 'sent' });
  });
});

/** Root of its own namespaces, also where this is not root. */
const APART = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
];

describe('where /proc is of another pid namespace, as in a pod that has changed its root to its machine’s', () => {
  /** What is pid 2 there is another process than pid 2 of /proc. */
  const apart = (argv: readonly string[]) => {
    const script = `sleep 600 >/dev/null & ${quoteCommand(argv)}; kill -s 0 2 && echo lives; kill -s KILL 2`;
    return spawnSync(APART[0] ?? '', [...APART.slice(1), 'sh', '-c', script], {
      encoding: 'utf8',
    }).stdout;
  };
  test.each([true, false])('nothing is signalled (by perl: %s)', (perl) => {
    expect(apart(killBy(identityOf(2), perl))).toBe('refused\tforeign\nlives\n');
  });
  test('nothing is profiled', () => {
    expect(apart(perfCommand((argv) => argv, [identityOf(2)], 1))).toMatch(
      /^@failed\t\/proc is of another pid namespace here: .*\nlives\n$/,
    );
    const program = fileURLToPath(new URL('../profiling/remote/profileNode.cjs', import.meta.url));
    const { pid, startTicks } = identityOf(process.pid);
    const argv = ['--', HERE.bootId, '1', '5000', '5', `${pid}:${startTicks}`];
    expect(apart([process.execPath, '-e', readFileSync(program, 'utf8'), ...argv])).toContain(
      '/proc is of another pid namespace here: the signal would reach another process',
    );
  });
  test('nothing is paused, and the look says why', () => {
    expect(apart(pauseOf(identityOf(2)))).toBe(`guard\trefused\t${FOREIGN}\nlives\n`);
    expect(parseInspection(apart(inspectionCommand({ pids: [2] })))).toMatchObject({ foreign: true });
  });
});

test('a process whose first thread alone has ended is not called dead, and is killed', async () => {
  // exit(2), which ends the thread that calls it: 93 in the newer tables of system calls.
  const number = process.arch === 'x64' ? 60 : 93;
  const child = await start(
    `threads->create(sub { sleep 600 while 1 }); print "up\\n"; syscall(${number}, 0)`,
    '-Mthreads',
  );
  const pid = child.pid ?? -1;
  await expect.poll(() => stateOf(pid)).toBe('Z');
  const target = identityOf(pid);
  const seen = parseInspection(run(inspectionCommand({ pids: [pid] })));
  expect(seen?.processes[0]).toMatchObject({ state: 'Z', dead: false });
  expect(run(scriptCommand(reniceProcess.script({ target, nice: 9 }, {} as ActionHost), 'none'))).toContain(
    'guard\tok',
  );
  const kill = (perl: boolean) =>
    run(killCommand({ target, signal: 'KILL' }, { perl, privilege: 'none', waitMs: 5000 }));
  expect(parseKillOutput(kill(false))).toMatchObject({
    kind: 'sent',
    end: expect.stringMatching(/gone|zombie/),
  });
});

test('a pid that is given away while the guard still speaks is not signalled', () => {
  const tools = mkdtempSync(join(folder, 'tools-'));
  // Stands for time: the guard's words go through it. By then another process has the number.
  const cut = `#!/bin/sh
if read -r victim start < ${tools}/victim; then
  rm ${tools}/victim; kill -s KILL $victim
  while kill -s 0 $victim; do :; done
  until [ "$new" = $victim ]; do echo $((victim - 1)) > /proc/sys/kernel/ns_last_pid; sleep 600 >&- <&- & new=$!; [ $new = $victim ] || kill $new; done
  echo $new > ${tools}/new
fi 2>/dev/null
cat`;
  writeFileSync(join(tools, 'cut'), cut, { mode: 0o755 });
  // As pid 1 it clears away what is orphaned.
  const script = `( sleep 600 >&- <&- & echo $! > ${tools}/pid )
read -r pid < ${tools}/pid; set -- $(sed 's/.*) //' /proc/$pid/stat); shift 19; echo "$pid $1" > ${tools}/victim
read -r boot < /proc/sys/kernel/random/boot_id
PATH=${tools}:$PATH; set -- "$boot" $pid $1 STOP
"$@"
read -r state < ${tools}/new && sed 's/.*) //' /proc/$state/stat | head -c 1`;
  const [sh = '', c = '', pause = '', name = ''] = pauseOf({
    ...HERE,
    pid: 0,
    startTicks: 0,
  });
  const whole = script.replace('"$@"', () => `${quoteCommand([sh, c, pause, name])} "$@"`);
  const ran = spawnSync(APART[0] ?? '', [...APART.slice(1), '--mount-proc', 'sh', '-c', whole], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(ran.stdout).toMatch(
    /^guard\tok\t.*\nexecute\tfailed\tPid \d+ has gone meanwhile: nothing was changed\.\nS$/,
  );
});

describe('a deleted file', () => {
  const HOLDER = `my ($gone, $next, $first) = @ARGV; open(F, '>', $gone); print F 'x' x 100000; F->flush; eval $first; unlink $gone;
$SIG{USR1} = sub { open(F, '>>', $next); syswrite(STDOUT, "next\\n") }; syswrite(STDOUT, fileno(F) . "\\n"); sleep 600 while 1`;
  const hold = async (name: string, first = '') => {
    const gone = join(folder, `${name}.gone`);
    const next = join(folder, `${name}.next`);
    writeFileSync(next, 'what is live');
    const child = spawn('perl', ['-MIO::Handle', '-e', HOLDER, gone, next, first], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.add(child);
    const [said] = await once(child.stdout, 'data');
    const pid = child.pid ?? -1;
    const descriptor = Number(String(said));
    const { stdout } = spawnSync('stat', ['-L', '-c', '%i', `/proc/${pid}/fd/${descriptor}`], {
      encoding: 'utf8',
    });
    const script = truncateDeleted.script(
      { target: identityOf(pid), descriptor, inode: Number(stdout) },
      {} as ActionHost,
    );
    return { pid, gone, next, argv: scriptCommand(script, 'none') };
  };

  test.each(SHELLS)('is emptied by %s', async (shell) => {
    const { argv } = await hold(shell);
    expect(run(argv, { shell })).toMatch(
      /^guard\tok\t.*\nexecute\tok\temptied\nverify\tok\tIt holds 0 bytes/,
    );
  });

  test('whose descriptor becomes another file while the guard still speaks is not what is emptied', async () => {
    const { pid, next, argv } = await hold('swap');
    const tools = mkdtempSync(join(folder, 'tools-'));
    const cut = `#!/bin/sh
if [ ! -e ${tools}/done ]; then : > ${tools}/done; kill -s USR1 ${pid}; until ls -l /proc/${pid}/fd | grep -q ${next}; do :; done; fi
cat`;
    writeFileSync(join(tools, 'cut'), cut, { mode: 0o755 });
    expect(run(argv, { tools })).toContain('execute\tfailed\t');
    expect(readFileSync(next, 'utf8')).toBe('what is live');
  });

  test('that has another name still is left alone', async () => {
    const { gone, argv } = await hold('linked', 'link $gone, "$gone.copy"');
    expect(run(argv)).toMatch(/^guard\trefused\tIt has another name still/);
    expect(readFileSync(`${gone}.copy`, 'utf8')).toHaveLength(100_000);
  });
});

test('a process that cannot be seen is not called gone', () => {
  const seen = {
    bootId: HERE.bootId,
    perl: true,
    uid: 1000,
    foreign: false,
    ancestors: [4712, 4711],
    processes: [],
    pidFiles: [],
  };
  const target = { ...HERE, pid: 812, startTicks: 5 };
  expect(refusalOf({ target }, seen, undefined)).toBe('Pid 812 is gone, or this account may not see it.');
  expect(refusalOf({ target }, { ...seen, ancestors: [4712, 1] }, undefined)).toContain('is gone already');
});
