import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostId, HostSummary } from '../../shared/model/host.ts';
import { besideTyping } from '../series/echo.ts';
import { patchHost, setHosts, useHosts } from './hosts.ts';

const host = (id: string, roundTripMs: number): HostSummary => ({
  id: id as HostId,
  address: id,
  tags: [],
  transport: 'ssh',
  link: { kind: 'good', since: 0, roundTripMs },
  sampler: { kind: 'off' },
});
const roundTrips = () =>
  Object.values(useHosts.getState().byId).map(({ link }) => 'roundTripMs' in link && link.roundTripMs);
const good = (roundTripMs: number) => ({ link: { kind: 'good' as const, since: 0, roundTripMs } });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 16));
  setHosts([host('a', 1), host('b', 2)]);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a change of a host is there at once, and while a person types with the charts', () => {
  patchHost('a' as HostId, good(3));
  expect(roundTrips()).toEqual([3, 2]);
  besideTyping.typed(performance.now());
  const changes = vi.fn();
  const stop = useHosts.subscribe(changes);
  patchHost('a' as HostId, good(4));
  patchHost('b' as HostId, good(5));
  patchHost('b' as HostId, { sampler: { kind: 'starting', since: 1 } });
  expect(roundTrips()).toEqual([3, 2]);
  vi.advanceTimersByTime(60 + 16);
  expect(roundTrips()).toEqual([4, 5]);
  expect(useHosts.getState().byId['b']?.sampler.kind).toBe('starting');
  expect(changes).toHaveBeenCalledTimes(1);
  stop();
});

test('one that waits is not applied to what came whole since, nor to a host that is gone', () => {
  besideTyping.typed(performance.now());
  patchHost('a' as HostId, good(9));
  setHosts([host('a', 7)]);
  patchHost('b' as HostId, good(9));
  vi.advanceTimersByTime(60 + 16);
  expect(roundTrips()).toEqual([7]);
});
