import { describe, expect, it } from 'vitest';
import type { SocketGroup } from '../../../shared/model/resources.ts';
import { nearMiss } from './testDetections.ts';
import { alarms, openKinds, told } from './testPlay.ts';
import { group, playSockets, withNode } from './testSockets.ts';

describe('connections.leak and connections.capped', () => {
  it('tells connections that are only opened, then that they stand at 256', () => {
    const host = withNode();
    playSockets(host, 300, (s) => [group({ count: Math.min(256, 40 + s), ownerPid: 18 })]);
    expect(told(host, 'connections.leak')).toMatchObject([
      {
        severity: 'warning',
        detail: { pid: 18, port: 9243 },
        verdict: expect.stringContaining('closed next to none'),
      },
    ]);
    expect(told(host, 'connections.leak')[0]?.title).toMatch(
      /^node \(pid 18\) has \d+ connections to port 9243, \d+ more than/,
    );
    // As in the story: most hold an answer that was not read, each time others.
    const unread = (s: number) => ({ sum: 1101 * (180 - (s % 40)), largest: 1101, notEmpty: 180 - (s % 40) });
    playSockets(host, 120, (s) => [group({ count: 256, ownerPid: 18, receiveQueue: unread(s) })]);
    expect(told(host, 'connections.capped')).toMatchObject([
      {
        title: 'node (pid 18) stands at 256 connections to port 9243',
        verdict: expect.stringContaining('of them hold bytes that it has not read'),
        detail: { powerOfTwo: true },
      },
    ]);
    expect(openKinds(host)).toEqual(['connections.capped']);
    playSockets(host, 60, () => [group({ count: 20, ownerPid: 18 })]);
    expect(host.open).toEqual([]);
  });

  it('a pool that stands at its limit works while nothing waits in it: then none is told, or what was is over', () => {
    const host = withNode();
    playSockets(host, 300, (s) => [group({ count: Math.min(100, 20 + s), ownerPid: 18 })]);
    // Far away and busy: what was sent is under way, now more and now less.
    const underWay = (s: number) => ({ sum: s % 20 === 0 ? 9_000 : 30_000, largest: 900, notEmpty: 40 });
    playSockets(host, 300, (s) => [group({ count: 100, ownerPid: 18, sendQueue: underWay(s) })]);
    expect(told(host, 'connections.capped')).toEqual([]);
    const unread = { sum: 50_000, largest: 900, notEmpty: 50 };
    playSockets(host, 100, () => [group({ count: 100, ownerPid: 18, receiveQueue: unread })]);
    expect(openKinds(host)).toContain('connections.capped');
    playSockets(host, 100, () => [group({ count: 100, ownerPid: 18 })]);
    expect(openKinds(host)).toEqual([]);
  });

  it('tells what comes and goes once, and again when it grows beyond', () => {
    const host = withNode();
    const wave = (s: number) => Math.round(130 + 100 * Math.sin(s / 60));
    playSockets(host, 1800, (s) => [group({ count: wave(s), ownerPid: 18 })]);
    expect(told(host, 'connections.leak')).toHaveLength(1);
    playSockets(host, 400, (s) => [group({ count: wave(1800) + s, ownerPid: 18 })]);
    expect(told(host, 'connections.leak')).toHaveLength(2);
  });

  it('tells a server that forgets connections whose other end is gone', () => {
    const host = withNode();
    playSockets(host, 200, (s) => [
      group({ kind: 'inbound', state: 'close-wait', port: 80, count: s, ownerPid: 18 }),
    ]);
    expect(told(host, 'connections.leak')[0]?.title).toContain(
      'connections whose other end is gone to its port 80',
    );
  });

  it.each<[string, (second: number) => SocketGroup[]]>([
    ['a pool that opens all it may at once', (s) => [group({ count: s < 5 ? 0 : 100, ownerPid: 18 })]],
    [
      'a pool that warms up within half a minute',
      (s) => [group({ count: Math.min(100, 10 + s * 3), ownerPid: 18 })],
    ],
    ['more clients than before', (s) => [group({ kind: 'inbound', port: 80, count: 40 + s, ownerPid: 18 })]],
    [
      'load that comes and goes',
      (s) => [group({ count: Math.round(120 + 80 * Math.sin(s / 20)), ownerPid: 18 })],
    ],
    ['connections in TIME_WAIT', (s) => [group({ state: 'time-wait', count: 100 + s * 3 })]],
    ['the leak of a neighbour that shares the network', (s) => [group({ count: 40 + s, ownerPid: 0 })]],
  ])('%s is none', (_, look) => {
    const host = withNode();
    playSockets(host, 400, look);
    expect(alarms(host)).toEqual([]);
    nearMiss('connections.leak', 'connections.capped');
  });
});
