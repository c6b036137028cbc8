import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectCgroupsHere } from './cgroups.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type LabRecord, labsDirectory, readLabRecords } from './labRecord.ts';
import { isProcessAlive, processesWithArgument, processIdentity } from './processIdentity.ts';
import { runSsh } from './runSsh.ts';
import { clearAbandoned, mountsUnder } from './tearDown.ts';
import { waitUntil } from './waitUntil.ts';

const MIB = 1024 * 1024;

describe.skipIf(!labIsWanted)('three lab hosts', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ hosts: 3, memoryLimitBytes: 192 * MIB, password: 'not a secret' });
  });
  afterAll(() => lab?.stop());

  it('answer over real ssh, each by its own name', async () => {
    const names = await Promise.all(lab.hosts.map((host) => runSsh(host, 'hostname')));
    expect(names.map(({ stdout }) => stdout.trim())).toEqual(['web1', 'web2', 'web3']);
  });

  it('have their own pids, boot id, files and read-only system', async () => {
    const [first, second] = [lab.host('web1'), lab.host('web2')];
    const boots = await Promise.all(
      [first, second].map((host) => runSsh(host, 'cat /proc/sys/kernel/random/boot_id')),
    );
    expect(boots[0]?.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(boots[0]?.stdout).not.toBe(boots[1]?.stdout);
    const listed = await runSsh(first, 'ps -e -o pid=,comm=');
    expect(listed.stdout).toMatch(/^\s*1 init$/m);
    expect(listed.stdout.trim().split('\n').length).toBeLessThan(12);
    await runSsh(first, 'echo mine >/srv/mine; echo mine >/tmp/mine');
    expect((await runSsh(second, 'ls /srv /tmp')).stdout).not.toContain('mine');
    expect((await runSsh(first, 'touch /usr/mine')).stderr).toContain('Read-only file system');
  });

  it('show their own memory and CPU time to free, nproc and /proc/stat', async () => {
    const host = lab.host('web2');
    const free = await runSsh(host, 'free -m');
    expect(/^Mem:\s+(\d+)/m.exec(free.stdout)?.[1]).toBe('192');
    expect((await runSsh(host, 'nproc')).stdout.trim()).toBe('1');
    const neighbour = lab.host('web3');
    const before = await busyTicks(neighbour);
    const ran = await host.exec(['perl', '-e', SPIN]);
    const [busy = 0, spun = 0, cpus] = ran.stdout.trim().split(' ').map(Number);
    expect(cpus).toBe(1);
    expect(spun).toBeGreaterThan(50);
    // What one process used is in this host's figure, and not in its neighbour's.
    expect(busy).toBeGreaterThan(spun - 10);
    // lxcfs shows the machine's time where control groups are version 2 only.
    if (detectCgroupsHere().mode !== 'unified')
      expect((await busyTicks(neighbour)) - before).toBeLessThan(spun);
  });

  it('take a password where that is asked for, and give an ordinary user its own identity', async () => {
    const config = await lab.host('web1').exec('grep PasswordAuthentication /etc/ssh/sshd_config; id deploy');
    expect(config.stdout).toContain('PasswordAuthentication yes');
    expect(config.stdout).toContain('uid=1500(deploy)');
    const asDeploy = await lab.host('web1').exec(['id', '-un'], { user: 'deploy' });
    expect(asDeploy.stdout.trim()).toBe('deploy');
  });

  it('refuse a client that knows another key for them', async () => {
    const host = lab.host('web1');
    const wrong = join(lab.directory, 'wrong_known_hosts');
    const keys = readFileSync(host.knownHostsFile, 'utf8').trim().split('\n');
    const another = keys[1]?.split(' ').slice(1).join(' ');
    writeFileSync(wrong, `[${host.address}]:${host.port} ${another}\n`);
    const refused = await runSsh(host, 'hostname', ['-o', `UserKnownHostsFile=${wrong}`]);
    expect(refused.code).toBe(255);
    expect(refused.stderr).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
  });

  it('lose a process to the kernel when it outgrows the limit, and nothing else', async () => {
    const host = lab.host('web3');
    const before = host.oomKills();
    const session = spawn('ssh', [...host.sshArguments(), 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    session.stdin.write('before\n');
    await nextText(session.stdout, 'before\n');
    const oom = await host.oom({ seconds: 1 });
    await oom.killed();
    expect(host.oomKills()).toBe(before + 1);
    const log = await runSsh(host, 'dmesg');
    expect(log.stdout).toMatch(
      new RegExp(`Memory cgroup out of memory: Killed process ${oom.outerPid} \\(ruby\\)`),
    );
    await waitUntil('the crawler’s own log', 5000, async () =>
      (await runSsh(host, 'cat /srv/www/crawler/log/crawler.log')).stdout.includes('status 137')
        ? true
        : undefined,
    );
    session.stdin.end('after\n');
    await nextText(session.stdout, 'after\n');
  });

  it.each(['pidfile', 'port'] as const)(
    'loop while a stale copy holds the %s, and stop when it is killed',
    async (holder) => {
      const host = lab.host('web1');
      const loop = await host.respawn({ holder, burnMs: 20 });
      try {
        const seen = new Set<number>();
        await waitUntil('four failed starts', 30_000, async () => {
          for (const one of host.processes()) if (one.argv.includes('bin/unicorn')) seen.add(one.innerPid);
          return (await loop.failures()) >= 4 && seen.size >= 3 ? true : undefined;
        });
        const log = (await runSsh(host, `cat ${loop.logFile}`)).stdout;
        if (holder === 'pidfile')
          expect(log).toContain(`http_server.rb:206:in \`pid=': Already running on PID:${loop.holderPid} `);
        else
          expect(log).toContain(
            `Address already in use - bind(2) for ${host.address}:8080 (Errno::EADDRINUSE)`,
          );
        const parents = await runSsh(host, `ps -o ppid= -p ${loop.holderPid}`);
        expect(parents.stdout.trim()).toBe('1');

        await runSsh(host, `kill ${loop.holderPid}`);
        const settled = await waitUntil('a start that stays', 30_000, () =>
          host
            .processes()
            .find((one) => one.argv[0]?.startsWith('unicorn master') && one.innerPid !== loop.holderPid),
        );
        const failures = await loop.failures();
        const answer = await runSsh(
          host,
          `exec 3<>/dev/tcp/${host.address}/8080; echo "GET / HTTP/1.0" >&3; cat <&3`,
        );
        expect(answer.stdout).toContain('200 OK');
        expect(await loop.failures()).toBe(failures);
        expect(host.processes().map((one) => one.pid)).toContain(settled.pid);
      } finally {
        await loop.stop();
        await host.exec(['rm', '-rf', '/srv/www/legacy-video']);
      }
    },
  );

  it('drop, stall and resume their ssh connections', async () => {
    const host = lab.host('web2');
    const session = spawn('ssh', [...host.sshArguments(), 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const ended = new Promise<number | null>((resolve) => session.on('exit', resolve));
    session.stdin.write('one\n');
    await nextText(session.stdout, 'one\n');

    expect(await host.stallLink()).toBeGreaterThan(0);
    const daemons = () => host.processes().filter((one) => one.name.startsWith('sshd'));
    await waitUntil('stopped daemons', 5000, () =>
      daemons().some((one) => one.state === 'T') ? true : undefined,
    );
    session.stdin.write('two\n');
    expect(host.resumeLink()).toBeGreaterThan(0);
    await nextText(session.stdout, 'two\n');

    expect(await host.dropLinks()).toBeGreaterThan(0);
    expect(await ended).toBe(255);
    expect((await runSsh(host, 'hostname')).stdout).toBe('web2\n');
  });

  it('refuse new connections while their sshd is stopped', async () => {
    const host = lab.host('web2');
    await host.stopSshd();
    expect((await runSsh(host, 'hostname')).stderr).toContain('Connection refused');
    await host.startSshd();
    expect((await runSsh(host, 'hostname')).stdout).toBe('web2\n');
  });
});

describe.skipIf(!labIsWanted)('the end of a lab', () => {
  it('leaves no process, mount, control group, file or address', async () => {
    const lab = await startLab({ hosts: 2, namePrefix: 'gone' });
    const record = recordOf(lab.id);
    await lab.host('gone1').respawn({ burnMs: 10 });
    const session = spawn('ssh', [...lab.host('gone2').sshArguments(), 'cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => session.on('exit', resolve));
    session.stdin.write('up\n');
    await nextText(session.stdout, 'up\n');
    await lab.host('gone2').stallLink();
    const identities = lab.hosts
      .flatMap((host) => host.processes())
      .map((one) => processIdentity(one.pid))
      .filter((one) => one !== undefined);
    expect(identities.length).toBeGreaterThan(6);
    expect(mountsUnder(lab.directory)).toEqual([record.lxcfsMount]);

    await lab.stop();
    await ended;
    expect(identities.filter(isProcessAlive)).toEqual([]);
    expectNothingLeft(record);
  });

  it('comes for a lab whose owner was killed, at the next start', async () => {
    const entry = fileURLToPath(new URL('lab.ts', import.meta.url));
    const program = `const { startLab } = await import(${JSON.stringify(entry)}); const lab = await startLab({ hosts: 1, namePrefix: 'orphan' }); console.log(lab.id); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => owner.on('exit', resolve));
    const id = (await nextText(owner.stdout, '\n')).trim();
    const record = recordOf(id);
    owner.kill('SIGKILL');
    await ended;
    await clearAbandoned();
    // By us, or by another lab that starts beside it.
    await waitUntil('its end', 30_000, () =>
      readLabRecords().some((one) => one.id === id) ? undefined : true,
    );
    expectNothingLeft(record);
  });

  it('does not touch another lab that runs beside it', async () => {
    const [one, other] = await Promise.all([startLab({ hosts: 1 }), startLab({ hosts: 1 })]);
    try {
      expect(one.host('web1').address).not.toBe(other.host('web1').address);
      await one.stop();
      expect((await runSsh(other.host('web1'), 'hostname; free -m')).stdout).toContain('256');
    } finally {
      await Promise.all([one.stop(), other.stop()]);
    }
  });

  it('comes at once when a host cannot start, and says why', async () => {
    // Of this process: other labs come and go beside it.
    const own = () => readLabRecords().filter(({ owner }) => owner?.pid === process.pid);
    const before = own();
    await expect(startLab({ hosts: 1, sshdOptions: { Port: 'nonsense' } })).rejects.toThrow(
      /sshd of web1 did not start: .*Port|Badly formatted/i,
    );
    expect(own()).toEqual(before);
  });
});

/** Spins for a second and a half and prints: busy ticks of /proc/stat meanwhile, ticks of its own, CPUs listed. */
const SPIN = `
  sub busy { open F, "<", "/proc/stat"; my @f = split " ", scalar <F>; return $f[1] + $f[2] + $f[3] }
  use Time::HiRes "time";
  my @own = times; my $before = busy(); my $end = time + 1.5; 1 while time < $end;
  my ($user, $system) = times; my $busy = busy() - $before; $user -= $own[0]; $system -= $own[1];
  open F, "<", "/proc/stat"; my $cpus = grep { /^cpu[0-9]/ } <F>;
  printf "%d %d %d", $busy, ($user + $system) * 100, $cpus;
`;

async function busyTicks(host: LabHost): Promise<number> {
  const stat = (await host.exec('cat /proc/stat')).stdout.split('\n')[0]?.split(/\s+/).map(Number) ?? [];
  return (stat[1] ?? 0) + (stat[2] ?? 0) + (stat[3] ?? 0);
}

function recordOf(id: string): LabRecord {
  const record = readLabRecords().find((one) => one.id === id);
  if (record === undefined) throw new Error(`no record of lab ${id}`);
  return record;
}

function expectNothingLeft(record: LabRecord): void {
  expect(record.cgroups.filter((group) => existsSync(group.directory))).toEqual([]);
  expect(processesWithArgument(record.lxcfsMount)).toEqual([]);
  expect(mountsUnder(record.directory)).toEqual([]);
  expect(existsSync(record.directory)).toBe(false);
  expect(readLabRecords().map((one) => one.id)).not.toContain(record.id);
  const addresses = join(labsDirectory(), 'addresses');
  const owners = readdirSync(addresses).map((address) => {
    try {
      return readFileSync(join(addresses, address), 'utf8');
    } catch {
      return undefined;
    }
  });
  expect(owners).not.toContain(record.id);
}

/** Resolves with what was read, once it ends with this text; rejects when the stream ends first. */
function nextText(stream: NodeJS.ReadableStream, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer | string) => {
      text += chunk.toString();
      if (!text.endsWith(end)) return;
      stream.off('data', onData);
      stream.off('end', onEnd);
      resolve(text);
    };
    const onEnd = () => reject(new Error(`the stream ended after ${JSON.stringify(text)}`));
    stream.on('data', onData);
    stream.on('end', onEnd);
  });
}
