import { describe, expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { alarms, play, told } from './testPlay.ts';
import { group } from './testSockets.ts';

describe('listen.overflow', () => {
  const full = (ownerPid: number | undefined) =>
    group({
      kind: 'listener',
      state: 'listen',
      port: 8080,
      receiveQueue: { sum: 129, largest: 129, notEmpty: 1 },
      ...(ownerPid === undefined ? {} : { ownerPid }),
    });

  function knocked(ownerPid: number | undefined, perTick: number, options = {}) {
    const host = new TestHost(options);
    host.add({ pid: 18, name: 'node', command: 'node server.js' }, false);
    let overflows = 40;
    play(host, 90, (second, at) => {
      if (second > 5 && second % 10 === 0) overflows += perTick;
      return { listenOverflows: overflows, sockets: [full(ownerPid)], lookedAt: { sockets: at } };
    });
    return { host, overflows };
  }

  it('tells which process does not accept, and when it was over', () => {
    const { host, overflows } = knocked(18, 6);
    expect(told(host, 'listen.overflow')).toMatchObject([{ detail: { port: 8080, waiting: 129, pid: 18 } }]);
    expect(told(host, 'listen.overflow')[0]?.title).toMatch(
      /^node \(pid 18\) on port 8080 does not take its connections: \d+ turned away, 129 wait$/,
    );
    play(host, 90, () => ({ listenOverflows: overflows }));
    expect(host.open).toEqual([]);
  });

  it('is dated between the look that found the counter grown and the one before', () => {
    const host = new TestHost({});
    let [overflows, grownAt] = [40, 0];
    play(host, 90, (second, at) => {
      if (second >= 30 && second % 10 === 0) overflows += 6;
      if (second === 30) grownAt = at;
      return { listenOverflows: overflows, sockets: [full(18)], lookedAt: { sockets: at } };
    });
    const [event] = told(host, 'listen.overflow');
    expect(event?.at).toBe(grownAt - 5000);
    const { hostAt, at } = host.sample(1000);
    expect(event?.hostAt).toBe(grownAt - 5000 + hostAt - at);
  });

  it('a moment’s rush, what was counted before we came, and a neighbour’s in a shared network are none', () => {
    expect(alarms(knocked(18, 0).host)).toEqual([]);
    const { host } = knocked(0, 6, { container: true });
    expect(alarms(host)).toEqual([]);
    const rush = new TestHost({});
    play(rush, 90, (second) => ({ listenOverflows: second < 20 ? 1 : 4, sockets: [full(18)] }));
    expect(alarms(rush)).toEqual([]);
    nearMiss('listen.overflow');
  });
});
