import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostId } from '../../shared/model/host.ts';
import { isUp } from '../../shared/model/host.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { readPane } from './paneText.ts';
import { waitUntil } from './waitUntil.ts';

const size = { columns: 100, rows: 30 };

describe.skipIf(!labIsWanted)('panes across a lost link and a restart', () => {
  let lab: Lab;
  let opened: OpenedCore;
  const host = 'web1' as HostId;
  const open = async () => {
    await opened.core.openWorkspace(lab.workspaceFile, false);
    await waitUntil('the link', 20_000, () =>
      opened.core.hosts.every((one) => isUp(one.link)) ? true : undefined,
    );
  };
  const dropAndReturn = async () => {
    await lab.host('web1').dropLinks();
    await opened.window.call('host.reconnect', { host });
  };
  beforeAll(async () => {
    lab = await startLab({ hosts: 1 });
    opened = await openCore();
    await open();
  });
  afterAll(async () => {
    await lab?.host('web1').exec('pkill tmux || :');
    await opened?.close();
    await lab?.stop();
  });

  it('a durable one finds its session again, with what runs in it; another says that its shell is gone', async () => {
    const durable = await opened.window.call('pane.open', { host, ...size, durable: 'ops' });
    const plain = await opened.window.call('pane.open', { host, ...size });
    const [kept, gone] = [await readPane(opened.window, durable), await readPane(opened.window, plain)];
    kept.type('VALUE=before; echo kept-$((40+2))');
    gone.type('VALUE=before; echo gone-$((40+2))');
    await Promise.all([kept.shows('kept-42'), gone.shows('gone-42')]);

    await dropAndReturn();
    await kept.shows(/link lost: [\s\S]*the tmux session ops goes on/);
    await gone.shows(/link lost: [\s\S]*a new shell; what ran in the one before ended with it/);
    kept.type('echo is-$VALUE-still');
    gone.type('echo is-${VALUE:-gone}');
    await Promise.all([kept.shows('is-before-still'), gone.shows('is-gone')]);
    const summaries = (await opened.window.call('app.snapshot', {})).panes;
    expect(summaries.map((pane) => pane.durable)).toEqual([{ name: 'ops', keeper: 'tmux' }, undefined]);

    await lab.host('web1').exec('pkill tmux');
    await kept.shows(/\[(server exited|terminated|exited)\]/);
    await opened.window.call('pane.restart', { pane: durable.id });
    await kept.shows('a new tmux session ops: the one before is gone');
  });

  it('reopened after a restart of the core, they show their earlier output, and the durable one goes on', async () => {
    const durable = await opened.window.call('pane.open', { host, ...size, durable: 'night' });
    const plain = await opened.window.call('pane.open', { host, ...size });
    const [kept, gone] = [await readPane(opened.window, durable), await readPane(opened.window, plain)];
    kept.type('VALUE=over; echo seen-$((40+2))');
    gone.type('echo seen-$((40+3)); printf "raw \\377 byte\\n"');
    await Promise.all([kept.shows('seen-42'), gone.shows(/seen-43[\s\S]*raw . byte/)]);
    const earlierBytes = (
      await opened.window.call('pane.recording', { pane: plain.id, fromByte: 0, maxBytes: 1e6 })
    ).base64;

    // A new core on the same record, as after a crash or an update.
    const { dataDirectory } = opened;
    await opened.core.close();
    opened = await openCore(dataDirectory);
    await open();
    const again = await opened.window.call('pane.open', { host, ...size, after: durable.id });
    const other = await opened.window.call('pane.open', { host, ...size, after: plain.id });
    const [keptNow, goneNow] = [await readPane(opened.window, again), await readPane(opened.window, other)];
    await keptNow.shows(/seen-42[\s\S]*before Fireline was closed[\s\S]*the tmux session night goes on/);
    keptNow.type('echo carried-$VALUE');
    await keptNow.shows('carried-over');
    await goneNow.shows(/seen-43[\s\S]*until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, before Fireline was closed/);
    expect(again.durable?.name).toBe('night');

    // The old recording is as it was, and a second restart goes back through both.
    const old = await opened.window.call('pane.recording', { pane: plain.id, fromByte: 0, maxBytes: 1e6 });
    expect(old.base64).toBe(earlierBytes);
    goneNow.type('echo second-$((40+4))');
    await goneNow.shows('second-44');
    await opened.core.close();
    opened = await openCore(dataDirectory);
    await open();
    const third = await opened.window.call('pane.open', { host, ...size, after: other.id });
    await (await readPane(opened.window, third)).shows(
      /seen-43[\s\S]*second-44[\s\S]*before Fireline was closed/,
    );
  });

  it('where the host has screen and no tmux, its session goes on too', async () => {
    const target = lab.host('web1');
    await target.exec('mount --bind /dev/null /usr/bin/tmux');
    try {
      const durable = await opened.window.call('pane.open', { host, ...size, durable: 'watch' });
      const kept = await readPane(opened.window, durable);
      kept.type('VALUE=before; echo kept-$((40+2))');
      await kept.shows('kept-42');
      await dropAndReturn();
      await kept.shows(/link lost: [\s\S]*the screen session watch goes on/);
      kept.type('echo is-$VALUE-still; printf "caf\\303\\251\\n"');
      await kept.shows(/is-before-still[\s\S]*café/);
      kept.type('exit');
      await kept.shows(/screen is terminating/);
      await opened.window.call('pane.restart', { pane: durable.id });
      await kept.shows('a new screen session watch: the one before is gone');
      kept.type('exit');
      await kept.shows(/a new screen session watch[\s\S]*screen is terminating/);
    } finally {
      await target.exec('umount /usr/bin/tmux');
    }
  });

  it('without tmux and screen a durable one says that it is not', async () => {
    const target = lab.host('web1');
    await target.exec('mount --bind /dev/null /usr/bin/tmux && mount --bind /dev/null /usr/bin/screen');
    try {
      const pane = await opened.window.call('pane.open', { host, ...size, durable: 'none' });
      const shown = await readPane(opened.window, pane);
      await shown.shows('this host has neither tmux nor screen: this shell ends with its link');
      shown.type('echo works-$((40+2))');
      await shown.shows('works-42');
    } finally {
      await target.exec('umount /usr/bin/tmux /usr/bin/screen');
    }
  });
});
