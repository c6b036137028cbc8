import { describe, expect, it } from 'vitest';
import { memoryLeak } from './memoryLeak.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { alarms, GIB, MIB, play, told } from './testPlay.ts';

describe('what one process gathers', () => {
  function grow(
    over: (second: number) => {
      openFiles?: number;
      threads?: number;
      residentBytes?: number;
      sharedBytes?: number;
      openFilesLimit?: number;
    },
    count = 900,
  ) {
    const host = new TestHost({});
    for (let second = 0; second < count; second++) {
      const row = host.table.get(18);
      const next = { pid: 18, name: 'node', command: 'node a.js', startTicks: 500, ...over(second) };
      if (row) host.table.set(18, { ...row, ...next });
      else host.add(next, false);
      host.second();
    }
    return host;
  }

  it('fd.leak: open files that are not closed, with the time to the limit; over when the process is', () => {
    const host = grow((s) => ({ openFiles: 100 + s, openFilesLimit: 4096 }), 600);
    expect(told(host, 'fd.leak')).toMatchObject([{ severity: 'warning', detail: { pid: 18, limit: 4096 } }]);
    expect(told(host, 'fd.leak')[0]?.verdict).toMatch(
      /1\.0 a second.*reaches its limit of 4,096 in about \d+ min/,
    );
    host.remove(18);
    for (let n = 0; n < 15; n++) host.second();
    expect(host.open).toEqual([]);
  });

  it('fd.near_limit: once, and worse at the limit', () => {
    const host = grow((s) => ({ openFiles: s < 60 ? 900 : s < 120 ? 1000 : 400, openFilesLimit: 1024 }), 100);
    expect(told(host, 'fd.near_limit')).toMatchObject([
      { severity: 'critical', title: 'node (pid 18) has 1,000 of at most 1,024 files open' },
    ]);
    expect(grow((s) => ({ openFiles: s < 60 ? 1000 : 400, openFilesLimit: 1024 }), 120).open).toEqual([]);
  });

  it('memory.leak: memory that grows all through', () => {
    const host = grow((s) => ({ residentBytes: 200 * MIB + s * 0.4 * MIB }));
    expect(told(host, 'memory.leak')).toMatchObject([{ severity: 'warning', detail: { pid: 18 } }]);
    expect(told(host, 'memory.leak')[0]?.title).toMatch(
      /^node \(pid 18\) grew by \d+ MiB to \d+ MiB in \d+ min$/,
    );
  });

  it('memory.leak: a heap that is swept each quarter of an hour is told once, and again when it grows beyond', () => {
    const swept = (s: number) => 300 * MIB + (s % 900) * MIB;
    expect(
      told(
        grow((s) => ({ residentBytes: swept(s) }), 4000),
        'memory.leak',
      ),
    ).toHaveLength(1);
    const beyond = grow(
      (s) => ({ residentBytes: s < 2000 ? swept(s) : swept(2000) + (s - 2000) * MIB }),
      4000,
    );
    expect(told(beyond, 'memory.leak')).toHaveLength(2);
  });

  describe('memory.leak: whether it is an alarm', () => {
    /** A process of this age on a host with 16 GiB, of which 10 are available. */
    function growing(
      mebibytes: (second: number) => number,
      seconds: number,
      { ageHours = 3, command = 'java -jar app.jar' } = {},
    ) {
      const host = new TestHost({ detectors: [memoryLeak] });
      const startedAt = host.clock.now() - ageHours * 3_600_000;
      const row = host.add({ pid: 18, name: 'java', command, startedAt }, false);
      play(host, seconds, (second) => {
        host.table.set(18, { ...row, residentBytes: mebibytes(second) * MIB });
        const { memory } = host.sample(1000);
        return {
          table: [...host.table.values()],
          memory: { ...memory, totalBytes: 16 * GIB, availableBytes: 10 * GIB },
        };
      });
      return told(host, 'memory.leak');
    }

    it.each<[string, (second: number) => number, number, object?]>([
      ['a cache that warms up ever more slowly', (s) => 500 + 3000 * (1 - Math.exp(-s / 600)), 1800],
      ['a heap that may have as much', (s) => 500 + s * 2, 1800, { command: 'java -Xmx6g -jar app.jar' }],
      ['a batch that was started half an hour ago', (s) => 200 + s, 1500, { ageHours: 0.1 }],
      ['traffic that rises for an hour', (s) => 500 + Math.min(s, 3600) * 0.22, 5000],
    ])('%s is none', (_, mebibytes, seconds, over) => {
      expect(growing(mebibytes, seconds, over)).toMatchObject([{ severity: 'info' }]);
      nearMiss('memory.leak');
    });

    it.each<[string, (second: number) => number, number, object?]>([
      ['a service that fills what is left within two hours', (s) => 500 + s * 2, 900],
      ['a young one that does within half an hour', (s) => 500 + s * 8, 900, { ageHours: 0.1 }],
      ['one that has grown by a tenth of the machine', (s) => 500 + s / 3, 7200],
      [
        'a heap that is beyond what it may have',
        (s) => 500 + s * 2,
        900,
        { command: 'java -Xmx512m -jar app.jar' },
      ],
    ])('%s is one', (_, mebibytes, seconds, over) => {
      expect(growing(mebibytes, seconds, over)).toMatchObject([{ severity: 'warning' }]);
    });

    it('a heap that is swept, and keeps more each time, is told by what it keeps, once', () => {
      const [event, ...others] = growing((s) => 500 + (s % 300) * 2 + s * 0.6, 10_800);
      expect(others).toEqual([]);
      expect(event).toMatchObject({ severity: 'warning' });
      expect(event?.endedAt).toBeUndefined();
      expect(event?.title).toMatch(
        /^java \(pid 18\) gives back less each time: it keeps [\d.]+ GiB, [\d.]+ GiB more than [\d.]+ hours before$/,
      );
    });
  });

  it('fd.leak: far from the limit it is for information, until it has gone on for long', () => {
    const ramp = grow((s) => ({ openFiles: Math.round(200 + s * 0.25), openFilesLimit: 65_536 }), 3600);
    expect(told(ramp, 'fd.leak')).toMatchObject([{ severity: 'info' }]);
    const long = grow((s) => ({ openFiles: Math.round(200 + s * 0.25), openFilesLimit: 65_536 }), 12_000);
    expect(told(long, 'fd.leak')).toMatchObject([{ severity: 'warning' }]);
  });

  it('threads.growth: threads that are not ended', () => {
    const host = grow((s) => ({ threads: 50 + Math.round(s / 2) }), 600);
    expect(told(host, 'threads.growth')).toMatchObject([{ detail: { pid: 18 } }]);
  });

  it.each<[string, Parameters<typeof grow>[0]]>([
    ['files under load that come and go', (s) => ({ openFiles: Math.round(800 + 400 * Math.sin(s / 60)) })],
    ['files of a server that has started', (s) => ({ openFiles: Math.min(1500, 100 + s * 20) })],
    ['half of the files it may have', () => ({ openFiles: 500, openFilesLimit: 1024 })],
    ['a cache that fills and stays', (s) => ({ residentBytes: Math.min(900, 200 + s * 3) * MIB })],
    [
      'a data base that reads what it has mapped',
      (s) => ({ residentBytes: 300 * MIB + s * 0.4 * MIB, sharedBytes: 100 * MIB + s * 0.4 * MIB }),
    ],
    [
      'the same, where how much is mapped is told late',
      (s) => ({
        residentBytes: 300 * MIB + s * 0.4 * MIB,
        ...(s > 200 ? { sharedBytes: 100 * MIB + s * 0.4 * MIB } : {}),
      }),
    ],
    ['a collector’s sawtooth', (s) => ({ residentBytes: (300 + (s % 120)) * MIB })],
    ['growth by a little of much', (s) => ({ residentBytes: 8 * GIB + s * 0.1 * MIB })],
    ['a pool of threads', (s) => ({ threads: Math.min(400, 10 + s * 10) })],
  ])('%s: none', (_, over) => {
    expect(alarms(grow(over))).toEqual([]);
    nearMiss('fd.leak', 'fd.near_limit', 'memory.leak', 'threads.growth');
  });
});
