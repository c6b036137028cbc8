import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { WindowLink } from '../../../shared/contract/rpc.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId, PaneSummary } from '../../../shared/model/pane.ts';
import { startRelay, startTestSshd, type TestSshd } from '../transports/ssh/testSshd.ts';
import { createTransport } from '../transports/transports.ts';
import { createHostSession } from './hostSession.ts';
import { createPaneService, type PaneService } from './paneService.ts';
import { createPromptQueue } from './promptQueue.ts';

let sshd: TestSshd;
let relay: Awaited<ReturnType<typeof startRelay>>;
let owned = new DisposableStore();
const host = 'web1' as HostId;
const size = { columns: 80, rows: 24 };

beforeAll(async () => {
  sshd = await startTestSshd();
  relay = await startRelay(sshd.port);
});
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});
afterAll(async () => {
  await relay.stop();
  await sshd.stop();
});

let folders = 0;

async function start() {
  const transport = createTransport(
    {
      id: host,
      tags: [],
      transport: {
        kind: 'ssh',
        host: '127.0.0.1',
        port: relay.port,
        user: sshd.user,
        identityFile: sshd.identity,
        knownHostsFile: sshd.knownHosts,
        hostKeyAlias: `[127.0.0.1]:${sshd.port}`,
      },
    },
    {
      prompter: createPromptQueue({ clock: systemClock, interactive: false }),
      clock: systemClock,
      homeDirectory: sshd.directory,
      environment: {},
    },
  );
  const session = owned.add(createHostSession({ host, transport, clock: systemClock }));
  const up = new Promise<void>((resolve) => session.onConnected(() => resolve()));
  session.start();
  await up;
  const castsDirectory = join(sshd.directory, `casts${folders++}`);
  const panes = owned.add(
    createPaneService({
      sessionOf: (id) => (id === host ? session : undefined),
      castsDirectory,
      store: { putPane() {}, readPanes: () => [] },
      clock: systemClock,
      diagnostic() {},
    }),
  );
  return { session, panes, castsDirectory };
}

/** Resolves with the pane once it is in a state; also when it is there already. */
const until = (panes: PaneService, id: PaneId, kind: PaneSummary['state']['kind']) =>
  new Promise<PaneSummary>((resolve) => {
    const now = panes.list().find((pane) => pane.id === id);
    if (now?.state.kind === kind) {
      resolve(now);
      return;
    }
    const subscription = panes.onPane((pane) => {
      if (pane.id !== id || pane.state.kind !== kind) return;
      subscription.dispose();
      resolve(pane);
    });
  });

async function open(panes: PaneService): Promise<PaneSummary> {
  return until(panes, panes.open(host, size).id, 'open');
}

