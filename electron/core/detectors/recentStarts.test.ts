import { expect, test } from 'vitest';
import type { ProcessChange } from '../../../shared/model/process.ts';
import { RecentStarts } from './recentStarts.ts';

const PARENT = { pid: 50, startTicks: 100 };

function child(pid: number, command: string): ProcessChange {
  const [name = ''] = command.split(' ');
  const figures = { startTicks: pid * 10, residentBytes: 0, cpuTicks: 3 };
  return { change: 'started', pid, parentPid: PARENT.pid, name, command, ...figures };
}

test('finds the latest start of a command by its parent, and no other', () => {
  const starts = new RecentStarts();
  starts.add(child(200, 'ruby a'), PARENT, 1000);
  starts.add(child(201, 'ruby b'), PARENT, 2000);
  starts.add(child(202, 'ruby a'), PARENT, 3000);
  expect(starts.latest(PARENT, 'ruby a')).toEqual({ pid: 202, startTicks: 2020, cpuTicks: 3, at: 3000 });
  expect(starts.latest(PARENT, 'ruby b')?.pid).toBe(201);
  expect(starts.latest(PARENT, 'ruby c')).toBeUndefined();
  expect(starts.latest({ pid: 50, startTicks: 101 }, 'ruby a')).toBeUndefined();
});

test('the oldest give way to the newest, however many commands there are', () => {
  const starts = new RecentStarts();
  for (let n = 0; n < 5000; n++) starts.add(child(n, `tool ${n % 900}`), PARENT, n);
  // Of 900 in turn the last 512 starts are known: 888 to 899, then 0 to 499.
  expect(starts.latest(PARENT, 'tool 499')?.pid).toBe(4999);
  expect(starts.latest(PARENT, 'tool 0')?.pid).toBe(4500);
  expect(starts.latest(PARENT, 'tool 899')?.pid).toBe(4499);
  expect(starts.latest(PARENT, 'tool 700')).toBeUndefined();
  expect(starts.startedBy(PARENT, 'tool 499', 4900)).toEqual({ own: 1, others: 99, sleeps: 0 });
  expect(starts.startedBy(PARENT, 'tool 499', 0)).toEqual({ own: 1, others: 511, sleeps: 0 });
});
