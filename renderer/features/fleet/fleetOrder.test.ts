import { expect, test } from 'vitest';
import type { HostId, LinkState } from '../../../shared/model/host.ts';
import { type FleetEntry, fleetOrder, heldOrder } from './fleetOrder.ts';

const GOOD: LinkState = { kind: 'good', since: 0 };
const entry = (id: string, part: Partial<FleetEntry> = {}): FleetEntry => ({
  id: id as HostId,
  severity: undefined,
  link: GOOD,
  sampler: { kind: 'running', implementation: 'perl' },
  busy: 0,
  ...part,
});

test('worst event first, then link, then busy, then as in the workspace', () => {
  const order = fleetOrder([
    entry('calm'),
    entry('busy', { busy: 0.9 }),
    entry('degraded', { link: { kind: 'degraded', since: 0, reason: '' } }),
    entry('unmeasured', { sampler: { kind: 'failed', since: 0, reason: '', advice: '' } }),
    entry('lost', { link: { kind: 'lost', since: 0, reason: '' } }),
    entry('warned', { severity: 'warning' }),
    entry('burning', { severity: 'critical' }),
    entry('calm2'),
  ]);
  expect(order).toEqual(['burning', 'warned', 'lost', 'degraded', 'unmeasured', 'busy', 'calm', 'calm2']);
});

test('small changes of load do not change the order', () => {
  const at = (a: number, b: number) => fleetOrder([entry('a', { busy: a }), entry('b', { busy: b })]);
  expect(at(0.41, 0.45)).toEqual(at(0.45, 0.41));
  expect(at(Number.NaN, 0.5)).toEqual(['b', 'a']);
});

test('a held order changes only by who comes and goes', () => {
  const ids = (...names: string[]) => names as HostId[];
  expect(heldOrder(ids('c', 'a', 'b'), ids('a', 'b', 'd'))).toEqual(['a', 'b', 'd']);
});
