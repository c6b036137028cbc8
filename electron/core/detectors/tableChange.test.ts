import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ProcessRow } from '../../../shared/model/process.ts';
import { tableChange } from './tableChange.ts';

function row(pid: number, startTicks = pid): ProcessRow {
  return {
    pid,
    parentPid: 1,
    startTicks,
    state: 'S',
    name: `p${pid}`,
    command: `p${pid}`,
    user: 'root',
    threads: 1,
    cpu: 0,
    cpuTicks: 0,
    residentBytes: 0,
    virtualBytes: 0,
    startedAt: 0,
  };
}
const pids = (rows: readonly ProcessRow[]) => rows.map((one) => one.pid);

it('what changed, came and went; what stayed the same object is passed over', () => {
  const [a, b, c, d] = [row(1), row(2), row(3), row(4)];
  const changed = { ...c, cpu: 1 };
  const change = tableChange([a, b, c, d], [a, changed, d, row(5)]);
  expect(pids(change.changed)).toEqual([3, 5]);
  expect(pids(change.gone)).toEqual([2]);
});

it('a pid that another process has now went and came', () => {
  const [a, b, c] = [row(1), row(2), row(3)];
  for (const now of [
    [a, c, row(2, 99)],
    [a, row(2, 99), c],
  ]) {
    const change = tableChange([a, b, c], now);
    expect(change.gone).toEqual([b]);
    expect(change.changed).toContainEqual(row(2, 99));
  }
});

it('in any order: all that changed is told, and only who is no longer there has gone', () => {
  const table = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 1 })), {
    selector: ([pid]) => pid,
  });
  const known = new Map<string, ProcessRow>();
  const rowOf = ([pid, start]: [number, number]) => {
    const key = `${pid}:${start}`;
    known.set(key, known.get(key) ?? row(pid, start));
    return known.get(key) ?? row(pid, start);
  };
  fc.assert(
    fc.property(table, table, (first, second) => {
      const before = first.map(rowOf);
      const now = second.map(rowOf);
      const { changed, gone } = tableChange(before, now);
      expect(new Set(gone)).toEqual(new Set(before.filter((one) => !now.includes(one))));
      for (const one of now) if (!before.includes(one)) expect(changed).toContain(one);
    }),
  );
});
