import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLink } from '../../shared/model/describeLink.ts';
import { isUp } from '../../shared/model/host.ts';
import type { TimelineEvent } from '../../shared/model/timelineEvent.ts';
import { cutRoute } from './cutRoute.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type OpenedCore, openCore } from './openCore.ts';
import { waitUntil } from './waitUntil.ts';

describe.skipIf(!labIsWanted)('a host that does not answer', () => {
  let lab: Lab;
  let opened: OpenedCore;
  beforeAll(async () => {
    lab = await startLab({ hosts: 3 });
    opened = await openCore();
    await opened.core.openWorkspace(lab.workspaceFile, false);
    await waitUntil('all hosts sampled', 30_000, () =>
      opened.core.hosts.length === 3 &&
      opened.core.hosts.every((host) => isUp(host.link) && host.facts !== undefined)
        ? true
        : undefined,
    );
  });
  afterAll(async () => {
    await opened?.close();
    await lab?.stop();
  });

  const told = (host: string, kind: TimelineEvent['kind']) =>
    opened.event(`${kind} of ${host}`, (one) => one.host === host && one.kind === kind, 45_000);
  const word = (host: string) => {
    const one = opened.core.hosts.find(({ id }) => id === host);
    return one && describeLink(one.link, one.sampler).word;
  };
  const words = (host: string, wanted: string) =>
    waitUntil(`${host} to be called ${wanted}`, 45_000, () => (word(host) === wanted ? true : undefined));

  it('is called silent, its sshd dying, or its link down, each by its own word and event', async () => {
    const [silent, dying, down] = lab.hosts;
    if (!silent || !dying || !down) throw new Error('the lab has three hosts');
    const samplers = silent.processes().filter((one) => one.argv.join(' ').includes('fireline-'));
    expect(samplers.length).toBeGreaterThan(0);
    for (const one of samplers) process.kill(one.pid, 'SIGSTOP');
    await dying.stallLink({ listener: true });
    const route = cutRoute([down]);
    try {
      const [ofSilent, ofDying, ofDown] = await Promise.all([
        told(silent.id, 'host.silent'),
        told(dying.id, 'host.ssh_dying'),
        told(down.id, 'link.degraded'),
        words(silent.id, 'host silent'),
        words(dying.id, 'ssh dying'),
        words(down.id, 'link down'),
      ]);
      expect(ofSilent.title).toMatch(/^The host is silent: no sample for \d+ s, and the link answers$/);
      expect(ofDying.title).toMatch(/^ssh is dying: .*; memory was \d+ % used \d+ s before$/);
      expect(ofDown.title).toMatch(/^The link is stalled: /);
      for (const event of [ofSilent, ofDying]) {
        expect(event.evidence).toMatchObject([{ type: 'samples', metric: 'system.memory.usage.used' }]);
      }
      expect(isUp(opened.core.hosts[0]?.link ?? { kind: 'idle', since: 0 })).toBe(true);
    } finally {
      route.dispose();
      dying.resumeLink();
      for (const one of samplers) process.kill(one.pid, 'SIGCONT');
    }
    await Promise.all([
      told(silent.id, 'host.silent_ended'),
      told(dying.id, 'link.restored'),
      told(down.id, 'link.restored'),
      ...lab.hosts.map(({ id }) => words(id, 'good')),
    ]);
    // No host was called by another's name.
    const all = (host: string) =>
      new Set(
        opened
          .timeline()
          .filter((one) => one.host === host)
          .map((one) => one.kind),
      );
    for (const kind of ['link.lost', 'link.degraded', 'host.ssh_dying'] as const) {
      expect(all(silent.id)).not.toContain(kind);
    }
    expect(all(dying.id)).not.toContain('host.silent');
    expect(all(down.id)).not.toContain('host.silent');
    expect(all(down.id)).not.toContain('host.ssh_dying');
  });
});
