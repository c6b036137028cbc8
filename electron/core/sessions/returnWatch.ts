import { networkInterfaces } from 'node:os';
import type { Clock } from '../../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import { isUp } from '../../../shared/model/host.ts';
import type { HostSession } from './hostSession.ts';

/**
 * Tells hosts that are waited for when it is worth trying again: one of them is back, this machine woke up, or its
 * network changed. Each is given a moment of its own within a spread, so that they do not knock all at once.
 */
export interface ReturnWatch extends Disposable {
  add(session: HostSession): Disposable;
}

const LOOK_MS = 2_000;
/** Clocks are set by less than this; and a busy process is late by less. */
const SLEPT_MS = 5_000;
/** Forty hosts within two seconds: a login costs some 25 ms of CPU on either side. */
const SPREAD_MS = 400;
const SPREAD_A_HOST_MS = 40;

export function createReturnWatch(options: {
  clock: Clock;
  /** This machine's addresses; default: as the system has them. */
  addresses?: () => string;
}): ReturnWatch {
  const { clock, addresses = readAddresses } = options;
  const owned = new DisposableStore();
  const sessions = new Map<HostSession, { wasDown: boolean }>();
  let network = addresses();
  let wall = clock.now();
  let monotonic = clock.monotonic();

  const spreadMs = () => SPREAD_MS + SPREAD_A_HOST_MS * sessions.size;

  function look(): void {
    const wallPassed = clock.now() - wall;
    const passed = clock.monotonic() - monotonic;
    wall += wallPassed;
    monotonic += passed;
    // Some systems stop the one clock in sleep (CLOCK_MONOTONIC), some neither; then the timer itself is late.
    const slept = wallPassed - passed > SLEPT_MS || passed > LOOK_MS + SLEPT_MS;
    const before = network;
    network = addresses();
    if (slept || network !== before) {
      for (const session of sessions.keys()) session.hurry(spreadMs(), 'doubt');
    }
  }

  owned.add(clock.every(LOOK_MS, look));
  return {
    add(session) {
      const own = new DisposableStore();
      const state = { wasDown: false };
      sessions.set(session, state);
      own.add(
        session.onLink((link) => {
          if (link.kind === 'reconnecting') state.wasDown = true;
          if (!isUp(link) || !state.wasDown) return;
          state.wasDown = false;
          for (const other of sessions.keys()) if (other !== session) other.hurry(spreadMs());
        }),
      );
      own.addStop(() => sessions.delete(session));
      return own;
    },
    dispose() {
      owned.dispose();
      sessions.clear();
    },
  };
}

function readAddresses(): string {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((one) => !one.internal)
    .map((one) => one.cidr ?? one.address)
    .sort()
    .join(' ');
}
