import { afterEach, expect, it } from 'vitest';
import { type Clock, ManualClock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { Emitter } from '../../../shared/base/emitter.ts';
import type { HostId, LinkCause } from '../../../shared/model/host.ts';
import type { ConnectFailure, Connection } from '../transports/transport.ts';
import { createHostSession } from './hostSession.ts';
import { createReturnWatch } from './returnWatch.ts';

let owned = new DisposableStore();
afterEach(() => {
  owned.dispose();
  owned = new DisposableStore();
});

/** Hosts behind one switch: while it is off, every attempt fails with `cause`. */
function network(options: { hosts: number; clock?: Clock; manual?: ManualClock; cause?: LinkCause }) {
  const manual = options.manual ?? new ManualClock(1_000_000);
  const clock = options.clock ?? manual;
  let on = true;
  let address = '10.0.0.5/24';
  const closed = new Emitter<{ reason: string }>();
  const attempts: number[] = [];
  let pings = 0;
  const returns = owned.add(createReturnWatch({ clock, addresses: () => address }));
  const sessions = Array.from({ length: options.hosts }, (_, index) => {
    const session = owned.add(
      createHostSession({
        host: `web${index}` as HostId,
        clock,
        transport: {
          kind: 'ssh',
          address: 'x',
          async connect() {
            attempts.push(clock.now());
            const failure: ConnectFailure = {
              kind: 'retry',
              reason: 'no',
              advice: '',
              cause: options.cause ?? 'no_answer',
            };
            return on ? { ok: true, value: connection() } : { ok: false, error: failure };
          },
        },
      }),
    );
    owned.add(returns.add(session));
    session.start();
    return session;
  });

  function connection(): Connection {
    return {
      onClose: closed.event,
      ping: () => {
        pings++;
        return on ? Promise.resolve(2) : new Promise(() => {});
      },
      openShell: () => Promise.reject(new Error('not here')),
      openExec: () => Promise.reject(new Error('not here')),
      dispose() {},
    };
  }

  return {
    manual,
    sessions,
    attempts,
    pings: () => pings,
    /** Microtasks between steps of the clock, as there are in life. */
    async pass(milliseconds: number) {
      for (let done = 0; done < milliseconds; done += 50) {
        manual.advance(50);
        await Promise.resolve();
        await Promise.resolve();
        await Promise.resolve();
        await Promise.resolve();
      }
    },
    lose() {
      on = false;
      closed.fire({ reason: 'reset by peer' });
    },
    /** Nothing is answered any more, and nobody says so. */
    mute: () => {
      on = false;
    },
    giveBack: () => {
      on = true;
    },
    move: (to: string) => {
      address = to;
    },
    down: () => sessions.filter((session) => session.link.kind !== 'good').length,
  };
}

it('forty hosts are tried soon after the first of them is back, and not at once', async () => {
  const net = network({ hosts: 40 });
  await net.pass(100);
  expect(net.down()).toBe(0);
  net.lose();
  await net.pass(60_000);
  expect(net.down()).toBe(40);
  const before = net.attempts.length;
  net.giveBack();
  await net.pass(10_000);
  expect(net.down()).toBe(0);
  const moments = net.attempts.slice(before);
  const most = Math.max(...moments.map((at) => moments.filter((one) => one >= at && one < at + 100).length));
  expect(most).toBeLessThan(15);
});

it('a host that hears us and turns us away is not tried more often because another is back', async () => {
  const net = network({ hosts: 2, cause: 'turned_away' });
  await net.pass(100);
  net.lose();
  await net.pass(120_000);
  const [first, second] = net.sessions;
  const waiting = second?.link;
  net.giveBack();
  first?.reconnect();
  await net.pass(50);
  expect(first?.link.kind).toBe('good');
  expect(second?.link).toEqual(waiting);
});

it('after a sleep every connection is asked, and given up soon when it does not answer', async () => {
  const manual = new ManualClock(1_000_000);
  let slept = 0;
  // A clock of Linux: the monotonic one stands still in sleep, the other does not.
  const clock: Clock = {
    now: () => manual.now() + slept,
    monotonic: () => manual.monotonic(),
    after: (ms, run) => manual.after(ms, run),
    every: (ms, run) => manual.every(ms, run),
  };
  const net = network({ hosts: 3, clock, manual });
  await net.pass(3_000);
  const asked = net.pings();
  slept = 3_600_000;
  await net.pass(2_100);
  expect(net.pings()).toBe(asked + 3);
  expect(net.down()).toBe(0);
  net.mute();
  slept += 3_600_000;
  await net.pass(11_000);
  expect(net.sessions.map((one) => one.link.kind)).not.toContain('stalled');
  expect(net.down()).toBe(3);
});

it('after a change of network what waits for its next try has it at once', async () => {
  const net = network({ hosts: 3 });
  await net.pass(100);
  net.lose();
  await net.pass(60_000);
  net.giveBack();
  net.move('192.168.7.2/24');
  await net.pass(2_600);
  expect(net.down()).toBe(0);
});
