import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutRoute } from './cutRoute.ts';
import { type Lab, startLab } from './lab.ts';
import { labIsWanted } from './labIsWanted.ts';
import { type Fleet, openFleet } from './openFleet.ts';

describe.skipIf(!labIsWanted)('forty hosts', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await startLab({ hosts: 40 });
    fleet = openFleet(lab, ['ServerAliveInterval 3', 'ServerAliveCountMax 2']);
  });
  afterAll(async () => {
    fleet?.close();
    await lab?.stop();
  });

  it('whose route goes say so, and are all back when it is', async () => {
    await fleet.allReach((link) => link.kind === 'good' && link.roundTripMs !== undefined);
    const route = cutRoute(lab.hosts);
    try {
      // Their turn for a keepalive would come within ten seconds.
      for (const session of fleet.sessions) session.checkLink();
      await fleet.allReach((link) => link.kind === 'stalled');
      await fleet.allReach((link) => link.kind === 'reconnecting' && link.cause === 'no_answer');
    } finally {
      route.dispose();
    }
    await fleet.allReach((link) => link.kind === 'good');
    const names = await Promise.all(fleet.sessions.map((one) => one.run(['hostname'], { purpose: 'test' })));
    expect(names.map((one) => one.ok && one.value.stdout.trim())).toEqual(lab.hosts.map((host) => host.id));
  });
});
