import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSampler } from '../../electron/core/sampling/sampler.ts';
import { systemClock } from '../../shared/base/clock.ts';
import type { Sample } from '../../shared/model/sample.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedSession, openSession } from './openSession.ts';
import { isProcessAlive, processIdentity, type SeenProcess } from './processIdentity.ts';
import { waitUntil } from './waitUntil.ts';

/** Seconds over which processor time is compared. */
const WINDOW_SECONDS = 6;

/**
 * What top, free and ps say on the host, and what the sampler said in the same seconds. All of them read the same
 * files of the same host; they differ by when within a second they look, and by their own processes.
 */
describe.skipIf(!labIsWanted)('figures of three hosts under load', () => {
  let lab: Lab;
  const watched: { host: LabHost; opened: OpenedSession; samples: Sample[]; stop(): void }[] = [];

  beforeAll(async () => {
    lab = await startLab({ hosts: 3 });
    await Promise.all(lab.hosts.map((host, index) => startLoad(host, index)));
    for (const host of lab.hosts) {
      const opened = openSession(host);
      const sampler = startSampler(opened.session, { clock: systemClock });
      const samples: Sample[] = [];
      sampler.onSample((sample) => samples.push(sample));
      watched.push({
        host,
        opened,
        samples,
        stop() {
          sampler.dispose();
          opened.close();
        },
      });
    }
    await waitUntil('two samples of each host', 15_000, () =>
      watched.every(({ samples }) => samples.length >= 2) ? true : undefined,
    );
  });
  afterAll(async () => {
    for (const one of watched) one.stop();
    await lab?.stop();
  });

  it('agree with top over the same seconds: busy, user and system time', async () => {
    const compared = await Promise.all(
      watched.map(async ({ host, samples }) => {
        const from = samples.length;
        // Its first screen is an average since boot; the others are one second each.
        const top = await host.exec(`top -b -d 1 -n ${WINDOW_SECONDS + 1} -w 200 | grep '^%Cpu'`);
        const theirs = top.stdout.trim().split('\n').slice(1).map(readTopLine);
        const ours = samples.slice(from, from + WINDOW_SECONDS);
        return {
          host: host.id,
          seconds: theirs.length,
          top: {
            user: mean(theirs.map((t) => t.user)),
            system: mean(theirs.map((t) => t.system)),
            idle: mean(theirs.map((t) => t.idle)),
          },
          sampler: {
            user: 100 * mean(ours.map((s) => s.cpu.user)),
            system: 100 * mean(ours.map((s) => s.cpu.system)),
            idle: 100 * mean(ours.map((s) => s.cpu.idle)),
          },
        };
      }),
    );
    for (const { host, seconds, top, sampler } of compared) {
      expect(seconds, host).toBe(WINDOW_SECONDS);
      // The two windows begin at different moments of a second: of six seconds of a load that is not quite steady.
      for (const key of ['user', 'system', 'idle'] as const)
        expect(
          Math.abs(top[key] - sampler[key]),
          `${host} ${key}: top ${top[key]}, sampler ${sampler[key]}`,
        ).toBeLessThan(8);
    }
    // It was under load, and the hosts differ, as they should.
    const busiest = Math.max(...compared.map((one) => 100 - one.sampler.idle));
    expect(busiest).toBeGreaterThan(10);
  });

  it('agree with free: total to the byte, used and available within what free itself takes', async () => {
    for (const { host, samples } of watched) {
      const { before, output, after } = await between(samples, () => host.exec('free -b'));
      const row = /^Mem:\s+(.*)$/m.exec(output.stdout)?.[1]?.split(/\s+/).map(Number) ?? [];
      const [total, used, free, , , available] = row;
      const swap = /^Swap:\s+(.*)$/m.exec(output.stdout)?.[1]?.split(/\s+/).map(Number) ?? [];
      expect(after.memory.totalBytes).toBe(total);
      expect(after.memory.totalBytes).toBe(host.memoryLimitBytes);
      expect(after.memory.swapTotalBytes).toBe(swap[0]);
      const near = (ours: 'usedBytes' | 'availableBytes' | 'freeBytes', theirs: number | undefined) => {
        const distance = Math.min(
          Math.abs(before.memory[ours] - (theirs ?? 0)),
          Math.abs(after.memory[ours] - (theirs ?? 0)),
        );
        expect(distance, `${host.id} ${ours}: free ${theirs}, sampler ${after.memory[ours]}`).toBeLessThan(
          6 << 20,
        );
      };
      near('usedBytes', used);
      near('availableBytes', available);
      near('freeBytes', free);
    }
  });

  it('agree with ps: the same processes, resident memory, state and owner', async () => {
    for (const { host, samples } of watched) {
      const list = () => host.exec('ps -e -o pid=,rss=,user:32=,comm=');
      const { output: first } = await between(samples, list);
      const { output: second, after } = await between(samples, list);
      const [was, is] = [readPs(first.stdout), readPs(second.stdout)];
      const table = new Map(after.table.map((row) => [row.pid, row]));
      const stayed = [...is.keys()].filter((pid) => was.get(pid)?.name === is.get(pid)?.name);
      expect(stayed.length).toBeGreaterThan(3);
      for (const pid of stayed) {
        const [row, ps] = [table.get(pid), is.get(pid)];
        expect(row, `${host.id}: pid ${pid} (${ps?.name}) is not in the table`).toBeDefined();
        expect(row?.name).toBe(ps?.name);
        expect(row?.user).toBe(ps?.user);
      }
      const hog = [...is].find(([, one]) => one.name === 'lab-hog');
      if (hog !== undefined) {
        // Its memory does not change, but the kernel keeps the counter of /proc/PID/stat in parts, one a CPU, of up to
        // 32 pages each, and ps adds them up from /proc/PID/status (29 pages of difference were measured).
        const residentBytes = table.get(hog[0])?.residentBytes ?? 0;
        expect(Math.abs(residentBytes - hog[1].rssKiB * 1024)).toBeLessThan(1 << 20);
        expect(residentBytes).toBeGreaterThan(64 << 20);
      }
      // What ps did not list either time was not there before or after: the table invents nothing that lasts.
      const extra = [...table.keys()].filter((pid) => !was.has(pid) && !is.has(pid));
      const third = readPs((await list()).stdout);
      expect(extra.filter((pid) => third.has(pid) && is.has(pid))).toEqual([]);
      expect(after.processes.total).toBe(after.table.length);
    }
  });

  it('agree with top about the process that uses most', async () => {
    const { host, samples } = at(watched, 0);
    const from = samples.length;
    const top = await host.exec(
      `top -b -d 1 -n ${WINDOW_SECONDS + 1} -w 200 | awk '$NF == "lab-spin" { print $9 }'`,
    );
    const theirs = mean(top.stdout.trim().split('\n').slice(1).map(Number));
    const ours = mean(
      samples
        .slice(from, from + WINDOW_SECONDS)
        .map((s) => 100 * (s.table.find((row) => row.name === 'lab-spin')?.cpu ?? 0)),
    );
    expect(Math.abs(theirs - ours), `top ${theirs}, sampler ${ours}`).toBeLessThan(8);
    expect(ours).toBeGreaterThan(10);
  });

  it('account for all busy time', () => {
    for (const { samples } of watched) {
      for (const { balance } of samples)
        expect(balance.visible + balance.reaped + balance.unattributed).toBeCloseTo(balance.busy, 2);
    }
  });

  it('leave no sampler behind when the link is gone', async () => {
    const { host, opened, stop } = at(watched, 0);
    const before = underSshd(host.processes());
    // Its connection's daemon, and the sampler in it.
    expect(before.length).toBeGreaterThan(1);
    expect(before.map((one) => one.name)).toContain('fireline-sample');
    const identities = before.map((one) => processIdentity(one.pid)).filter((one) => one !== undefined);
    stop();
    expect(opened.session.link.kind).toBe('closed');
    await waitUntil('the end of the sampler', 10_000, () =>
      identities.some(isProcessAlive) ? undefined : true,
    );
  });
});

