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
function follow() {
  const environment = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  const session = owned.add(createLocalSession('here' as HostId, environment));
  const follower = owned.add(followKernelLog(session, { clock: systemClock, facts: () => undefined }));
  const line = new Promise<KernelLine>((resolve) => owned.add(follower.onLine(resolve)));
  session.start();
  return { follower, line };
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
