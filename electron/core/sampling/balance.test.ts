import { describe, expect, test } from 'vitest';
import { cpuBalance, type GrownProcess } from './balance.ts';

const process = (pid: number, cpuTicks: number, reapedTicks = 0): GrownProcess => ({
  pid,
  startTicks: pid * 10,
  name: `p${pid}`,
  command: `p${pid}`,
  cpuTicks,
  reapedTicks,
});

const parts = (b: { visible: number; reaped: number; unattributed: number }) =>
  b.visible + b.reaped + b.unattributed;

describe('the CPU balance', () => {
  test('credits what short-lived children burnt to the parent that reaped them', () => {
    const balance = cpuBalance({
      busyTicks: 100,
      ticksPerCore: 100,
      grown: [process(1, 1), process(80, 2, 90)],
      exits: [],
      parentOf: () => 1,
    });
    expect(balance).toMatchObject({ busy: 1, visible: 0.03, reaped: 0.9 });
    expect(balance.reapers[0]).toMatchObject({ pid: 80, cores: 0.9 });
    expect(parts(balance)).toBeCloseTo(balance.busy, 9);
  });

  test('subtracts what a child that ended had shown while it lived', () => {
    const balance = cpuBalance({
      busyTicks: 10,
      ticksPerCore: 100,
      // A build of an hour ended: its parent is credited with all of it at once.
      grown: [process(80, 1, 360_005)],
      exits: [{ pid: 90, parentPid: 80, shownTicks: 360_000 }],
      parentOf: () => 1,
    });
    expect(balance.reaped).toBeCloseTo(0.05, 9);
    expect(parts(balance)).toBeCloseTo(balance.busy, 9);
  });

  test('follows an orphan to whoever took it', () => {
    const balance = cpuBalance({
      busyTicks: 50,
      ticksPerCore: 100,
      grown: [process(1, 0, 540)],
      exits: [{ pid: 90, parentPid: 85, shownTicks: 500 }],
      parentOf: (pid) => (pid === 85 ? 1 : undefined),
    });
    expect(balance.reaped).toBeCloseTo(0.4, 9);
  });

  test('leaves unattributed what nobody shows, and never invents', () => {
    const balance = cpuBalance({
      busyTicks: 80,
      ticksPerCore: 100,
      grown: [process(5, 30)],
      exits: [],
      parentOf: () => 1,
    });
    expect(balance).toMatchObject({ busy: 0.8, visible: 0.3, reaped: 0 });
    expect(balance.unattributed).toBeCloseTo(0.5, 9);
    const quiet = cpuBalance({
      busyTicks: 5,
      ticksPerCore: 100,
      grown: [process(5, 30, 40)],
      exits: [],
      parentOf: () => 1,
    });
    expect(parts(quiet)).toBeCloseTo(quiet.busy, 9);
    expect(Math.min(quiet.visible, quiet.reaped, quiet.unattributed)).toBeGreaterThanOrEqual(0);
  });
});
