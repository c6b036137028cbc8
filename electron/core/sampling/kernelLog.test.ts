import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { KernelLine } from '../detectors/detector.ts';
import { createLocalSession } from '../transports/localSession.ts';
import { followKernelLog } from './kernelLog.ts';

let owned: DisposableStore;
let folder: string;

beforeEach(() => {
  owned = new DisposableStore();
  folder = mkdtempSync(join(tmpdir(), 'fireline-kernel-log-'));
});

afterEach(() => {
  owned.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A host's own commands, by their names. */
function commands(scripts: Record<string, string>): void {
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

/** Follows over a real local session, with those commands before all others. */
function follow(lines = 1) {
  const environment = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  const session = owned.add(createLocalSession('here' as HostId, environment));
  const follower = owned.add(followKernelLog(session, { clock: systemClock, facts: () => undefined }));
  const line = new Promise<KernelLine>((resolve) => owned.add(follower.onLine(resolve)));
  const told: KernelLine[] = [];
  const all = new Promise<KernelLine[]>((resolve) =>
    owned.add(follower.onLine((one) => told.push(one) === lines && resolve(told))),
  );
  session.start();
  return { follower, line, all };
}

test('where dmesg has no stamps, as on RHEL 6, the journal is followed in its place', async () => {
  commands({
    dd: 'exit 1',
    dmesg: 'echo "<4>Out of memory: Kill process 12 (httpd) score 61 or sacrifice child"',
    journalctl:
      'echo "[28441.948805] web1 kernel: usb 1-1: new device"; case $* in *-f*) exec sleep 60;; esac',
  });
  const { follower, line } = follow();
  expect(await line).toMatchObject({ text: 'usb 1-1: new device', source: 'journalctl -k', backlog: true });
  expect(follower.state).toEqual({ kind: 'following', source: 'journalctl -k' });
});

test('where dmesg has stamps, or nothing at all yet, it is followed', async () => {
  commands({ dd: 'exit 1', dmesg: 'echo "<6>[    5.000000] usb 1-1: new device"; echo "  of two lines"' });
  const { line } = follow();
  expect(await line).toMatchObject({ text: 'usb 1-1: new device', source: 'dmesg' });
});

/** A journal of systemd's own lines alone, followed. */
const INIT = [
  'case $* in *_PID=1*) ;; *) exit 1;; esac',
  'echo "[  900.000001] web1 systemd[1]: Started cron.service - Jobs."',
  'case $* in *-f*)',
  `echo "[  901.000001] web1 systemd[1]: web.service: Failed with result 'exit-code'."`,
  `echo "[  901.000001] web1 systemd[1]: web.service: Failed with result 'exit-code'."`,
  'exec sleep 60;; esac',
].join('\n');

test('what systemd says is followed beside the kernel’s log: what it had said before is backlog', async () => {
  commands({
    dd: 'case $* in *count=1) exit 0;; esac; echo "6,1,900000000,-;usb 1-1: new device"; exec sleep 60',
    dmesg: 'echo "<6>[  900.000000] usb 1-1: new device"',
    journalctl: INIT,
  });
  const told = await follow(3).all;
  expect(told.filter(({ source }) => source.includes('_PID=1'))).toMatchObject([
    { text: 'systemd[1]: Started cron.service - Jobs.', backlog: true },
    {
      text: "systemd[1]: web.service: Failed with result 'exit-code'.",
      backlog: false,
    },
  ]);
  expect(told.filter(({ source }) => source === '/dev/kmsg')).toHaveLength(1);
});

test('where the kernel’s log may not be read, as in containers, what systemd says is followed all the same', async () => {
  commands({ dd: 'exit 1', dmesg: 'exit 1', journalctl: INIT });
  expect((await follow(2).all).map(({ backlog }) => backlog)).toEqual([true, false]);
});
