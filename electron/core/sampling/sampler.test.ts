import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId, SamplerState } from '../../../shared/model/host.ts';
import { ChildSession } from './childSession.ts';
import { type SamplerOptions, startSampler } from './sampler.ts';

let owned: DisposableStore;
let folder: string;

beforeEach(() => {
  owned = new DisposableStore();
  folder = mkdtempSync(join(tmpdir(), 'fireline-sampler-'));
});

afterEach(() => {
  owned.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts on a host whose login shell is that, and waits for what becomes of it. */
function start(options: Partial<SamplerOptions>, shell = 'sh') {
  const session = owned.add(new ChildSession('here' as HostId, shell));
  const sampler = owned.add(startSampler(session, { clock: systemClock, intervalMs: 20, ...options }));
  const states: SamplerState['kind'][] = [];
  owned.add(sampler.onState((state) => states.push(state.kind)));
  const until = (kind: SamplerState['kind']) =>
    new Promise<SamplerState>((resolve) => {
      owned.add(
        sampler.onState((state) => {
          if (state.kind === kind) resolve(state);
        }),
      );
    });
  return { session, states, until };
}

/** A login shell that does this in place of the command it is given. */
function loginShell(script: string): string {
  const path = join(folder, 'shell');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a sampler that does not start', () => {
  it('says so of a host without perl and awk', async () => {
    const { session, until } = start({ interpreters: [] });
    const failed = until('failed');
    session.start();
    expect(await failed).toMatchObject({
      reason: 'the host has neither perl nor awk',
      advice: expect.stringContaining('Install perl'),
    });
  });

  it.each(['perl', 'awk'] as const)('says so in %s of a host without /proc, and never runs', async (one) => {
    const { session, states, until } = start({ root: folder, interpreters: [one] });
    const failed = until('failed');
    session.start();
    expect(await failed).toMatchObject({ reason: expect.stringContaining('/proc') });
    expect(states).toEqual(['starting', 'failed']);
  });

  it('says what an account without a shell says', async () => {
    const { session, until } = start(
      {},
      loginShell('echo "This account is currently not available."; exit 1'),
    );
    const failed = until('failed');
    session.start();
    expect(await failed).toMatchObject({
      reason: 'the sampler ended with status 1: This account is currently not available',
    });
  });

  it('says what a menu in its place says, and stays failed while it is tried again', async () => {
    const clock = new ManualClock(0);
    const { session, states, until } = start({ clock }, loginShell("printf '\\n1) Reboot\\n'; exec cat"));
    session.start();
    for (let tries = 0; tries < 4; tries++) {
      const newest = [...session.children].at(-1);
      await new Promise((resolve) => newest?.stdout.once('data', resolve));
      if (tries === 0) {
        const silent = until('silent');
        clock.advance(5_000);
        expect(await silent).toMatchObject({ reason: expect.stringContaining('“1) Reboot”') });
      }
      // It is given up after a minute, and tried again a few seconds later.
      clock.advance(60_000);
      clock.advance(10_000);
    }
    expect(states.slice(0, 3)).toEqual(['starting', 'silent', 'starting']);
    expect(states.at(-1)).toBe('failed');
    expect(states.filter((state) => state === 'failed')).toHaveLength(1);
  });
});
