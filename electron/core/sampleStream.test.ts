import { expect, test } from 'vitest';
import { ManualClock } from '../../shared/base/clock.ts';
import type { HostId } from '../../shared/model/host.ts';
import type { Sample } from '../../shared/model/sample.ts';
import { createSampleStream } from './sampleStream.ts';

const zero = { user: 0, nice: 0, system: 0, interrupt: 0, iowait: 0, steal: 0, idle: 1 };

function sampleAt(at: number): Sample {
  return {
    at,
    hostAt: at,
    intervalMs: 1000,
    bootId: 'b',
    uptimeMs: 1,
    cores: 1,
    cpu: zero,
    perCore: [zero],
    balance: { busy: 0, visible: 0, reaped: 0, unattributed: 0, reapers: [] },
    load: [0, 0, 0],
    memory: {
      totalBytes: 1,
      freeBytes: 1,
      usedBytes: 0,
      availableBytes: 1,
      buffersBytes: 0,
      cachedBytes: 0,
      swapTotalBytes: 0,
      swapUsedBytes: 0,
    },
    network: { receiveBytesPerSecond: 0, transmitBytesPerSecond: 0, errorsPerSecond: 0 },
    disk: { readBytesPerSecond: 0, writeBytesPerSecond: 0, busiest: 0 },
    processes: { total: 1, running: 1, blocked: 0, threads: 1, forksPerSecond: 0, lastPid: 1 },
    changes: [],
    table: [],
    sampler: { implementation: 'perl', cpuMs: 1, residentBytes: 1, frameBytes: 1, roundTripMs: 1 },
  };
}

test('ticks of all hosts leave in batches four times a second and are written once a second', () => {
  const clock = new ManualClock();
  const sent: number[] = [];
  const written: number[] = [];
  const stream = createSampleStream({
    clock,
    send: (batch) => sent.push(batch.length),
    write: (batch) => written.push(batch.length),
  });
  for (let host = 0; host < 40; host++) stream.add(`h${host}` as HostId, sampleAt(clock.now()));
  clock.advance(250);
  expect(sent).toEqual([40]);
  expect(written).toEqual([]);
  clock.advance(750);
  expect(sent).toEqual([40]);
  expect(written).toEqual([40]);
  stream.dispose();
  expect(clock.pending).toBe(0);
});

test('what waits is written when the stream ends', () => {
  const clock = new ManualClock();
  const written: number[] = [];
  const stream = createSampleStream({ clock, send: () => {}, write: (batch) => written.push(batch.length) });
  stream.add('a' as HostId, sampleAt(5));
  stream.dispose();
  expect(written).toEqual([1]);
});

test('a pressure figure that the kernel does not give is a gap, not zero', () => {
  const clock = new ManualClock();
  const values: (number | null)[][] = [];
  const stream = createSampleStream({
    clock,
    send: (batch) => values.push(...batch.map((b) => b.vector.values)),
    write: () => {},
  });
  stream.add('a' as HostId, sampleAt(5));
  stream.dispose();
  expect(values[0]?.[18]).toBeNull();
});
