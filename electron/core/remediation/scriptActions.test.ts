import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RemediationRecord, RemediationRequest } from '../../../shared/model/remediation.ts';
import type { Runbook } from '../../../shared/model/workspace.ts';
import { HERE, hastyClock, identityOf, openRemediationBed, type RemediationBed } from './remediationBed.ts';

let bed: RemediationBed;
beforeEach(async () => {
  bed = await openRemediationBed({ clock: hastyClock });
});
afterEach(() => {
  bed.dispose();
  vi.unstubAllEnvs();
});

const plan = (request: RemediationRequest) => bed.service.plan({ host: HERE.host, request });

async function carryOut(request: RemediationRequest): Promise<RemediationRecord> {
  const made = await plan(request);
  expect(made.refusal).toBeUndefined();
  return await bed.service.execute(made.id);
}

const stateOf = (pid: number) => statField(pid, 3);
const statField = (pid: number, field: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3];
};

describe('a process', () => {
  test('is paused and goes on, and its state says so', async () => {
    const { pid } = await bed.start('');
    const target = identityOf(pid);
    const paused = await carryOut({ action: 'process.pause', arguments: { target, resume: false } });
    expect(paused).toMatchObject({ outcome: 'succeeded', verdict: `Pid ${pid} stands still (state T).` });
    expect(stateOf(pid)).toBe('T');
    const resumed = await carryOut({ action: 'process.pause', arguments: { target, resume: true } });
    expect(resumed).toMatchObject({ outcome: 'succeeded' });
    expect(stateOf(pid)).not.toBe('T');
    expect(bed.events.map((e) => e.kind)).toContain('remediation.succeeded');
  });

  test('is called what its program is, where its runtime names its first thread', async () => {
    const { pid } = await bed.start(
      'open F, ">", "/proc/self/comm"; print F "MainThread"; close F',
      '/usr/bin/node',
    );
    const target = identityOf(pid);
    const titles = [
      await plan({ action: 'process.pause', arguments: { target, resume: false } }),
      await plan({ action: 'process.renice', arguments: { target, nice: 7 } }),
      await plan({ action: 'process.kill', arguments: { target, signal: 'TERM' } }),
    ].map((made) => made.title);
    expect(titles).toEqual([
      `Pause pid ${pid} (node)`,
      `Renice pid ${pid} (node) to 7`,
      `Kill pid ${pid} (node)`,
    ]);
  });

  test('is reniced with all its threads, and read back', async () => {
    const { pid } = await bed.start('');
    const request = { action: 'process.renice' as const, arguments: { target: identityOf(pid), nice: 7 } };
    expect((await plan(request)).touches[0]).toContain(`Its niceness is ${statField(pid, 19)} now`);
    expect(await carryOut(request)).toMatchObject({ outcome: 'succeeded', verdict: 'Its niceness is 7.' });
    expect(statField(pid, 19)).toBe('7');
  });

  test('that is another by now is left alone, by the plan and by the command itself', async () => {
    const { pid, ended } = await bed.start('');
    const target = identityOf(pid);
    const other = { ...target, startTicks: target.startTicks - 1 };
    for (const wrong of [other, { ...target, bootId: 'another' }]) {
      const made = await plan({ action: 'process.pause', arguments: { target: wrong, resume: false } });
      expect(made.refusal).toBeDefined();
    }
    const made = await plan({ action: 'process.pause', arguments: { target, resume: false } });
    process.kill(pid, 'SIGKILL');
    await ended;
    const record = await bed.service.execute(made.id);
    expect(record).toMatchObject({
      outcome: 'refused',
      verdict: `Pid ${pid} is gone already. Nothing was changed.`,
    });
  });

  test('a tree goes after its root, and what is not of it stays', async () => {
    const stranger = await bed.start('');
    const root = await bed.start('fork; fork');
    const table = await descendants(root.pid);
    expect(table).toHaveLength(3);
    const { killCommand } = await import('./killScript.ts');
    for (const perl of [false]) {
      const command = killCommand(
        { target: identityOf(root.pid), signal: 'TERM' },
        {
          perl,
          privilege: 'none',
          waitMs: 5000,
          // One of them is another process by now: it is passed over.
          others: [...table.map((pid) => identityOf(pid)), { ...identityOf(stranger.pid), startTicks: 1 }],
        },
      );
      const ran = await bed.session.run(command, { purpose: 'test' });
      expect(ran).toMatchObject({
        ok: true,
        value: { exitCode: 0, stdout: expect.stringContaining('others\t3') },
      });
    }
    for (const pid of table) expect(livesOn(pid)).toBe(false);
    expect(livesOn(stranger.pid)).toBe(true);
  });

  test('a tree is signalled by perl as by the shell', async () => {
    const root = await bed.start('fork; fork');
    const table = await descendants(root.pid);
    const { killCommand } = await import('./killScript.ts');
    const command = killCommand(
      { target: identityOf(root.pid), signal: 'KILL' },
      { perl: true, privilege: 'none', waitMs: 5000, others: table.map((pid) => identityOf(pid)) },
    );
    const ran = await bed.session.run(command, { purpose: 'test' });
    expect(ran).toMatchObject({
      ok: true,
      value: { exitCode: 0, stdout: expect.stringContaining('others\t3') },
    });
    for (const pid of table) expect(livesOn(pid)).toBe(false);
  });
});

