import { expect, it } from 'vitest';
import { type Frame, FrameParser } from './frame.ts';
import { rates } from './rates.ts';
import { nextReading, type Reading } from './reading.ts';
import { interfacesOf, resourcesOf } from './resources.ts';

/** One frame of these lines, as a sampler would send it. */
function frameOf(lines: string[], seq = 1, mode = 'a'): { frame: Frame; faults: number } {
  let frame: Frame | undefined;
  const parser = new FrameParser('token', { need() {}, none() {}, hello() {}, frame: (f) => (frame = f) });
  parser.push(Buffer.from(`token hello 1 perl\n#${seq} ${mode}\n${lines.join('\n')}\n.${seq} 1\n`));
  if (!frame) throw new Error('no frame');
  return { frame, faults: parser.faults };
}

function readingOf(before: Reading | undefined, lines: string[], mode = 'a'): Reading {
  return nextReading(before, frameOf(lines, 1, mode).frame, 0);
}

it('reads file systems, sockets and control groups from their rows', () => {
  const reading = readingOf(undefined, [
    'vListenOverflows 7',
    'y fs',
    'rfs /srv/with space\t/dev/vdb xfs ro 1000 990 10 - -',
    'rfs /\t/dev/vda1 ext4 rw 100 60 30 500 20',
    'y tcp',
    'rtcp ls 8080\t1 129 129 1 0 0 0 -',
    'rtcp at 01 9243 0B00000A\t40 22020 1101 20 0 0 0 27970',
    'rtcp to 08 5432\t3 0 0 0 0 0 0 0',
    'rtcp at 01 443 B80D01200000000000000000010000FF\t4 0 0 0 0 0 0 -',
    'y gm',
    'rgm /lab/web1\t268435456 104857600 2 4096 27973',
    'y gc',
    'rgc /lab/web1\t50000 100000 900 700 12345 27973',
    'rgc /\tmax 100000 - - - 0',
  ]);
  expect(resourcesOf(reading)).toEqual({
    listenOverflows: 7,
    lookedAt: { fileSystems: 0, sockets: 0, cgroups: 0 },
    fileSystems: [
      {
        mount: '/srv/with space',
        device: '/dev/vdb',
        type: 'xfs',
        readOnly: true,
        sizeBytes: 1_024_000,
        usedBytes: 1_013_760,
        availableBytes: 10_240,
      },
      {
        mount: '/',
        device: '/dev/vda1',
        type: 'ext4',
        readOnly: false,
        sizeBytes: 102_400,
        usedBytes: 61_440,
        availableBytes: 30_720,
        inodes: 500,
        inodesFree: 20,
      },
    ],
    sockets: [
      expect.objectContaining({
        kind: 'listener',
        state: 'listen',
        port: 8080,
        receiveQueue: { sum: 129, largest: 129, notEmpty: 1 },
      }),
      expect.objectContaining({
        kind: 'address',
        state: 'established',
        port: 9243,
        address: '10.0.0.11',
        count: 40,
        receiveQueue: { sum: 22_020, largest: 1101, notEmpty: 20 },
        ownerPid: 27_970,
      }),
      expect.objectContaining({ kind: 'outbound', state: 'close-wait', port: 5432, ownerPid: 0 }),
      expect.objectContaining({ kind: 'address', address: '2001:db8::ff00:1' }),
    ],
    cgroups: [
      {
        path: '/lab/web1',
        pid: 27_973,
        memoryLimitBytes: 268_435_456,
        memoryUsageBytes: 104_857_600,
        reclaimableBytes: 4096,
        oomKills: 2,
        cpuQuotaCores: 0.5,
        periods: 900,
        throttledPeriods: 700,
        throttledMs: 12.345,
      },
      { path: '/' },
    ],
  });
});

it('knows nothing of what was never looked at, and of a table looked at and empty that it is empty', () => {
  expect(resourcesOf(readingOf(undefined, []))).toEqual({});
  expect(resourcesOf(readingOf(undefined, ['y fs', 'y tcp']))).toEqual({
    fileSystems: [],
    sockets: [],
    lookedAt: { fileSystems: 0, sockets: 0 },
  });
});

