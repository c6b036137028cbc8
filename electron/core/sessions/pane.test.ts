import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId, PaneSummary } from '../../../shared/model/pane.ts';
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

test('what is typed while the first shell is opened is not lost', async () => {
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
  const states: PaneSummary['state']['kind'][] = [];
  const pane = owned.add(
    createPane({
      id: 'p' as PaneId,
      wire: 1,
      session,
      size: { columns: 80, rows: 24 },
      castFile: join(folder, 'p.cast'),
      clock: systemClock,
      diagnostic: () => {},
      onChange: (summary) => states.push(summary.state.kind),
    }),
  );
  pane.start();
  pane.input(Buffer.from('echo forgotten-$((1+1))\n'));
  pane.interrupt(Buffer.from('\u0003'));
  pane.input(Buffer.from('echo early-$((40+2))\n'));
  session.start();
  const text = async () => Buffer.from((await pane.read(0, 100_000)).bytes).toString();
  await expect.poll(text, WAIT).toContain('early-42');
  expect(await text()).not.toContain('forgotten');
});
