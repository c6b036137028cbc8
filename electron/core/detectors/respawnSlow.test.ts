import { describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import { respawnLoop } from './respawnLoop.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';

const EXIT_1 = 1 << 8;
const ID = 'c3f1a7b2e4d5'.repeat(5) + 'aaaa';
const SHIM = `/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id ${ID} -address /run/containerd/containerd.sock`;

interface Program {
  name: string;
  command: string;
}

const SERVER: Program = { name: 'server', command: '/srv/app/server --port 80' };

class Host extends TestHost {
  #pid = 1000;

  constructor() {
    super({ detectors: [respawnLoop] });
    this.second();
  }

  seconds(count: number): void {
    for (let n = 0; n < count; n++) this.second();
  }

  parent(name: string, command: string): number {
    const startedAt = this.clock.now() - 86_400_000;
    return this.add({ pid: 80, name, command, startedAt }, false).pid;
  }

  /** It runs so long, and is gone so long. */
  run(
    parentPid: number,
    livesSeconds: number,
    pauseSeconds: number,
    status?: number,
    program = SERVER,
  ): void {
    this.#pid += 7;
    const pid = this.#pid;
    this.add({ pid, parentPid, ...program });
    this.seconds(livesSeconds);
    this.remove(pid, status);
    this.seconds(pauseSeconds);
  }
}

const plain = (event: TimelineEvent | undefined) => (event?.verdict ?? '').replace(/\s/g, ' ');
const kinds = (host: Host) => host.told.map((event) => event.kind);

describe('what is started again after a pause', () => {
  it('by Kubernetes, which waits longer each time, is told once and stays told through its longest pause', () => {
    const host = new Host();
    const shim = host.parent('containerd-shim', SHIM);
    for (const pause of [1, 12, 24, 44, 85, 168, 305, 305]) host.run(shim, 3, pause);
    expect(kinds(host)).toEqual(['process.respawn_loop']);
    expect(host.events.every((event) => event.endedAt === undefined)).toBe(true);
    expect(host.told[0]).toMatchObject({
      severity: 'warning',
      detail: { process: 'server', supervisor: { pid: 80 } },
    });
    host.run(shim, 3, 1);
    host.seconds(3);
    expect(plain(host.told[0])).toMatch(
      /^pid 80 \(containerd-shim\) restarts server 8 times in \d+ min; each child ends after about [\d.]+ s; with pauses of 85 s, 3 min, 5 min, 5 min before the last$/,
    );
  });

  it('by systemd, every 30 seconds, where the kernel tells that each run fails', () => {
    const host = new Host();
    for (let n = 0; n < 5; n++) host.run(1, 2, 30, EXIT_1);
    expect(kinds(host)).toEqual(['process.respawn_loop']);
    expect(plain(host.told[0])).toMatch(
      /^pid 1 \(systemd\) restarts server 4 times in \d+ (?:s|min); each child exits 1; each child ends after about 2\.0 s; with a pause of 30 s before each$/,
    );
  });

  it('by supervisord, which starts at once again what dies after 15 seconds', () => {
    const host = new Host();
    const supervisor = host.parent('supervisord', '/usr/bin/python3 /usr/bin/supervisord -n');
    for (let n = 0; n < 6; n++) host.run(supervisor, 15, 1);
    expect(host.told).toMatchObject([{ kind: 'process.respawn_loop', severity: 'warning' }]);
  });

  it('by Docker, every minute, the same container', () => {
    const host = new Host();
    const shim = { name: 'containerd-shim', command: SHIM.replace('k8s.io', 'moby') };
    for (let n = 0; n < 5; n++) host.run(1, 4, 61, 0, shim);
    expect(host.told).toMatchObject([
      { kind: 'process.respawn_loop', detail: { process: `container ${ID.slice(0, 12)}` } },
    ]);
  });

  it('by CRI-O, which makes another container of each attempt', () => {
    const host = new Host();
    for (const [attempt, pause] of [1, 12, 24, 44, 85].entries()) {
      const id = `${attempt}`.repeat(64);
      const name = `k8s_web_web-0_default_8c0a3d1e-0000-4000-8000-000000000000_${attempt}`;
      host.run(1, 3, pause, 0, {
        name: 'conmon',
        command: `/usr/bin/conmon -b /run/x -c ${id} -n ${name} -u ${id}`,
      });
    }
    expect(kinds(host)).toEqual(['process.respawn_loop']);
    expect(host.told[0]).toMatchObject({ severity: 'warning', detail: { restarts: 4 } });
  });

  it('is over when it stands for longer than it ever did', () => {
    const host = new Host();
    const supervisor = host.parent('supervisord', '/usr/bin/python3 /usr/bin/supervisord -n');
    for (let n = 0; n < 5; n++) host.run(supervisor, 15, 5);
    host.add({ pid: 5000, parentPid: supervisor, ...SERVER });
    host.seconds(25);
    expect(host.open).toHaveLength(1);
    host.seconds(10);
    expect(host.open).toEqual([]);
    expect(host.told.at(-1)?.title).toMatch(/^server stays up as pid 5000, after 5 restarts in/);
  });

  it('is over soon when its supervisor is gone, and in time when nothing comes any more', () => {
    const host = new Host();
    const supervisor = host.parent('supervisord', '/usr/bin/python3 /usr/bin/supervisord -n');
    for (let n = 0; n < 5; n++) host.run(supervisor, 1, 40);
    expect(host.open).toHaveLength(1);
    host.remove(supervisor);
    host.seconds(2);
    expect(host.open).toEqual([]);

    const other = new Host();
    const shim = other.parent('containerd-shim', SHIM);
    for (const pause of [1, 12, 24, 44, 85]) other.run(shim, 3, pause);
    other.seconds(600);
    expect(other.open).toEqual([]);
    expect(kinds(other)).toEqual(['process.respawn_loop', 'process.respawn_loop_ended']);
  });

  it('is over after a reboot', () => {
    const host = new Host();
    for (let n = 0; n < 5; n++) host.run(1, 2, 30, EXIT_1);
    expect(host.open).toHaveLength(1);
    host.bootId = 'another';
    host.seconds(120);
    expect(host.open).toEqual([]);
  });
});

describe('what comes again and is no loop', () => {
  it.each<[string, Program, Program, number, number, number | undefined]>([
    [
      'a probe every ten seconds',
      { name: 'containerd-shim', command: SHIM },
      { name: 'cat', command: 'cat /tmp/alive' },
      1,
      9,
      EXIT_1,
    ],
    [
      'a worker that has done enough',
      { name: 'supervisord', command: 'supervisord' },
      { name: 'php', command: 'php artisan queue:work --max-time=60' },
      60,
      1,
      0,
    ],
    [
      'the same, where nobody tells how it ended',
      { name: 'supervisord', command: 'supervisord' },
      { name: 'php', command: 'php artisan queue:work --max-time=60' },
      60,
      1,
      undefined,
    ],
    [
      'a health check in a loop of a shell',
      { name: 'bash', command: 'bash watch.sh' },
      { name: 'curl', command: 'curl -f localhost' },
      1,
      5,
      7 << 8,
    ],
    [
      'a backup every half hour',
      { name: 'supervisord', command: 'supervisord' },
      { name: 'backup', command: '/srv/backup' },
      200,
      600,
      0,
    ],
    [
      'cron, whose job fails each minute',
      { name: 'cron', command: 'cron -f' },
      { name: 'sh', command: '/bin/sh -c job' },
      2,
      58,
      EXIT_1,
    ],
  ])('%s', (_, parent, child, lives, pauses, status) => {
    const host = new Host();
    const pid = host.parent(parent.name, parent.command);
    for (let n = 0; n < 12; n++) host.run(pid, lives, pauses, status, child);
    expect(host.told.filter((event) => event.severity !== 'info').map((event) => event.title)).toEqual([]);
    nearMiss('process.respawn_loop');
  });

  it('a timer of systemd, whose job fails each minute: its failures are told of the unit', () => {
    const host = new Host();
    for (let n = 0; n < 12; n++) host.run(1, 3, 57, EXIT_1);
    expect(host.told).toEqual([]);
    nearMiss('process.respawn_loop');
  });

  it('a container that cron starts each minute', () => {
    const host = new Host();
    const shim = { name: 'containerd-shim', command: SHIM.replace('k8s.io', 'moby') };
    for (let n = 0; n < 12; n++) host.run(1, 4, 56, 0, shim);
    expect(host.told).toEqual([]);
    nearMiss('process.respawn_loop');
  });

  it('a container that works for a while and is started anew, for information', () => {
    const host = new Host();
    const shim = { name: 'containerd-shim', command: SHIM.replace('k8s.io', 'moby') };
    for (let n = 0; n < 8; n++) host.run(1, 50, 1, 0, shim);
    expect(host.told).toMatchObject([{ severity: 'info' }]);
    nearMiss('process.respawn_loop');
  });

  it('a pool of workers alike, each replaced in its turn', () => {
    const host = new Host();
    const supervisor = host.parent('supervisord', 'supervisord');
    for (let n = 0; n < 12; n++) {
      host.add({ pid: 2000 + n, parentPid: supervisor, name: 'worker', command: '/srv/worker' });
      host.seconds(8);
      if (n > 1) host.remove(2000 + n - 2, EXIT_1);
    }
    expect(host.told).toEqual([]);
    nearMiss('process.respawn_loop');
  });

  it('a service that an operator restarts twice', () => {
    const host = new Host();
    const supervisor = host.parent('supervisord', 'supervisord');
    for (let n = 0; n < 3; n++) host.run(supervisor, 20, 1, 15);
    host.seconds(60);
    expect(host.told).toEqual([]);
    nearMiss('process.respawn_loop');
  });
});