/** A window that parses at once, or only when told to. */
function openWindow(panes: PaneService, acknowledges = true) {
  const lifetime = owned.add(new DisposableStore());
  const parts: Buffer[] = [];
  const watchers = new Set<() => void>();
  let unacknowledged = 0;
  let automatic = acknowledges;
  const state = { wire: 0, largest: 0, replayed: 0 };
  const acknowledge = () => {
    const count = unacknowledged;
    unacknowledged = 0;
    if (count > 0) panes.takeFrame({ type: 'acknowledgement', wire: state.wire, count }, link);
  };
  const link: WindowLink = {
    id: 1,
    lifetime,
    emit() {},
    sendTerminal(frame) {
      if (frame.type !== 'output' && frame.type !== 'replay') return;
      state.wire = frame.wire;
      if (frame.type === 'replay') state.replayed += frame.bytes.length;
      parts.push(Buffer.from(frame.bytes));
      unacknowledged += frame.bytes.length;
      state.largest = Math.max(state.largest, unacknowledged);
      // xterm acknowledges from a callback, later.
      if (automatic) setImmediate(acknowledge);
      for (const watch of [...watchers]) watch();
    },
  };
  const bytes = () => Buffer.concat(parts);
  return {
    link,
    lifetime,
    state,
    bytes,
    parse() {
      automatic = true;
      acknowledge();
    },
    see: (text: string) =>
      new Promise<void>((resolve) => {
        const watch = () => {
          const tail = Buffer.concat(parts.slice(-8)).toString('latin1');
          if (!tail.includes(text)) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
  };
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const type = (panes: PaneService, pane: PaneSummary, text: string) =>
  panes.input(pane.wire, Buffer.from(text));

async function whole(panes: PaneService, pane: PaneId): Promise<Buffer> {
  return (await panes.readRecording(pane, 0, Number.MAX_SAFE_INTEGER)).bytes;
}

describe('panes', () => {
  it('record and show exactly what was sent, valid UTF-8 or not', async () => {
    const { panes } = await start();
    const blob = Buffer.alloc(300_000);
    for (let i = 0; i < blob.length; i++) blob[i] = (i * 7 + (i >> 8)) & 0xff;
    const file = join(sshd.directory, 'blob');
    writeFileSync(file, blob);
    const pane = await open(panes);
    const window = openWindow(panes);
    await panes.attach(window.link, pane.id, 0);
    // Without output processing the terminal passes every byte as it is.
    type(panes, pane, `stty -opost -echo; printf '<<''<'; cat ${file}; printf '>>''>'\n`);
    await window.see('>>>');
    const recorded = await whole(panes, pane.id);
    const from = recorded.indexOf('<<<') + 3;
    expect(sha(recorded.subarray(from, recorded.lastIndexOf('>>>')))).toBe(sha(blob));
    const shown = window.bytes();
    expect(sha(shown.subarray(shown.indexOf('<<<') + 3, shown.lastIndexOf('>>>')))).toBe(sha(blob));
  });

  it('tell the shell what one terminal answers, where several windows show it', async () => {
    const { panes } = await start();
    const pane = await open(panes);
    const [first, second] = [openWindow(panes), openWindow(panes)];
    for (const { link } of [first, second]) await panes.attach(link, pane.id, 0);
    const from = ({ link }: typeof first, text: string) =>
      panes.takeFrame({ type: 'input', wire: pane.wire, bytes: Buffer.from(text) }, link);
    /** A program asks its terminal in one window, and both answer; what it gets is printed. */
    const asks = async (by: typeof first, mark: string) => {
      from(
        by,
        `stty -echo; printf '${mark}'' asks'; read -r GOT; printf '${mark}''=%s~' "$GOT" | tr '\\033' E; stty echo; echo ${mark}' is done'\n`,
      );
      await by.see(`${mark} asks`);
      if (!first.lifetime.isDisposed) from(first, '\x1b[1;1R');
      from(second, '\x1b[2;2R');
      from(by, '\n');
      await by.see(`${mark} is done`);
      return new RegExp(`${mark}=([^~]*)~`).exec(by.bytes().toString('latin1'))?.[1];
    };
    expect(await asks(second, 'one')).toBe('E[2;2R');
    expect(await asks(first, 'two')).toBe('E[1;1R');
    first.lifetime.dispose();
    expect(await asks(second, 'three')).toBe('E[2;2R');
  });

  it('flow into the recording without a window, and are replayed to one that comes later', async () => {
    const { panes } = await start();
    const pane = await open(panes);
    type(panes, pane, 'seq 1 300000; exit\n');
    await until(panes, pane.id, 'exited');
    const recorded = await whole(panes, pane.id);
    expect(recorded.toString()).toContain('\r\n300000\r\n');
    const window = openWindow(panes);
    const attached = await panes.attach(window.link, pane.id, 100_000);
    expect(attached).toEqual({ replayedBytes: 100_000, totalBytes: recorded.length });
    window.parse();
    await window.see('300000\r\n');
    expect(sha(window.bytes())).toBe(sha(recorded.subarray(-100_000)));
    expect(window.state.replayed).toBe(100_000);
  });

  it('go on once for a pane of before, however many windows ask for it', async () => {
    const { panes } = await start();
    const after = 'earlier' as PaneId;
    const first = panes.open(host, size, { after });
    expect(panes.open(host, size, { after }).id).toBe(first.id);
    expect(panes.open(host, size, { after: first.id }).id).toBe(first.id);
    expect(panes.list()).toHaveLength(1);
    panes.close(first.id);
    expect(panes.open(host, size, { after }).id).not.toBe(first.id);
  });

  it('type their start-up commands into the shell once they are approved', async () => {
    const { panes } = await start();
    const lines = ['cd /tmp', "echo 'started in' $PWD"];
    const free = panes.open(host, size, { startUp: { lines, held: false } });
    const held = panes.open(host, size, { startUp: { lines, held: true } });
    const windows = [free, held].map((pane) => ({ pane, window: openWindow(panes) }));
    for (const { pane, window } of windows) {
      await panes.attach(window.link, pane.id, 0);
      window.parse();
    }
    await windows[0]?.window.see('started in /tmp');
    await windows[1]?.window.see('wait for your approval');
    expect((await whole(panes, held.id)).toString()).not.toContain('cd /tmp');
    panes.approve();
    await windows[1]?.window.see('started in /tmp');
  });

  it('cut a replay between characters', async () => {
    const { panes } = await start();
    const pane = await open(panes);
    type(
      panes,
      pane,
      "stty -opost -echo; for i in 1 2 3 4 5 6 7 8; do printf '\\346\\274\\242'; done; exit\n",
    );
    await until(panes, pane.id, 'exited');
    const recorded = await whole(panes, pane.id);
    const end = recorded.lastIndexOf('漢') + 3;
    const window = openWindow(panes);
    await panes.attach(window.link, pane.id, recorded.length - end + 8);
    expect(window.bytes().subarray(0, 6).toString()).toBe('漢漢');
  });

  it('stop the remote process for a window that does not keep up, and lose nothing', async () => {
    const { panes } = await start();
    const pane = await open(panes);
    const slow = openWindow(panes, false);
    await panes.attach(slow.link, pane.id, 0);
    const before = relay.received();
    type(panes, pane, "seq 1 2000000; echo al''l; exit\n");
    // A second shell answers while the first one stands still.
    const other = await open(panes);
    const quick = openWindow(panes);
    await panes.attach(quick.link, other.id, 0);
    for (let i = 0; i < 20; i++) {
      type(panes, other, `echo rou''nd${i}\n`);
      await quick.see(`round${i}`);
    }
    expect(slow.state.largest).toBeLessThanOrEqual(768 * 1024 + 128 * 1024);
    // 14 MB wait on the host: at most the first window of ssh and our own watermark have come.
    expect(relay.received() - before).toBeLessThan(6_000_000);
    expect(panes.list().find((one) => one.id === pane.id)?.state.kind).toBe('open');
    slow.parse();
    await until(panes, pane.id, 'exited');
    await slow.see('all');
    const shown = slow.bytes();
    expect(shown.includes('\r\n2000000\r\n')).toBe(true);
    const recorded = await whole(panes, pane.id);
    expect(sha(shown)).toBe(sha(recorded.subarray(recorded.length - shown.length)));
  });

  it('go on when the window that held them back goes away', async () => {
    const { panes } = await start();
    const pane = await open(panes);
    const slow = openWindow(panes, false);
    await panes.attach(slow.link, pane.id, 0);
    const second = openWindow(panes);
    await panes.attach(second.link, pane.id, 0);
    type(panes, pane, "seq 1 1000000; echo en''d; exit\n");
    while (slow.state.largest < 512 * 1024) await new Promise((resolve) => setImmediate(resolve));
    slow.lifetime.dispose();
    await until(panes, pane.id, 'exited');
    await second.see('end');
    expect(second.bytes().includes('\r\n1000000\r\n')).toBe(true);
  });

  it('are told to stop at once by an interrupt in a flood', async () => {
    const { panes } = await start();
    const pane = await open(panes);
    const window = openWindow(panes);
    await panes.attach(window.link, pane.id, 0);
    type(panes, pane, "PS1='pro''mpt> '; yes flood\n");
    await window.see('flood\r\nflood\r\n');
    const at = window.bytes().length;
    panes.interrupt(pane.wire, Buffer.from('\x03'));
    await window.see('prompt> ');
    expect(window.bytes().length - at).toBeLessThan(3_000_000);
  });

  it('say when the link was lost, and go on with a new shell in the same recording', async () => {
    const { panes, castsDirectory } = await start();
    const pane = await open(panes);
    const window = openWindow(panes);
    await panes.attach(window.link, pane.id, 0);
    type(panes, pane, "echo be''fore\n");
    await window.see('before');
    const lost = until(panes, pane.id, 'lost');
    relay.cut();
    expect((await lost).state).toMatchObject({ kind: 'lost', reason: expect.stringMatching(/closed|broke/) });
    await until(panes, pane.id, 'open');
    await window.see('a new shell');
    type(panes, pane, "echo af''ter\n");
    await window.see('after');
    await panes.flush();
    const recorded = (await whole(panes, pane.id)).toString();
    expect(recorded).toMatch(
      /before[\s\S]*\d\d:\d\d:\d\d link lost: [\s\S]*\d\d:\d\d:\d\d a new shell[\s\S]*after/,
    );
    const cast = readFileSync(join(castsDirectory, `${pane.id}.cast`), 'utf8')
      .trimEnd()
      .split('\n');
    expect(cast.map((line) => JSON.parse(line)).length).toBeGreaterThan(3);
  });

  it('are resized, restarted and closed; unknown ones are named as such', async () => {
    const { panes } = await start();
    const pane = await open(panes);
    const window = openWindow(panes);
    await panes.attach(window.link, pane.id, 0);
    panes.resize(pane.id, { columns: 120, rows: 40 });
    type(panes, pane, 'echo "<$(stty size)>"\n');
    await window.see('<40 120>');
    type(panes, pane, 'exit 3\n');
    expect((await until(panes, pane.id, 'exited')).state).toMatchObject({ exitCode: 3 });
    panes.restart(pane.id);
    await until(panes, pane.id, 'open');
    type(panes, pane, 'echo "<again $(stty size)>"\n');
    await window.see('<again 40 120>');
    const closed: PaneId[] = [];
    panes.onClosed((id) => closed.push(id));
    panes.close(pane.id);
    expect(closed).toEqual([pane.id]);
    expect(panes.list()).toEqual([]);
    expect((await whole(panes, pane.id)).toString()).toContain('again');
    expect(() => panes.close(pane.id)).toThrow('no such pane');
    expect(() => panes.open('nowhere' as HostId, size)).toThrow('no host');
    await expect(panes.readRecording('../../etc/passwd' as PaneId, 0, 10)).rejects.toThrow(
      'no such recording',
    );
  });
});
