import { describe, expect, test } from 'vitest';
import type { ProcessRow } from '../../../shared/model/process.ts';
import { ancestorsOf, heldList, isKernelThread, type ListOptions, listProcesses } from './processOrder.ts';

const process = (pid: number, parentPid: number, part: Partial<ProcessRow> = {}): ProcessRow => ({
  pid,
  parentPid,
  startTicks: pid * 10,
  state: 'S',
  name: `p${pid}`,
  command: `/bin/p${pid}`,
  user: 'root',
  threads: 1,
  cpu: 0,
  cpuTicks: 0,
  residentBytes: 0,
  virtualBytes: 0,
  startedAt: pid,
  ...part,
});
const options = (part: Partial<ListOptions> = {}): ListOptions => ({
  sort: { column: 'cpu', descending: true },
  filter: '',
  tree: false,
  kernelThreads: true,
  ...part,
});
const pids = (listed: { row: ProcessRow }[]) => listed.map((one) => one.row.pid);

const table = [
  process(1, 0),
  process(2, 0, { name: 'kthreadd', command: '' }),
  process(9, 2, { name: 'rcu_sched', command: '' }),
  process(40, 1, { name: 'supervise', command: 'supervise crawler', cpu: 0.01 }),
  process(41, 40, { name: 'ruby', command: 'ruby crawl.rb', cpu: 0.9, user: 'deploy' }),
  process(42, 40, { name: 'ruby', command: 'ruby index.rb', cpu: 0.5, user: 'deploy' }),
];

describe('a list of processes', () => {
  test('is sorted by any column, with the pid to settle equals', () => {
    expect(pids(listProcesses(table, options()))).toEqual([41, 42, 40, 1, 2, 9]);
    expect(pids(listProcesses(table, options({ sort: { column: 'pid', descending: true } })))[0]).toBe(42);
    expect(
      pids(listProcesses(table, options({ sort: { column: 'user', descending: false } }))).slice(0, 2),
    ).toEqual([41, 42]);
  });

  test('every word of the filter must match somewhere', () => {
    expect(pids(listProcesses(table, options({ filter: 'RUBY deploy' })))).toEqual([41, 42]);
    expect(pids(listProcesses(table, options({ filter: '40' })))).toEqual([40]);
    expect(listProcesses(table, options({ filter: 'ruby root' }))).toEqual([]);
  });

  test('kernel threads can be left out; a user process with an empty command line is not one', () => {
    expect(pids(listProcesses(table, options({ kernelThreads: false })))).toEqual([41, 42, 40, 1]);
    expect(isKernelThread(process(77, 1, { command: '' }))).toBe(false);
  });
});

describe('a tree of processes', () => {
  test('children stand under their parent, sorted among themselves', () => {
    const listed = listProcesses(table, options({ tree: true }));
    expect(listed.map((one) => [one.row.pid, one.depth])).toEqual([
      [1, 0],
      [40, 1],
      [41, 2],
      [42, 2],
      [2, 0],
      [9, 1],
    ]);
  });

  test('a match brings its ancestors', () => {
    expect(pids(listProcesses(table, options({ tree: true, filter: 'crawl.rb' })))).toEqual([1, 40, 41]);
  });

  test('a circle of parents loses nobody', () => {
    const circle = [process(5, 6), process(6, 5), process(7, 7)];
    expect(pids(listProcesses(circle, options({ tree: true }))).sort()).toEqual([5, 6, 7]);
    expect(ancestorsOf(circle, circle[0] as ProcessRow).map((p) => p.pid)).toEqual([6]);
  });

  test('a chain of thousands is no problem', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => process(i + 1, i));
    expect(listProcesses(chain, options({ tree: true })).at(-1)?.depth).toBe(19_999);
  });
});

test('under the pointer rows keep their places, take new values, and say when they are gone', () => {
  const before = listProcesses(table, options());
  const later = [
    process(1, 0, { cpu: 1 }),
    process(41, 40, { cpu: 0.1 }),
    process(42, 40, { startTicks: 999 }),
  ];
  const held = heldList(before, listProcesses(later, options()));
  expect(held.map((one) => [one.row.pid, one.row.cpu, one.gone])).toEqual([
    [41, 0.1, false],
    [42, 0.5, true],
    [40, 0.01, true],
    [1, 1, false],
    [2, 0, true],
    [9, 0, true],
    [42, 0, false],
  ]);
});
