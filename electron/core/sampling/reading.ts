import type { Frame } from './frame.ts';
import { nextTables, type TableName, type Tables } from './tables.ts';

/** All counters of a host as of one frame, absolute. Never written to after it was made. */
export interface Reading {
  seq: number;
  /** Workbench clock, epoch ms, when the frame had arrived. */
  at: number;
  clock?: { epochMs: number; resolutionMs: number };
  uptimeMs: number | undefined;
  facts: ReadonlyMap<string, string>;
  load: NonNullable<Frame['load']> | undefined;
  /** Only the cpus of this very frame: one that was taken offline is not in it. */
  cpu: ReadonlyMap<string, readonly number[]>;
  values: ReadonlyMap<string, number>;
  interfaces: ReadonlyMap<string, readonly number[]>;
  disks: ReadonlyMap<string, readonly number[]>;
  cgroupMemory: Frame['cgroupMemory'];
  cgroupCpu: Frame['cgroupCpu'];
  tables: Tables;
  /** Workbench clock, epoch ms: when each table was last looked at. */
  lookedAt: ReadonlyMap<TableName, number>;
  pids: number;
  cost: Frame['cost'];
  bytes: number;
}

/** A frame laid over the reading before it. A reset frame stands alone. */
export function nextReading(before: Reading | undefined, frame: Frame, at: number): Reading {
  const base = frame.mode === 'reset' ? undefined : before;
  return {
    seq: frame.seq,
    at,
    ...(frame.clock && { clock: frame.clock }),
    uptimeMs: frame.uptimeMs,
    facts: overlay(base?.facts, frame.facts),
    load: frame.load ?? base?.load,
    cpu: frame.cpu,
    values: overlay(base?.values, frame.values),
    interfaces: overlay(base?.interfaces, frame.interfaces),
    disks: overlay(base?.disks, frame.disks),
    cgroupMemory: frame.cgroupMemory ?? base?.cgroupMemory,
    cgroupCpu: frame.cgroupCpu ?? base?.cgroupCpu,
    tables: nextTables(base?.tables, frame.tables),
    lookedAt:
      frame.tables.size === 0
        ? (base?.lookedAt ?? new Map())
        : new Map([
            ...(base?.lookedAt ?? []),
            ...[...frame.tables.keys()].map((name) => [name, at] as const),
          ]),
    pids: frame.pids,
    cost: frame.cost,
    bytes: frame.bytes,
  };
}

/** Hosts that make an interface for every container forget the oldest names. */
const MAXIMUM_NAMES = 2_048;

function overlay<V>(
  base: ReadonlyMap<string, V> | undefined,
  news: ReadonlyMap<string, V>,
): ReadonlyMap<string, V> {
  if (!base) return news;
  if (news.size === 0) return base;
  const merged = new Map(base);
  for (const [key, value] of news) merged.set(key, value);
  for (const key of merged.keys()) {
    if (merged.size <= MAXIMUM_NAMES) break;
    merged.delete(key);
  }
  return merged;
}
