import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../shared/model/sample.ts';
import { processPiles } from './processPiles.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { play, told } from './testPlay.ts';

function hostWith(processes: number): TestHost {
  const host = new TestHost({ detectors: [processPiles] });
  for (let n = 0; n < processes; n++) host.add({ pid: 100 + n, name: 'idle', command: `idle ${n}` }, false);
  play(host, 30);
  return host;
}

const blocked = (host: TestHost, count: number): Partial<Sample> => ({
  processes: { ...host.sample(1000).processes, blocked: count },
});

describe('very many processes within minutes', () => {
  it('are told with what they are and who started them, and are over when they go', () => {
    const host = hostWith(150);
    host.add({ pid: 5000, name: 'bash', command: 'bash bomb.sh' }, false);
    for (let second = 0; second < 40; second++) {
      for (let n = 0; n < 25; n++)
        host.add({ pid: 6000 + second * 25 + n, parentPid: 5000, name: 'bomb', command: 'bomb' }, false);
      play(host, 1);
    }
    play(host, 5);
    expect(told(host, 'processes.pile')).toMatchObject([
      {
        severity: 'warning',
        title: expect.stringMatching(
          /^There are 1,\d{3} processes, [\d,]+ more than minutes ago: [\d,]+ are bomb$/,
        ),
        verdict: expect.stringContaining('children of bash (pid 5000)'),
        actions: [
          { action: 'process.kill', arguments: { target: { pid: 5000 } } },
          { action: 'process.kill', arguments: { target: { pid: 5000 }, tree: true } },
        ],
      },
    ]);
    for (let pid = 6000; pid < 7000; pid++) host.remove(pid);
    play(host, 25);
    expect(host.open).toEqual([]);
  });

  it('are what is usual once they stand for long', () => {
    const host = hostWith(150);
    for (let n = 0; n < 800; n++) host.add({ pid: 6000 + n, name: 'worker', command: 'worker' }, false);
    play(host, 60);
    expect(host.open).toHaveLength(1);
    play(host, 1300);
    expect(host.open).toEqual([]);
    play(host, 600);
    expect(told(host, 'processes.pile')).toHaveLength(1);
  });

  it('are not: a pool that grows with its load, a deployment that runs two of each', () => {
    const host = hostWith(200);
    for (let n = 0; n < 300; n++) {
      host.add({ pid: 6000 + n, name: 'php-fpm', command: 'php-fpm: pool www' }, false);
      play(host, 1);
    }
    expect(host.told).toEqual([]);
    nearMiss('processes.pile');
  });
});

it('threads that explode are told with whose they are', () => {
  const host = hostWith(150);
  host.add({ pid: 5000, name: 'java', command: 'java -jar app.jar', threads: 60 }, false);
  for (let second = 0; second < 60; second++) {
    Object.assign(host.table.get(5000) ?? {}, { threads: 60 + second * 200 });
    play(host, 1, () => ({
      processes: { ...host.sample(1000).processes, threads: 200 + second * 200 },
    }));
  }
  expect(told(host, 'processes.pile')).toMatchObject([
    { title: expect.stringMatching(/^There are [\d,]+ threads, .* of them are of java \(pid 5000\)$/) },
  ]);
});

describe('zombies', () => {
  it('are told with the parent that does not wait for them', () => {
    const host = hostWith(150);
    host.add({ pid: 5000, name: 'runner', command: '/srv/runner' }, false);
    for (let n = 0; n < 150; n++) {
      host.add({ pid: 6000 + n, parentPid: 5000, name: 'task', command: '', state: 'Z' }, false);
      play(host, 1);
    }
    expect(told(host, 'processes.pile')).toMatchObject([
      {
        title: expect.stringMatching(
          /^\d{3} processes have ended and are still listed: runner \(pid 5000\) does not take note of its children$/,
        ),
        detail: { subject: 'zombies', pid: 5000 },
      },
    ]);
    for (let n = 0; n < 150; n++) host.remove(6000 + n);
    play(host, 25);
    expect(host.open).toEqual([]);
  });

  it('that are a few, and stay so, are not', () => {
    const host = hostWith(400);
    for (let n = 0; n < 20; n++) host.add({ pid: 6000 + n, name: 'task', command: '', state: 'Z' }, false);
    play(host, 120);
    expect(host.told).toEqual([]);
    nearMiss('processes.pile');
  });
});

describe('processes that wait in the kernel', () => {
  it('are told when they are many for a while, and are over when they go on', () => {
    const host = hostWith(150);
    for (let n = 0; n < 40; n++)
      Object.assign(host.table.get(100 + n) ?? {}, { state: 'D', name: 'nginx', command: 'nginx' });
    play(host, 30, () => blocked(host, 40));
    expect(told(host, 'processes.pile')).toMatchObject([
      {
        title: '40 processes wait in the kernel; 40 of them are nginx',
        actions: [],
        detail: { subject: 'blocked' },
      },
    ]);
    play(host, 25);
    expect(host.open).toEqual([]);
  });

  it('are for information where a disk works as hard as it can', () => {
    const host = hostWith(150);
    play(host, 60, () => ({
      ...blocked(host, 40),
      disk: { readBytesPerSecond: 1e8, writeBytesPerSecond: 0, busiest: 0.98 },
    }));
    expect(told(host, 'processes.pile')).toMatchObject([{ severity: 'info' }]);
  });

  it('are counted in a container by its own table: the machine’s are not its own', () => {
    const host = new TestHost({ detectors: [processPiles], container: true });
    play(host, 60, (second) => ({
      processes: { ...host.sample(1000).processes, blocked: 60, threads: 300 + second * 400 },
    }));
    expect(host.told).toEqual([]);
    for (let n = 0; n < 30; n++)
      host.add({ pid: 100 + n, name: 'nginx', command: 'nginx', state: 'D' }, false);
    play(host, 30, () => blocked(host, 60));
    expect(told(host, 'processes.pile')).toMatchObject([{ detail: { count: 30 } }]);
  });

  it('are not told of a backup, or of a moment', () => {
    const host = hostWith(150);
    play(host, 300, (second) => blocked(host, second % 60 < 15 ? 30 : 6));
    expect(host.told).toEqual([]);
    nearMiss('processes.pile');
  });
});
