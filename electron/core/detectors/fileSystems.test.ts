import { describe, expect, it } from 'vitest';
import type { FileSystem } from '../../../shared/model/resources.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { alarms, GIB, looking, MIB, play, told } from './testPlay.ts';

function fileSystem(over: Partial<FileSystem>): FileSystem {
  return {
    mount: '/srv',
    device: '/dev/vdb',
    type: 'ext4',
    readOnly: false,
    sizeBytes: 10 * GIB,
    usedBytes: 5 * GIB,
    availableBytes: 5 * GIB,
    inodes: 100_000,
    inodesFree: 90_000,
    ...over,
  };
}

function playDisk(host: TestHost, count: number, look: (second: number) => Partial<FileSystem>): void {
  const looked = looking(10, (second) => [fileSystem(look(second))]);
  play(host, count, (second, at) => {
    const { value, lookedAt } = looked(second, at);
    return { fileSystems: value, lookedAt: { fileSystems: lookedAt } };
  });
}

const filled = (usedBytes: number, sizeBytes = 10 * GIB) => ({
  usedBytes,
  availableBytes: Math.max(0, sizeBytes - usedBytes),
  sizeBytes,
});

describe('disk.full, disk.filling and inodes.full', () => {
  it('tells a disk that is written full: first when, then that it is', () => {
    const host = new TestHost({});
    playDisk(host, 200, (s) => filled(Math.min(10 * GIB, 8.2 * GIB + s * 12 * MIB)));
    expect(told(host, 'disk.filling')).toMatchObject([{ detail: { mount: '/srv' } }]);
    expect(['warning', 'critical']).toContain(told(host, 'disk.filling')[0]?.severity);
    expect(told(host, 'disk.filling')[0]?.title).toMatch(
      /^\/srv fills: full in about .+, at 1\d\.\d MiB\/s$/,
    );
    expect(told(host, 'disk.full')).toMatchObject([{ severity: 'critical' }]);
    playDisk(host, 120, () => filled(4 * GIB));
    expect(host.open).toEqual([]);
  });

  it('does not say that all is used while something is left', () => {
    const host = new TestHost({});
    playDisk(host, 30, () => filled(99.7 * GIB, 100 * GIB));
    expect(told(host, 'disk.full')[0]?.title).toMatch(/^\/srv is 99\.7 % full: 3\d\d MiB left$/);
  });

  it('tells a disk that is filled and emptied again and again once, and again when it is filled beyond', () => {
    const host = new TestHost({});
    const wave = (s: number) => 85 * GIB + Math.sin(s / 30) * GIB;
    playDisk(host, 1200, (s) => filled(wave(s), 100 * GIB));
    expect(told(host, 'disk.filling')).toHaveLength(1);
    playDisk(host, 400, (s) => filled(86 * GIB + s * 0.02 * GIB, 100 * GIB));
    expect(told(host, 'disk.filling')).toHaveLength(2);
  });

  it.each<[string, boolean, string[], string[]]>([
    ['systemd’s journal, on the only file system', true, ['/'], ['/']],
    ['systemd’s journal, on one of its own', true, ['/', '/var', '/var/log'], ['/var/log']],
    ['systemd’s journal, in memory', true, ['/srv', '/run'], ['/run']],
    ['systemd’s journal, none of whose file systems is full', true, ['/srv'], []],
    ['no journal of systemd', false, ['/', '/var'], []],
  ])('offers to cut what is there to be cut: %s', (_, journal, full, offered) => {
    const host = new TestHost({});
    if (journal)
      host.add({ pid: 200, name: 'systemd-journal', command: '/lib/systemd/systemd-journald' }, false);
    const look = looking(10, () => full.map((mount) => fileSystem({ mount, ...filled(9.99 * GIB) })));
    play(host, 20, (second, at) => {
      const { value, lookedAt } = look(second, at);
      return { fileSystems: value, lookedAt: { fileSystems: lookedAt } };
    });
    const events = told(host, 'disk.full');
    expect(events).toHaveLength(full.length);
    expect(
      events
        .filter(({ actions }) => actions.some(({ action }) => action === 'journal.vacuum'))
        .map((e) => e.detail['mount']),
    ).toEqual(offered);
  });

  it('tells a full ZFS pool once, however many data sets it has, and one with a quota by itself', () => {
    const host = new TestHost({});
    const set = (mount: string, used: number, available = GIB) =>
      fileSystem({
        mount,
        device: `tank${mount}`,
        type: 'zfs',
        usedBytes: used,
        availableBytes: available,
        sizeBytes: used + available,
      });
    const looked = looking(10, () => [
      set('/srv', 90 * GIB),
      set('/srv/a', 40 * GIB),
      set('/srv/b', 30 * GIB),
      set('/home/limited', 5 * GIB, 10 * MIB),
    ]);
    play(host, 30, (second, at) => {
      const { value, lookedAt } = looked(second, at);
      return { fileSystems: value, lookedAt: { fileSystems: lookedAt } };
    });
    expect(told(host, 'disk.full').map((event) => event.detail['mount'])).toEqual(['/srv', '/home/limited']);
  });

  it('shows what a host calls its file systems as text', () => {
    const host = new TestHost({});
    playDisk(host, 20, () => ({
      ...filled(10 * GIB),
      inodesFree: 900,
      type: 'ext4\u202e',
      device: '\u0007',
    }));
    for (const kind of ['disk.full', 'inodes.full'] as const)
      expect(told(host, kind)[0]?.verdict).toContain('ext4‹U+202E›)');
  });

  it('tells inodes that are used up, and that they are free again', () => {
    const host = new TestHost({});
    playDisk(host, 20, () => ({ inodesFree: 900 }));
    expect(told(host, 'inodes.full')).toMatchObject([
      { severity: 'critical', title: '/srv can hold only 900 more files (99 % of its inodes used)' },
    ]);
    playDisk(host, 60, () => ({}));
    expect(host.open).toEqual([]);
  });

  it.each<[string, (second: number) => Partial<FileSystem>]>([
    ['a copy that ends', (s) => filled(5 * GIB + Math.min(s, 50) * 40 * MIB)],
    ['a disk that trembles under its limit', (s) => filled((9.3 + (s % 20) / 200) * GIB)],
    ['five per cent of ten terabytes', () => filled(9.7 * 1024 * GIB, 10 * 1024 * GIB)],
    ['a read-only image', () => ({ ...filled(10 * GIB), readOnly: true, type: 'squashfs' })],
    ['a few full megabytes in memory', () => filled(4 * MIB, 4 * MIB)],
    ['a file system without inodes', () => ({ inodes: 0, inodesFree: 0 })],
    ['a log that grows slowly', (s) => filled(8.5 * GIB + s * 20_000)],
  ])('%s is none', (_, look) => {
    const host = new TestHost({});
    playDisk(host, 400, look);
    expect(alarms(host)).toEqual([]);
    nearMiss('disk.full', 'disk.filling', 'inodes.full');
  });

  it('a build that fills a disk with room to spare is for information', () => {
    const host = new TestHost({});
    playDisk(host, 200, (s) => filled(2 * GIB + s * 20 * MIB));
    expect(told(host, 'disk.filling')[0]?.severity).toBe('info');
    expect(alarms(host)).toEqual([]);
  });

  it('a limit that is crossed again and again is one event', () => {
    const host = new TestHost({});
    playDisk(host, 600, (s) => filled((s % 40 < 20 ? 9.55 : 9.1) * GIB));
    expect(told(host, 'disk.full')).toHaveLength(1);
  });

  it('what comes again within a minute is the same event, with how often', () => {
    const host = new TestHost({});
    playDisk(host, 150, (s) => filled((s % 50 < 20 ? 9.6 : 5) * GIB));
    expect(told(host, 'disk.full')).toMatchObject([{ detail: { times: 3 } }]);
  });
});

describe('filesystem.readonly, by its mount', () => {
  it('tells a mount that took writes and takes none any more, until it does; not one that never did', () => {
    const host = new TestHost({});
    playDisk(host, 30, (s) => ({ readOnly: s >= 20 }));
    expect(told(host, 'filesystem.readonly')).toMatchObject([
      { severity: 'warning', detail: { mount: '/srv' } },
    ]);
    playDisk(host, 20, () => ({}));
    expect(host.open).toEqual([]);
    const image = new TestHost({});
    playDisk(image, 60, () => ({ readOnly: true }));
    expect(image.told).toEqual([]);
    nearMiss('filesystem.readonly');
  });
});
