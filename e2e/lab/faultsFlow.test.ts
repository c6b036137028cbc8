import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPaneService, type PaneService } from '../../electron/core/sessions/paneService.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { DisposableStore } from '../../shared/base/disposable.ts';
import type { LinkState } from '../../shared/model/host.ts';
import type { PaneSummary } from '../../shared/model/pane.ts';
import { type Lab, startLab } from './lab.ts';
import type { LabHost } from './labHost.ts';
import { labIsWanted } from './labIsWanted.ts';
import { openFleet } from './openFleet.ts';
import { type SlowWire, startSlowWire } from './slowWire.ts';
import { waitUntil } from './waitUntil.ts';

/** What a shell prints and how it is to be told apart from its echo. */
const COUNT = 40_000;
const counted = Array.from({ length: COUNT }, (_, n) => `n ${n + 1}\r\n`).join('');
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!labIsWanted)('whatever happens to a host, what it sent is on record', () => {
  let lab: Lab;
  let host: LabHost;
  const owned: { dispose(): void }[] = [];
  const wires: SlowWire[] = [];
  beforeAll(async () => {
    lab = await startLab({ hosts: 1 });
    host = lab.host('web1');
  });
  afterEach(async () => {
    for (const one of owned.splice(0).reverse()) one.dispose();
    for (const wire of wires.splice(0)) await wire.stop();
  });
  afterAll(() => lab?.stop());

  /** A pane whose shell is there, over a wire of its own; ServerAlive gives a silent link up after six seconds. */
  async function openPane(wireOptions: Parameters<typeof startSlowWire>[1] = {}) {
    const wire = await startSlowWire(host, wireOptions);
    wires.push(wire);
    const store = new DisposableStore();
    owned.push(store);
    const fleet = openFleet(lab, ['ServerAliveInterval 3', 'ServerAliveCountMax 2'], () => wire);
    store.addStop(() => fleet.close());
    const [session] = fleet.sessions;
    if (!session) throw new Error('the lab has no host');
    const panes = store.add(
      createPaneService({
        sessionOf: () => session,
        castsDirectory: join(lab.directory, `casts-${Math.random()}`),
        store: { putPane() {}, readPanes: () => [] },
        clock: systemClock,
        diagnostic() {},
      }),
    );
    const links: LinkState[] = [];
    session.onLink((link) => links.push(link));
    await fleet.allReach((link) => link.kind === 'good');
    const summary = panes.open(session.host, { columns: 80, rows: 24 });
    const recording = async () => Buffer.from((await panes.readRecording(summary.id, 0, 1e8)).bytes);
    const type = (line: string) => panes.input(summary.wire, Buffer.from(`${line}\r`));
    const shows = (what: string) =>
      waitUntil(what, 30_000, async () => ((await recording()).includes(what) ? true : undefined));
    await isOpen(panes, summary);
    type("PS1='ready> '; echo set-$((40+2))");
    await shows('set-42');
    return { wire, session, panes, summary, links, recording, type, shows, reaches: fleet.allReach };
  }

  const stateOf = (panes: PaneService, { id }: PaneSummary) =>
    panes.list().find((one) => one.id === id)?.state;
  const isOpen = (panes: PaneService, summary: PaneSummary) =>
    waitUntil('the shell', 20_000, () => (stateOf(panes, summary)?.kind === 'open' ? true : undefined));
  const flood = `seq -f 'n %.0f' ${COUNT}; echo flooded-$((40+2))`;

  it('a host that is frozen stalls and goes on with the same shell when it thaws', async () => {
    const { session, links, type, shows, recording, reaches } = await openPane();
    type(`KEPT=yes; ${flood}`);
    await shows('n 100\r\n');
    const all = host.processes().sort((one, other) => one.innerPid - other.innerPid);
    for (const one of all) process.kill(one.pid, 'SIGSTOP');
    try {
      session.checkLink();
      await reaches((link) => link.kind === 'stalled');
    } finally {
      // Children first: a shell that goes on before its job does is told that the job was stopped, and leaves it.
      for (const one of all.toReversed()) process.kill(one.pid, 'SIGCONT');
    }
    await shows('flooded-42');
    await reaches((link) => link.kind === 'good');
    expect((await recording()).includes(counted)).toBe(true);
    type('echo kept-$KEPT');
    await shows('kept-yes');
    expect(links.map((link) => link.kind)).not.toContain('reconnecting');
  });

  it('a link that falls silent and speaks again in time loses nothing, and keeps its shell', async () => {
    const { wire, session, links, type, shows, recording, reaches } = await openPane();
    type(flood);
    await shows('n 100\r\n');
    wire.silence();
    session.checkLink();
    await reaches((link) => link.kind === 'degraded');
    wire.speak();
    await shows('flooded-42');
    await reaches((link) => link.kind === 'good');
    expect((await recording()).includes(counted)).toBe(true);
    expect(links.map((link) => link.kind)).not.toContain('reconnecting');
  });

  it('a link that stays silent is lost, says so in the pane, and has a new shell when it is back', async () => {
    const { wire, session, type, shows, recording, reaches, panes, summary } = await openPane();
    type(flood);
    await shows('n 100\r\n');
    wire.silence();
    session.checkLink();
    await reaches((link) => link.kind === 'reconnecting');
    await waitUntil('the pane to be lost', 5_000, () =>
      stateOf(panes, summary)?.kind === 'lost' ? true : undefined,
    );
    const text = (await recording()).toString();
    const arrived = text.slice(text.indexOf('n 1\r\n'), text.indexOf('\x18\x1b7', text.indexOf('n 1\r\n')));
    // All that had come, in order, and then our own words.
    expect(arrived.length).toBeGreaterThan(100);
    expect(counted.startsWith(arrived) || arrived.startsWith(counted)).toBe(true);
    expect(text).toMatch(/\d\d:\d\d:\d\d link lost: no answer for 6 s/);
    wire.cut();
    wire.speak();
    await reaches((link) => link.kind === 'good');
    await isOpen(panes, summary);
    await shows('a new shell; what ran in the one before ended with it');
    type('echo again-$((40+2))');
    await shows('again-42');
  });

  it('sshd that is killed is tried until it is back, and is called what it is', async () => {
    const { links, type, shows, reaches, recording } = await openPane();
    type('echo said-$((40+2))');
    await shows('said-42');
    const through = openFleet(lab);
    owned.push({ dispose: () => through.close() });
    await through.allReach((link) => link.kind === 'good');
    await host.stopSshd();
    await host.dropLinks();
    try {
      // Straight to the host: a wire of ours would be accepted by the wire.
      await through.allReach((link) => link.kind === 'reconnecting' && link.cause === 'not_listening');
    } finally {
      await host.startSshd();
    }
    await Promise.all([
      through.allReach((link) => link.kind === 'good'),
      reaches((link) => link.kind === 'good'),
    ]);
    await shows('a new shell; what ran in the one before ended with it');
    expect((await recording()).toString()).toMatch(/said-42[\s\S]*link lost: /);
    expect(links.map((link) => link.kind)).toContain('reconnecting');
  });

  it('a shell that prints binary is recorded byte for byte, and can be typed into afterwards', async () => {
    const { type, shows, recording } = await openPane();
    const binary = randomBytes(600_000);
    await host.exec(['sh', '-c', 'cat > /tmp/binary'], { stdin: binary.toString('latin1') });
    const file = (await host.exec(['sh', '-c', 'base64 -w0 /tmp/binary'])).stdout;
    const sent = Buffer.from(file, 'base64');
    type('stty -opost; printf BEGIN:; cat /tmp/binary; printf :END-%s $((40+2)); stty opost; echo');
    await shows(':END-42');
    const all = await recording();
    const from = all.lastIndexOf('BEGIN:', all.indexOf(':END-42')) + 'BEGIN:'.length;
    expect(sha(all.subarray(from, all.indexOf(':END-42')))).toBe(sha(sent));
    type('echo typed-$((40+2))');
    await shows('typed-42');
  });

  it('a slow link that loses packets is slow, and nothing else', async () => {
    const { session, links, type, shows, recording } = await openPane({ oneWayMs: 50, lossShare: 0.05 });
    type(flood);
    await shows('flooded-42');
    expect((await recording()).includes(counted)).toBe(true);
    const { link } = session;
    expect('roundTripMs' in link && (link.roundTripMs ?? 0) >= 100).toBe(true);
    expect(links.map((one) => one.kind)).not.toContain('reconnecting');
  });
});