/** A third of a CPU, 64 MiB and forty processes: one of them a host, so that the hosts differ. */
async function startLoad(host: LabHost, index: number): Promise<void> {
  const spin =
    '$0 = "lab-spin"; use Time::HiRes qw(time sleep); while (1) { my $end = time + 0.04; 1 while time < $end; sleep 0.06 }';
  const hog = '$0 = "lab-hog"; my $memory = "x" x (64 << 20); sleep 60 while 1';
  const crowd = 'for (1 .. 40) { next if fork; $0 = "lab-sleep"; sleep 60 while 1 } sleep 60 while 1';
  if (index !== 2) await host.start(['perl', '-e', spin], { user: 'deploy' });
  if (index !== 0) await host.start(['perl', '-e', hog], { user: 'deploy' });
  if (index === 2) await host.start(['perl', '-e', crowd], { user: 'deploy' });
}

/** Runs it between two samples: the last before and the first after. */
async function between<T>(
  samples: readonly Sample[],
  run: () => Promise<T>,
): Promise<{ before: Sample; output: T; after: Sample }> {
  const before = at(samples, samples.length - 1);
  const output = await run();
  const count = samples.length;
  // The tick under way may have been read before `run` ended: the one after it was not.
  await waitUntil('the next samples', 15_000, () => (samples.length >= count + 2 ? true : undefined));
  return { before, output, after: at(samples, count + 1) };
}

/** Everything below the listener of sshd. */
function underSshd(processes: readonly SeenProcess[]): SeenProcess[] {
  const found: SeenProcess[] = [];
  let parents = processes.filter((one) => one.argv.join(' ').includes('[listener]'));
  while (parents.length > 0) {
    const pids = new Set(parents.map((one) => one.pid));
    parents = processes.filter((one) => pids.has(one.parentPid));
    found.push(...parents);
  }
  return found;
}

function readTopLine(line: string): { user: number; system: number; idle: number } {
  const field = (name: string) => Number(new RegExp(`([\\d.]+)\\s*${name}`).exec(line)?.[1] ?? Number.NaN);
  return { user: field('us'), system: field('sy'), idle: field('id') };
}

function readPs(text: string): Map<number, { rssKiB: number; user: string; name: string }> {
  const rows = text.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line));
  return new Map(
    rows
      .filter((row) => row !== null)
      .map((row) => [Number(row[1]), { rssKiB: Number(row[2]), user: row[3] ?? '', name: row[4] ?? '' }]),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`nothing at ${index} of ${list.length}`);
  return found;
}
