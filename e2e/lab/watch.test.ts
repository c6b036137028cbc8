import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordedInput, readInput } from '../../electron/core/detectors/recordedInput.ts';
import { linesOf, recordingsOf } from '../../electron/core/detectors/recordingFiles.ts';
import { detectCgroupsHere } from './cgroups.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';
import { readLabRecords } from './labRecord.ts';
import { runSsh } from './runSsh.ts';
import { waitUntil } from './waitUntil.ts';

const MIB = 1024 * 1024;
const ENTRY = fileURLToPath(new URL('../../electron/cli/main.ts', import.meta.url));
/** Longer than a host may be silent. */
const STOOD_MS = 8_000;

/** What is read here of a line of `fireline watch`. */
interface Told {
  host: string;
  kind: string;
  severity: string;
  detail: Record<string, unknown>;
}

describe.skipIf(!labIsWanted)('fireline watch on two limited hosts', () => {
  let lab: Lab;
  let watch: ChildProcess;
  let home: string;
  const events: Told[] = [];
  let errors = '';
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'fireline-watch-'));
    lab = await startLab({ hosts: 2, memoryLimitBytes: 128 * MIB, cpuQuota: 0.5 });
    watch = spawn(process.execPath, [ENTRY, 'watch', lab.workspaceFile, '--for', '10m'], {
      env: { ...process.env, FIRELINE_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    watch.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString('utf8');
    });
    if (watch.stdout === null) throw new Error('no output to read');
    createInterface({ input: watch.stdout }).on('line', (line) => events.push(JSON.parse(line)));
  });
  afterAll(async () => {
    if (watch?.exitCode === null) {
      const ended = new Promise((resolve) => watch.on('exit', resolve));
      watch.kill('SIGTERM');
      await ended;
    }
    await lab?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it('sees their limits: memory in free, the CPU quota in what the kernel throttles', async () => {
    const host = lab.host('web2');
    expect((await runSsh(host, 'free -m')).stdout).toMatch(/^Mem:\s+128\s/m);
    const throttled = () => {
      const layout = detectCgroupsHere();
      const record = readLabRecords()
        .find((one) => one.id === lab.id)
        ?.hosts.find((one) => one.id === 'web2');
      const stat = join(layout.mounts.cpu ?? '', record?.cgroupPath ?? '', 'cpu.stat');
      return Number(/^nr_throttled (\d+)$/m.exec(readFileSync(stat, 'utf8'))?.[1]);
    };
    const before = throttled();
    await host.exec(['perl', '-e', '1 while (times)[0] + (times)[1] < 0.5']);
    expect(throttled()).toBeGreaterThan(before);
  });

  it('tells the kill on the host that had it, which the group’s own counter confirms', async () => {
    const host = lab.host('web1');
    await waitUntil('both hosts sampled', 60_000, () =>
      /web1 is up/.test(errors) && /web2 is up/.test(errors) ? true : undefined,
    );
    const oom = await host.oom({ seconds: 2 });
    await oom.killed();
    expect(host.oomKills()).toBe(1);
    const told = await waitUntil('the line of the kill', 60_000, () =>
      events.find((one) => one.kind === 'process.oom_killed' && one.detail['onThisHost'] === true),
    );
    expect(told).toMatchObject({
      host: 'web1',
      severity: 'critical',
      detail: { pid: oom.outerPid, scope: 'cgroup' },
    });
    expect(lab.host('web2').oomKills()).toBe(0);
  });

  it.skipIf(!crashesAreLogged())('tells a program that crashed, from the kernel’s own words', async () => {
    const crash = await lab.host('web1').exec(['perl', '-e', 'print unpack "p", pack "L!", 1']);
    expect(crash.code).not.toBe(0);
    const told = await waitUntil('the line of the crash', 60_000, () =>
      events.find((one) => one.kind === 'kernel.segfault' && one.host === 'web1'),
    );
    expect(told.detail).toMatchObject({ process: 'perl', fault: 'read a null pointer' });
  });

  it('that stood still is not told by a replay as hosts that were silent', async () => {
    watch.kill('SIGSTOP');
    await sleep(STOOD_MS);
    watch.kill('SIGCONT');
    await waitUntil('what it stood on record', 30_000, async () => {
      const inputs = await recorded(home);
      return inputs.some((input) => input.kind === 'stood' && input.at - input.from > STOOD_MS - 2000)
        ? true
        : undefined;
    });
    const { stdout } = await promisify(execFile)(process.execPath, [ENTRY, 'replay', 'latest'], {
      env: { ...process.env, FIRELINE_HOME: home },
    });
    const kinds = stdout.split('\n').flatMap((line) => (line ? [(JSON.parse(line) as Told).kind] : []));
    expect(kinds).toContain('process.oom_killed');
    expect(kinds).not.toContain('host.silent');
    expect(events.map(({ kind }) => kind)).not.toContain('host.silent');
  });
});

async function recorded(home: string): Promise<RecordedInput[]> {
  const inputs: RecordedInput[] = [];
  const [record = ''] = readdirSync(join(home, 'records'));
  for (const { file } of recordingsOf(join(home, 'records', record)))
    for await (const line of linesOf(file)) {
      const input = readInput(line);
      if (input) inputs.push(input);
    }
  return inputs;
}

/** The kernel says so unless it is told not to; arm64's is told not to from the start. */
function crashesAreLogged(): boolean {
  try {
    return readFileSync('/proc/sys/debug/exception-trace', 'utf8').trim() !== '0';
  } catch {
    return false;
  }
}