function livesOn(pid: number): boolean {
  try {
    return !['Z', 'X'].includes(stateOf(pid) ?? 'X');
  } catch {
    return false;
  }
}

/** Children and theirs, once there are three. */
async function descendants(root: number): Promise<number[]> {
  const childrenOf = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((one) => one !== '')
      .map(Number);
  const all = (pid: number): number[] => childrenOf(pid).flatMap((one) => [one, ...all(one)]);
  await expect.poll(() => all(root).length).toBe(3);
  return all(root);
}

describe('a deleted file that is held open', () => {
  test('is emptied through its holder; one that still has a name is refused', async () => {
    const file = join(bed.directory, 'old.log');
    const { pid } = await bed.start(
      `open(F, '>>', '${file}'); F->autoflush(1); print F 'x' x 5_000_000; unlink '${file}'; open(G, '>>', '${file}.kept')`,
    );
    const target = identityOf(pid);
    const inode = statSync(`/proc/${pid}/fd/3`).ino;
    const arguments_ = { target, descriptor: 3, inode };
    const made = await plan({ action: 'file.truncate_deleted', arguments: arguments_ });
    expect(made.touches[0]).toContain(`${file}, deleted, held open by perl`);
    expect(await bed.service.execute(made.id)).toMatchObject({ outcome: 'succeeded' });
    expect(statSync(`/proc/${pid}/fd/3`).size).toBe(0);
    const kept = statSync(`/proc/${pid}/fd/4`).ino;
    const wrong = await plan({
      action: 'file.truncate_deleted',
      arguments: { target, descriptor: 4, inode: kept },
    });
    expect(wrong.refusal).toContain('no deleted file');
  });
});

