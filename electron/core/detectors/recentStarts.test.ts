import { expect, test } from 'vitest';
import type { ProcessChange } from '../../../shared/model/process.ts';
import { RecentStarts } from './recentStarts.ts';

const PARENT = { pid: 50, startTicks: 100 };

function child(pid: number, command: string): ProcessChange {
  const [name = ''] = command.split(' ');
  const figures = { startTicks: pid * 10, residentBytes: 0, cpuTicks: 3 };
  return { change: 'started', pid, parentPid: PARENT.pid, name, command, ...figures };
}

test('gives the latest start of the same command by the same parent, and no other', () => {
  const starts = new RecentStarts();
  expect(starts.add(child(200, 'ruby a'), PARENT, 1000)).toBeUndefined();
  expect(starts.add(child(201, 'ruby b'), PARENT, 2000)).toBeUndefined();
  expect(starts.add(child(202, 'ruby a'), PARENT, 3000)?.pid).toBe(200);
  expect(starts.add(child(203, 'ruby a'), PARENT, 4000)).toEqual({
    pid: 202,
    startTicks: 2020,
    cpuTicks: 3,
    at: 3000,
  });
  expect(starts.add(child(204, 'ruby b'), PARENT, 5000)?.pid).toBe(201);
  expect(starts.add(child(205, 'ruby c'), PARENT, 6000)).toBeUndefined();
  expect(starts.add(child(206, 'ruby a'), { pid: 50, startTicks: 101 }, 7000)).toBeUndefined();
});

test.each([
  ['tool 499', 4999],
  ['tool 0', 4500],
  // The 512th from the end is the last that is known.
  ['tool 888', 4488],
  ['tool 887', undefined],
  ['tool 700', undefined],
])('the oldest give way to the newest, however many commands there are: %s', (command, pid) => {
  const starts = new RecentStarts();
  // Of 900 in turn the last 512 starts are known: 888 to 899, then 0 to 499.
  for (let n = 0; n < 5000; n++) starts.add(child(n, `tool ${n % 900}`), PARENT, n);
  expect(starts.startedBy(PARENT, 'tool 499', 4900)).toEqual({ own: 1, others: 99, sleeps: 0 });
  expect(starts.startedBy(PARENT, 'tool 499', 0)).toEqual({ own: 1, others: 511, sleeps: 0 });
  expect(starts.add(child(5000, command), PARENT, 5000)?.pid).toBe(pid);
});
