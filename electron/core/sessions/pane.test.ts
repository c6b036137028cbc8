import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { createLocalTransport } from '../transports/localTransport.ts';
import { createHostSession } from './hostSession.ts';
import { createPane } from './pane.ts';

const WAIT = { timeout: 10_000, interval: 10 };
let owned: DisposableStore;
let folder: string;
beforeEach(() => {
  owned = new DisposableStore();
  folder = mkdtempSync(join(tmpdir(), 'fireline-pane-'));
});
afterEach(() => {
  owned.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A pane of this machine, which has no shell before the session starts. */
function openingPane() {
  const session = owned.add(
    createHostSession({
      host: 'here' as HostId,
      clock: systemClock,
      transport: createLocalTransport({
        clock: systemClock,
        homeDirectory: folder,
        environment: { PATH: process.env['PATH'], SHELL: '/bin/sh', HOME: folder },
      }),
    }),
  );
  const pane = owned.add(
    createPane({
      id: 'p' as PaneId,
      wire: 1,
      session,
      size: { columns: 80, rows: 24 },
      castFile: join(folder, 'p.cast'),
      clock: systemClock,
      diagnostic: () => {},
      onChange: () => {},
    }),
  );
  pane.start();
  return { session, pane, text: async () => Buffer.from((await pane.read(0, 100_000)).bytes).toString() };
}

test('what is typed while the first shell is opened is not lost', async () => {
  const { session, pane, text } = openingPane();
  pane.input(Buffer.from('echo forgotten-$((1+1))\n'));
  pane.interrupt(Buffer.from('\u0003'));
  pane.input(Buffer.from('echo early-$((40+2))\n'));
  session.start();
  await expect.poll(text, WAIT).toContain('early-42');
  expect(await text()).not.toContain('forgotten');
});

test('of a paste that is too long for that nothing is typed, not its end alone', async () => {
  const { session, pane, text } = openingPane();
  pane.input(Buffer.from(`echo begin-$((1+1)) ${'x'.repeat(60_000)}`));
  pane.input(Buffer.from('x'.repeat(60_000)));
  pane.input(Buffer.from(' ; echo end-$((1+1))\n'));
  session.start();
  await expect.poll(text, WAIT).toContain('was too much, and was not typed');
  pane.input(Buffer.from('echo now-$((40+2))\n'));
  await expect.poll(text, WAIT).toContain('now-42');
  expect(await text()).not.toMatch(/begin|end-/);
  // It was told, and the next shell is another.
  pane.restart();
  await expect.poll(() => pane.summary.state.kind, WAIT).toBe('open');
  await expect.poll(text, WAIT).toContain('a new shell');
  expect((await text()).match(/was too much/g)).toHaveLength(1);
});