describe('a runbook', () => {
  const hostile = `'; touch INJECTED; echo "$(touch INJECTED)" \`touch INJECTED\` #`;
  const runbook = (over: Partial<Runbook>): Runbook => ({
    name: 'try',
    title: 'Try it',
    parameters: [{ name: 'app', type: 'text' }],
    run: 'printf "%s" "$app" > "$(dirname "$0")/nothing" 2>/dev/null; echo "<$app>"',
    root: false,
    timeoutSeconds: 20,
    ...over,
  });
  const request = (app: string) => ({
    action: 'runbook.run' as const,
    arguments: { runbook: 'try', parameters: { app } },
  });

  test('gets its parameters as values, whatever they hold', async () => {
    bed.runbooks.push(runbook({ run: 'echo "<$app>"', verify: 'test -n "$app" && echo "seen $app"' }));
    const record = await carryOut(request(hostile));
    expect(record.outcome).toBe('succeeded');
    expect(record.output).toContain(`  <${hostile}>`);
    expect(() => statSync('INJECTED')).toThrow();
  });

  test('of more than nine parameters is given each as it is', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `p${n + 1}`);
    bed.runbooks.push(
      runbook({
        parameters: names.map((name) => ({ name, type: 'text' as const })),
        run: `echo "${names.map((name) => `$${name}`).join(',')}"`,
      }),
    );
    const record = await carryOut({
      action: 'runbook.run',
      arguments: {
        runbook: 'try',
        parameters: Object.fromEntries(names.map((name) => [name, `-${name} 'é"$(x)`])),
      },
    });
    expect(record.outcome).toBe('succeeded');
    expect(record.output).toContain(names.map((name) => `-${name} 'é"$(x)`).join(','));
  });

  test('whose guard says no is not run; whose check says no has failed', async () => {
    const made = join(bed.directory, 'made');
    bed.runbooks.push(runbook({ guard: 'echo not today; false', run: `touch ${made}` }));
    const refused = await carryOut(request('shop'));
    expect(refused).toMatchObject({ outcome: 'refused', verdict: expect.stringContaining('not today') });
    expect(() => statSync(made)).toThrow();
    bed.runbooks[0] = runbook({ run: `touch ${made}`, verify: 'echo it did not help; exit 3' });
    const failed = await carryOut(request('shop'));
    expect(failed).toMatchObject({ outcome: 'failed', verdict: expect.stringContaining('exit status 3') });
    expect(statSync(made).isFile()).toBe(true);
  });

  test('that prints a hundred megabytes, zeros among them, has ended all the same, and its end is told', async () => {
    const flood =
      "head -c 50000000 /dev/zero; head -c 50000000 /dev/zero | tr '\\000' x; yes | head -n 300000; echo; echo it is done";
    bed.runbooks.push(runbook({ guard: flood, run: flood, verify: flood }));
    const record = await carryOut(request('shop'));
    expect(record).toMatchObject({ outcome: 'succeeded', verdict: 'Its own check says yes: it is done.' });
    expect(record.output).toMatch(/^ {2}x{1000}/);
    expect(record.output).toContain('\n  [...]\n');
  }, 60_000);

  test('cannot pass its own output for ours', async () => {
    bed.runbooks.push(runbook({ run: "printf 'verify\\tok\\tall is well\\n'; exit 9" }));
    expect(await carryOut(request('shop'))).toMatchObject({
      outcome: 'failed',
      verdict: expect.stringContaining('exit status 9'),
    });
  });

  test('that is not there, or a value that is none, makes no plan', async () => {
    bed.runbooks.push(runbook({ parameters: [{ name: 'app', type: 'choice', choices: ['shop', 'blog'] }] }));
    await expect(plan(request('pub'))).rejects.toMatchObject({
      error: { message: expect.stringContaining('app: one of shop, blog') },
    });
    bed.runbooks.pop();
    await expect(plan(request('shop'))).rejects.toMatchObject({ error: { code: 'not_found' } });
  });
});

