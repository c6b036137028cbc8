/**
 * What a benchmark prints: one JSON object. A comparison gives `ratio` (ours / peer, measured in the same run)
 * with the figures of both; a latency gives `n`, `p50Ms` and `p95Ms`.
 */
export interface BenchResult {
  bench: string;
  results: (Comparison | Latency | Throughput | Alarms)[];
}

export interface Comparison {
  case: string;
  ratio: number;
  ours: Record<string, number | boolean | string>;
  peer: Record<string, number | boolean | string>;
}

export interface Latency {
  case: string;
  n: number;
  p50Ms: number;
  p95Ms: number;
  maximumMs?: number;
}

export interface Throughput {
  case: string;
  /** Bytes that were moved. */
  n: number;
  megabytesPerSecond: number;
}

/** Events above info, of `n` in all, of hosts that are well. */
export interface Alarms {
  case: string;
  n: number;
  alarms: number;
}

/** Nearest-rank percentiles (the smallest value with at least that share at or below it). */
export function latency(name: string, milliseconds: readonly number[]): Latency {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return {
    case: name,
    n: sorted.length,
    p50Ms: round(rank(0.5)),
    p95Ms: round(rank(0.95)),
    maximumMs: round(rank(1)),
  };
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