it('keeps a row until it is told again or went, and forgets all at a reset', () => {
  const first = readingOf(undefined, ['y fs', 'rfs /a\td ext4 rw 9 8 1 - -', 'rfs /b\td ext4 rw 9 8 1 - -']);
  const second = readingOf(first, ['y fs', 'rfs /a']);
  expect(resourcesOf(second).fileSystems?.map((one) => one.mount)).toEqual(['/b']);
  // Nothing changed: the very same list, so that nobody compares it.
  expect(resourcesOf(readingOf(second, ['y fs'])).fileSystems).toBe(resourcesOf(second).fileSystems);
  expect(resourcesOf(readingOf(second, [], 'r'))).toEqual({});
});

it('counts what is not of the format as a fault, and bounds the rest', () => {
  const bad = [
    'y nosuch',
    'rfs',
    'rfs \tx',
    'yfs /a\tb',
    `rfs /a\t${'1 '.repeat(20)}`,
    `rfs ${'k'.repeat(5000)}\tx`,
    'f1 2',
    'f1 x -',
  ];
  expect(frameOf(bad).faults).toBe(bad.length);
  const many = Array.from({ length: 3000 }, (_, n) => `rfs /m${n}\td ext4 rw 9 8 1 - -`);
  const { frame, faults } = frameOf(many);
  expect([frame.tables.get('fs')?.rows.size, faults]).toEqual([1024, 3000 - 1024]);
  const odd = [
    'y tcp',
    'rtcp xx 01 5\t1 0 0 0 0 0 0 -',
    'rtcp to ZZ 5\t1',
    'rtcp to 01 99999999\t1 0 0 0 0 0 0 -',
    'y fs',
    'rfs /\tdev',
  ];
  expect(resourcesOf(readingOf(undefined, odd))).toMatchObject({ sockets: [], fileSystems: [] });
});

it('gives each interface its own rates and speed', () => {
  const before = readingOf(undefined, ['ieth0 0 0 0 0 0 0 0 0', 'iold 0 0 0 0']);
  const after = readingOf(before, [
    'ieth0 2000 4000 2 0 6 0 10 20',
    'iold 5 5 0 0',
    'y if',
    'rif eth0\t1000',
  ]);
  expect(interfacesOf(before, after, 2)).toEqual([
    {
      name: 'eth0',
      receiveBytesPerSecond: 1000,
      transmitBytesPerSecond: 2000,
      receiveErrorsPerSecond: 1,
      transmitErrorsPerSecond: 0,
      receiveDropsPerSecond: 3,
      transmitDropsPerSecond: 0,
      packetsPerSecond: 15,
      bitsPerSecond: 1e9,
    },
  ]);
});

it('an interface with a wire is told, however many containers came before it', () => {
  const ends = Array.from({ length: 90 }, (_, n) => `veth${n}`);
  const lines = (bytes: number) => [...ends, 'ens5'].map((name) => `i${name} ${bytes} 0 0 0 0 0 0 0`);
  const before = readingOf(undefined, lines(0));
  const names = interfacesOf(before, readingOf(before, lines(10)), 1)?.map((one) => one.name);
  expect(names?.[0]).toBe('ens5');
  expect(names).toHaveLength(64);
});

it('what goes through a bond, a VLAN or a container is counted once, by its wire', () => {
  const cpu = (ticks: number) => `ccpu ${ticks} 0 0 ${ticks} 0 0 0 0`;
  const lines = (second: number, names: string[]) => [
    `T ${second}.00`,
    cpu(second * 100),
    ...names.map((name) => `i${name} ${second * 1000} 0 0 0 0 0 0 0`),
  ];
  const received = (names: string[]) => {
    const before = readingOf(undefined, lines(1, names));
    return rates(before, readingOf(before, lines(2, names)))?.network.receiveBytesPerSecond;
  };
  expect(received(['eth0', 'eth1', 'bond0', 'bond0.20', 'br0', 'docker0', 'veth1a2b', 'wg0'])).toBe(2000);
  expect(received(['wg0'])).toBe(1000);
});