describe('a service', () => {
  /** runit's own supervisor over one service, in a folder of the test. */
  async function runit(script: string): Promise<string> {
    const service = join(bed.directory, 'video');
    mkdirSync(service);
    writeFileSync(join(service, 'run'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(service, 'run'), 0o755);
    const child = spawn('runsv', [service], { stdio: 'ignore' });
    // Its service goes with it.
    bed.children.push({ kill: () => child.kill('SIGTERM') } as unknown as (typeof bed.children)[number]);
    await expect
      .poll(() => {
        try {
          return readFileSync(join(service, 'supervise/stat'), 'utf8').trim();
        } catch {
          return '';
        }
      })
      .toBe('run');
    return service;
  }
  const request = (name: string, operation: 'restart' | 'stop' | 'start') => ({
    action: 'service.control' as const,
    arguments: { manager: 'runit' as const, name, operation },
  });

  test('is restarted, stopped and started, and what it is then is read back', async () => {
    const name = await runit('exec sleep 600');
    const pid = () => readFileSync(join(name, 'supervise/pid'), 'utf8').trim();
    const before = pid();
    expect(await carryOut(request(name, 'restart'))).toMatchObject({
      outcome: 'succeeded',
      verdict: expect.stringContaining('It is up: run:'),
    });
    expect(pid()).not.toBe(before);
    expect(await carryOut(request(name, 'stop'))).toMatchObject({ outcome: 'succeeded' });
    expect((await plan(request(name, 'stop'))).refusal).toContain('down already');
    expect(await carryOut(request(name, 'start'))).toMatchObject({ outcome: 'succeeded' });
    expect((await plan(request(name, 'start'))).refusal).toContain('up already');
  }, 60_000);

  test('that dies as soon as it is up has not come up', async () => {
    const name = await runit('exec sleep 600');
    // Beside it first: while it is being started it cannot be written.
    writeFileSync(join(name, 'next'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    renameSync(join(name, 'next'), join(name, 'run'));
    const record = await carryOut(request(name, 'restart'));
    expect(record).toMatchObject({
      outcome: 'failed',
      // runit itself waits some seconds, and may be the first to say so.
      verdict: expect.stringMatching(/did not stay|is not up|runit refused/),
    });
  }, 60_000);

  /** Commands that say what the real ones would, found before them; by their names, their shell. Gives their folder. */
  async function standIns(commands: Record<string, string>): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'fireline-commands-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    for (const [name, script] of Object.entries(commands))
      writeFileSync(join(folder, name), `#!/bin/sh\nasked=${folder}/asked\n${script}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    bed.dispose();
    bed = await openRemediationBed({ clock: hastyClock });
    return folder;
  }
  const ofSystemd = (name: string, operation: 'restart' | 'stop' | 'start') => ({
    action: 'service.control' as const,
    arguments: { manager: 'systemd' as const, name, operation },
  });

  test('is not up while the process that is to end still runs', async () => {
    // runit's answer within a second of the start, on a machine that is slow to end the process: its status by numbers.
    await standIns({
      sv: `[ "$1" = status ] || exit 0
echo >> $asked
case $(wc -l < $asked) in
  1|2|3) echo 'run: video: (pid 100) 0s; run: log: (pid 99) 7s' ;;
  4) echo 'down: video: 1s, normally up, want up; run: log: (pid 99) 9s' ;;
  *) echo 'run: video: (pid 200) 0s; run: log: (pid 99) 9s' ;;
esac`,
    });
    expect(await carryOut(request('video', 'restart'))).toMatchObject({
      outcome: 'succeeded',
      verdict: expect.stringContaining('(pid 200)'),
    });
  }, 60_000);

  test('that is started again each second is never up, whenever it is asked', async () => {
    // runit starts it a second after it died, and is asked once a second.
    await standIns({
      sv: `[ "$1" = status ] || exit 0
echo >> $asked
echo "run: video: (pid 10$(wc -l < $asked)) 0s; run: log: (pid 99) 7s"`,
      sleep: '',
    });
    expect(await carryOut(request('video', 'restart'))).toMatchObject({
      outcome: 'failed',
      verdict: expect.stringContaining('did not stay'),
    });
  }, 60_000);

  test('of systemd is told and asked in systemd’s own words', async () => {
    // No systemd runs here: a double that says what systemctl(1) of 252 says of a unit that is restarted.
    const folder = await standIns({
      systemctl: `echo "$*" >> $asked
case $1 in
  show) printf 'ActiveState=active\\nSubState=running\\nMainPID=%s\\n' $(cat $asked.pid 2>/dev/null || echo 811) ;;
  restart) echo 812 > $asked.pid ;;
  *) exit 1 ;;
esac`,
    });
    const record = await carryOut(ofSystemd('nginx.service', 'restart'));
    expect(record).toMatchObject({ outcome: 'succeeded', verdict: expect.stringContaining('MainPID=812') });
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toContain('restart -- nginx.service');
  }, 60_000);

  test('of systemd that is made to run once and end has succeeded when it has, and is down when it is stopped', async () => {
    const folder = await standIns({
      systemctl: `case $1 in
  show) printf 'Type=oneshot\\nResult=success\\nMainPID=%s\\n' "$(cat $asked.pid 2>/dev/null || echo 0)"
    if [ -e $asked.pid ]; then printf 'ActiveState=active\\nSubState=exited\\n'; else printf 'ActiveState=inactive\\nSubState=dead\\n'; fi ;;
  start) ;;
  stop) rm $asked.pid ;;
  *) exit 1 ;;
esac`,
    });
    expect(await carryOut(ofSystemd('backup.service', 'start'))).toMatchObject({
      outcome: 'succeeded',
      verdict: expect.stringContaining('ran and ended well'),
    });
    expect((await plan(ofSystemd('backup.service', 'stop'))).refusal).toContain('down already');
    // As one that stays when it has ended (RemainAfterExit).
    writeFileSync(join(folder, 'asked.pid'), '0');
    expect(await carryOut(ofSystemd('backup.service', 'stop'))).toMatchObject({
      outcome: 'succeeded',
      verdict: expect.stringContaining('It is down'),
    });
  }, 60_000);
});

describe('ssh', () => {
  test('is planned with what its listeners’ scores are, or refused where there is none', async () => {
    const made = await plan({ action: 'ssh.protect', arguments: {} });
    expect(made.refusal ?? made.touches[0]).toMatch(
      /no listening sshd|protected already|oom_score_adj -?\d+ → -1000/,
    );
  });
});
