import { expect, it } from 'vitest';
import type { SocketGroup } from '../../../shared/model/resources.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { told } from './testPlay.ts';
import { group, playSockets, withNode } from './testSockets.ts';

const to = (address: string, over: Partial<SocketGroup>) =>
  group({ kind: 'address', address, port: 5432, ...over });

it('an address that does not answer is told with how many wait for it, and is over when it does', () => {
  const host = withNode();
  playSockets(host, 60, () => [to('10.0.0.5', { state: 'syn-sent', count: 40, ownerPid: 18 })]);
  expect(told(host, 'connections.unanswered')).toMatchObject([
    {
      severity: 'warning',
      title: '10.0.0.5:5432 does not answer: 40 connections to it are begun and not made',
      verdict: expect.stringMatching(
        /^node \(pid 18\) waits for 40 connections to 10\.0\.0\.5:5432, where nothing answers/,
      ),
    },
  ]);
  playSockets(host, 20, () => [to('10.0.0.5', { count: 40, ownerPid: 18 })]);
  expect(host.open).toEqual([]);
});

it('a crawler that waits for many addresses, and connections begun in a moment, are not', () => {
  const host = new TestHost({});
  playSockets(host, 120, (second) => [
    group({ state: 'syn-sent', port: 443, count: 300 }),
    ...Array.from({ length: 20 }, (_, n) =>
      to(`10.1.0.${n}`, { port: 443, state: 'syn-sent', count: 4 + (n % 3) }),
    ),
    ...(second % 40 === 0 ? [to('10.0.0.9', { state: 'syn-sent', count: 50 })] : []),
  ]);
  expect(host.told).toEqual([]);
  nearMiss('connections.unanswered');
});

it('in a container, those whose owner is not known may be another’s', () => {
  const host = new TestHost({ container: true });
  playSockets(host, 60, () => [to('10.0.0.5', { state: 'syn-sent', count: 20 })]);
  expect(host.told).toEqual([]);
  nearMiss('connections.unanswered');
  host.add({ pid: 18, name: 'node', command: 'node' }, false);
  playSockets(host, 60, () => [to('10.0.0.5', { state: 'syn-sent', count: 40, ownerPid: 18 })]);
  expect(told(host, 'connections.unanswered')).toHaveLength(1);
});

it('local ports that are used up to one address are told with those in TIME_WAIT', () => {
  const host = new TestHost({});
  playSockets(host, 60, () => [
    to('10.0.0.5', { state: 'time-wait', count: 27_000 }),
    to('10.0.0.5', { state: 'established', count: 900 }),
    to('10.0.0.6', { state: 'time-wait', count: 9000 }),
  ]);
  expect(told(host, 'kernel.limit')).toMatchObject([
    {
      severity: 'critical',
      title: 'Nearly all local ports are used up by 27,900 connections to 10.0.0.5:5432',
      verdict: expect.stringContaining('27,000 of them closed and in TIME_WAIT'),
    },
  ]);
});

it('connections that are begun and not gone on with are told of their port', () => {
  const host = new TestHost({});
  playSockets(host, 60, () => [group({ kind: 'inbound', state: 'syn-received', port: 443, count: 900 })]);
  expect(told(host, 'kernel.limit')).toMatchObject([{ title: '900 connections to port 443 are half open' }]);
  const busy = new TestHost({});
  playSockets(busy, 60, () => [group({ kind: 'inbound', state: 'syn-received', port: 443, count: 60 })]);
  expect(busy.told).toEqual([]);
  nearMiss('kernel.limit');
});
