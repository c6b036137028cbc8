import { describe, expect, it } from 'vitest';
import type { SocketGroup } from '../../../shared/model/resources.ts';
import { nearMiss } from './testDetections.ts';
import { alarms, openKinds, told } from './testPlay.ts';
import { group, NO_QUEUE, playSockets, withNode } from './testSockets.ts';

describe('queue.stalled', () => {
  const stuck = (notEmpty: number, sum: number) => ({ sum, largest: 1101, notEmpty });

  it('tells bytes that a process does not read, and that they were read', () => {
    const host = withNode();
    playSockets(host, 60, () => [group({ count: 256, ownerPid: 18, receiveQueue: stuck(250, 275_250) })]);
    expect(told(host, 'queue.stalled')).toMatchObject([
      { detail: { queue: 'Recv-Q', notEmpty: 250, bytes: 275_250, pid: 18 } },
    ]);
    expect(told(host, 'queue.stalled')[0]?.title).toBe(
      'node (pid 18) does not read 269 KiB that arrived on 250 of 256 connections to port 9243',
    );
    playSockets(host, 60, () => [group({ count: 256, ownerPid: 18 })]);
    expect(openKinds(host)).not.toContain('queue.stalled');
  });

  it('tells what the other side does not take', () => {
    const host = withNode();
    playSockets(host, 60, () => [
      group({ kind: 'inbound', port: 80, count: 1, ownerPid: 18, sendQueue: stuck(1, 87_040) }),
    ]);
    expect(told(host, 'queue.stalled')[0]?.title).toContain('The other side does not take 85.0 KiB');
  });

  it('is for information while a few of many clients are gone, and a warning when they are many', () => {
    const host = withNode();
    const clients = (notEmpty: number) => [
      group({
        kind: 'inbound',
        port: 443,
        count: 100,
        ownerPid: 18,
        sendQueue: stuck(notEmpty, 50_000 + notEmpty),
      }),
      group({
        kind: 'inbound',
        state: 'fin-wait-1',
        port: 443,
        count: 6,
        ownerPid: 18,
        sendQueue: stuck(6, 9000),
      }),
    ];
    playSockets(host, 120, () => clients(1));
    expect(told(host, 'queue.stalled').map((event) => event.severity)).toEqual(['info', 'info']);
    playSockets(host, 60, () => clients(80));
    expect(told(host, 'queue.stalled').map((event) => event.severity)).toEqual(['warning', 'info']);
  });

  it.each<[string, (second: number) => SocketGroup[]]>([
    [
      'a transfer in full flow',
      (s) => [
        group({
          ownerPid: 18,
          sendQueue: { sum: 2_500_000 + ((s * 7919) % 90_000), largest: 1, notEmpty: 1 },
        }),
      ],
    ],
    [
      'a busy reader that drains',
      (s) => [group({ count: 50, ownerPid: 18, receiveQueue: stuck(40, s % 20 === 0 ? 90_000 : 4_000) })],
    ],
    [
      'twenty seconds of it',
      (s) => [group({ ownerPid: 18, receiveQueue: s < 20 ? stuck(1, 5000) : NO_QUEUE })],
    ],
    ['a few bytes', () => [group({ ownerPid: 18, receiveQueue: stuck(1, 64) })]],
  ])('%s is none', (_, look) => {
    const host = withNode();
    playSockets(host, 300, look);
    expect(alarms(host)).toEqual([]);
    nearMiss('queue.stalled');
  });
});
