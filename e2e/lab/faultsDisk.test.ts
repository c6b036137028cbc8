import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostId } from '../../shared/model/host.ts';
import { isUp } from '../../shared/model/host.ts';
import type { PaneId } from '../../shared/model/pane.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { readPane } from './paneText.ts';
import { waitUntil } from './waitUntil.ts';

describe.skipIf(!labIsWanted)('the disk of the workbench', () => {
  let lab: Lab;
  let opened: OpenedCore;
  let disk: string;
  const host = 'web1' as HostId;
  beforeAll(async () => {
    disk = mkdtempSync(join(tmpdir(), 'fireline-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk]);
    lab = await startLab({ hosts: 1 });
    opened = await openCore(disk);
    await opened.core.openWorkspace(lab.workspaceFile, false);
    await waitUntil('the link', 20_000, () =>
      opened.core.hosts.every((one) => isUp(one.link)) ? true : undefined,
    );
  });
  afterAll(async () => {
    await opened?.core.close();
    opened?.window.dispose();
    await lab?.stop();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  const pane = async (id: PaneId) =>
    (await opened.window.call('app.snapshot', {})).panes.find((one) => one.id === id);
  const recordingIs = (id: PaneId, wanted: boolean) =>
    waitUntil(`recording to be ${wanted}`, 20_000, async () =>
      (await pane(id))?.recording === wanted ? true : undefined,
    );
  function fill(): string {
    const file = join(disk, 'filler');
    const { bavail, bsize } = statfsSync(disk);
    try {
      writeFileSync(file, Buffer.alloc(bavail * bsize));
    } catch {
      // It is full now: what fits is in it.
    }
    return file;
  }

  it('that is full is told in the pane and the timeline; the terminal goes on, and nothing held is lost', async () => {
    const summary = await opened.window.call('pane.open', { host, columns: 100, rows: 30 });
    const terminal = await readPane(opened.window, summary);
    terminal.type('echo before-$((40+2))');
    await terminal.shows('before-42');
    const filler = fill();
    terminal.type('seq 1000; echo full-$((40+2))');
    await terminal.shows('full-42');
    await recordingIs(summary.id, false);
    await opened.event('the failing record', (one) => one.kind === 'recording.failed');
    await terminal.shows(/the recording waits: ENOSPC/);
    // What a person asks for is answered all the same, and kept until there is room.
    const note = await opened.window.call('timeline.note', { text: 'the disk of the bastion is full' });
    const look = await opened.window.call('diagnosis.run', { host, diagnosis: 'memory', asRoot: false });
    expect(look.output).toMatch(/mem/i);
    terminal.type('echo still-$((40+2))');
    await terminal.shows('still-42');
    // Who attaches now is shown what the disk has not taken; from here on the first reader sees it twice.
    const second = await readPane(opened.window, summary);
    await second.shows(/before-42[\s\S]*full-42[\s\S]*still-42/);

    rmSync(filler);
    await recordingIs(summary.id, true);
    await second.shows('recorded again, nothing is missing');
    await opened.event('the record written again', (one) => one.kind === 'recording.resumed');
    const kept = await opened.window.call('timeline.read', { limit: 100 });
    expect(kept.map((one) => one.kind)).toContain('recording.failed');
    expect(kept.map((one) => one.id)).toEqual(expect.arrayContaining([note.id, look.event]));
    second.type('echo after-$((40+2))');
    await second.shows(/after-42[\s\S]*# $/);
    const { base64 } = await opened.window.call('pane.recording', {
      pane: summary.id,
      fromByte: 0,
      maxBytes: 4e6,
    });
    expect(Buffer.from(base64, 'base64').toString()).toBe(second.text());
    await opened.window.call('pane.close', { pane: summary.id });
  });

  it('that stays full through a flood costs the record alone, and the gap is counted', async () => {
    const summary = await opened.window.call('pane.open', { host, columns: 100, rows: 30 });
    const terminal = await readPane(opened.window, summary);
    const filler = fill();
    terminal.type('yes 0123456789012345678901234567890123456789 | head -c 12000000; echo flooded-$((40+2))');
    await terminal.shows('flooded-42', 60_000);
    expect((await pane(summary.id))?.recording).toBe(false);
    rmSync(filler);
    await recordingIs(summary.id, true);
    await terminal.shows(/recorded again; \d+ bytes before this are not on record/);
    expect(terminal.text().length).toBeGreaterThan(12_000_000);
  });
});
