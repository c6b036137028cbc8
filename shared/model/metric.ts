import type { Sample } from './sample.ts';

/**
 * The scalar series of a host: one number a tick each, in this order on the wire, in the record and in the rings.
 * Append only: a record written by an older version has a shorter vector, never a different order.
 * Names follow OpenTelemetry's system metrics where it has one. `undefined` is a gap, never zero.
 */
export interface Metric {
  name: string;
  label: string;
  unit: 'share' | 'cores' | 'bytes' | 'bytes/s' | 'count' | '1/s' | 'ms' | 'load';
  read: (sample: Sample) => number | undefined;
}

const metric = (
  name: string,
  label: string,
  unit: Metric['unit'],
  read: (s: Sample) => number | undefined,
): Metric => ({ name, label, unit, read });

export const METRICS = [
  metric('system.cpu.utilization.user', 'user', 'share', (s) => s.cpu.user + s.cpu.nice),
  metric('system.cpu.utilization.system', 'system', 'share', (s) => s.cpu.system + s.cpu.interrupt),
  metric('system.cpu.utilization.iowait', 'iowait', 'share', (s) => s.cpu.iowait),
  metric('system.cpu.utilization.steal', 'steal', 'share', (s) => s.cpu.steal),
  metric('system.cpu.load_average.1m', 'load 1 min', 'load', (s) => s.load[0]),
  metric('system.cpu.load_average.5m', 'load 5 min', 'load', (s) => s.load[1]),
  metric('system.cpu.logical.count', 'cores', 'count', (s) => s.cores),
  metric('system.memory.limit', 'memory total', 'bytes', (s) => s.memory.totalBytes),
  metric('system.memory.usage.used', 'memory used', 'bytes', (s) => s.memory.usedBytes),
  metric('system.memory.usage.cached', 'cache', 'bytes', (s) => s.memory.cachedBytes + s.memory.buffersBytes),
  metric('system.linux.memory.available', 'available', 'bytes', (s) => s.memory.availableBytes),
  metric('system.paging.limit', 'swap total', 'bytes', (s) => s.memory.swapTotalBytes),
  metric('system.paging.usage', 'swap used', 'bytes', (s) => s.memory.swapUsedBytes),
  metric('system.network.io.receive', 'received', 'bytes/s', (s) => s.network.receiveBytesPerSecond),
  metric('system.network.io.transmit', 'sent', 'bytes/s', (s) => s.network.transmitBytesPerSecond),
  metric('system.disk.io.read', 'disk read', 'bytes/s', (s) => s.disk.readBytesPerSecond),
  metric('system.disk.io.write', 'disk written', 'bytes/s', (s) => s.disk.writeBytesPerSecond),
  metric('system.disk.busy', 'busiest disk', 'share', (s) => s.disk.busiest),
  metric('system.linux.pressure.cpu.some', 'CPU some', 'share', (s) => s.pressure?.cpuSome),
  metric('system.linux.pressure.memory.some', 'memory some', 'share', (s) => s.pressure?.memorySome),
  metric('system.linux.pressure.memory.full', 'memory full', 'share', (s) => s.pressure?.memoryFull),
  metric('system.linux.pressure.io.some', 'IO some', 'share', (s) => s.pressure?.ioSome),
  metric('system.linux.pressure.io.full', 'IO full', 'share', (s) => s.pressure?.ioFull),
  metric('system.process.count', 'processes', 'count', (s) => s.processes.total),
  metric('system.process.running', 'running', 'count', (s) => s.processes.running),
  metric('system.process.blocked', 'blocked', 'count', (s) => s.processes.blocked),
  metric('system.process.created', 'forks', '1/s', (s) => s.processes.forksPerSecond),
  metric('fireline.cpu.visible', 'visible', 'cores', (s) => s.balance.visible),
  metric('fireline.cpu.reaped', 'reaped', 'cores', (s) => s.balance.reaped),
  metric('fireline.cpu.unattributed', 'unattributed', 'cores', (s) => s.balance.unattributed),
  metric('fireline.sampler.cpu', 'sampler CPU a tick', 'ms', (s) => s.sampler.cpuMs),
  metric('fireline.sampler.round_trip', 'round trip', 'ms', (s) => s.sampler.roundTripMs),
  metric('fireline.sampler.frame', 'frame', 'bytes', (s) => s.sampler.frameBytes),
  metric('fireline.sampler.resident', 'sampler memory', 'bytes', (s) => s.sampler.residentBytes),
] as const satisfies readonly Metric[];

export type MetricName = (typeof METRICS)[number]['name'];

const indexByName = new Map<string, number>(METRICS.map((m, index) => [m.name, index]));

/** Position of a metric in every vector. */
export function metricIndex(name: MetricName): number {
  const index = indexByName.get(name);
  if (index === undefined) throw new Error(`unknown metric ${name}`);
  return index;
}

/** One tick of one host as it travels and is stored. `null` marks a value that could not be known. */
export interface MetricVector {
  /** Epoch ms, workbench clock. */
  at: number;
  /** One number a METRICS entry, in order. */
  values: (number | null)[];
  /** Busy share (0…1) of each core; the stack of one core is in the host's detail. */
  cores: number[];
}

export function toMetricVector(sample: Sample): MetricVector {
  return {
    at: sample.at,
    values: METRICS.map((m) => {
      const value = m.read(sample);
      return value === undefined || !Number.isFinite(value) ? null : Math.round(value * 1e4) / 1e4;
    }),
    cores: sample.perCore.map((c) => Math.round((1 - c.idle - c.iowait) * 1e3) / 1e3),
  };
}
