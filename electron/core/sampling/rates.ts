import type { CpuShares, Sample } from '../../../shared/model/sample.ts';
import { hasOwnWire } from './interfaceNames.ts';
import type { Reading } from './reading.ts';
import { interfacesOf } from './resources.ts';

/** What two readings of one boot give, without processes. */
export type Rates = Pick<
  Sample,
  | 'intervalMs'
  | 'uptimeMs'
  | 'cores'
  | 'cpu'
  | 'perCore'
  | 'load'
  | 'memory'
  | 'network'
  | 'disk'
  | 'pressure'
  | 'oomKills'
  | 'cgroup'
> & {
  /** Growth of user + nice + system + interrupts, clock ticks. */
  busyTicks: number;
  forksPerSecond: number;
  running: number;
  blocked: number;
  /** Of the sampler. */
  cpuMs: number;
};

/** Undefined when the two readings cannot be compared: another boot, no time between them, or /proc/stat unreadable. */
export function rates(before: Reading, after: Reading): Rates | undefined {
  const intervalMs = intervalBetween(before, after);
  if (intervalMs === undefined || bootOf(before) !== bootOf(after)) return undefined;
  const cpuBefore = before.cpu.get('cpu');
  const cpuAfter = after.cpu.get('cpu');
  if (!cpuBefore || !cpuAfter) return undefined;

  const seconds = intervalMs / 1000;
  const grownCpu = growthOf(cpuBefore, cpuAfter);
  const perCore = [...after.cpu]
    .filter(([name]) => name !== 'cpu')
    .sort(([a], [b]) => Number(a.slice(3)) - Number(b.slice(3)))
    .map(([name, ticks]) => shares(growthOf(before.cpu.get(name) ?? ticks, ticks)));
  const pressure = pressureOf(after);
  const cgroup = cgroupOf(after);
  const oomKills = after.values.get('voom_kill');
  const processes = growth(before.values.get('sprocesses'), after.values.get('sprocesses'));
  return {
    intervalMs,
    uptimeMs: after.uptimeMs ?? 0,
    cores: Math.max(1, perCore.length),
    cpu: shares(grownCpu),
    perCore,
    load: after.load?.averages ?? [0, 0, 0],
    memory: memoryOf(after),
    network: networkOf(before, after, seconds),
    disk: diskOf(before, after, intervalMs),
    ...(pressure && { pressure }),
    ...(oomKills !== undefined && { oomKills }),
    ...(cgroup && { cgroup }),
    busyTicks: at(grownCpu, 0) + at(grownCpu, 1) + at(grownCpu, 2) + at(grownCpu, 5) + at(grownCpu, 6),
    forksPerSecond: processes / seconds,
    running: after.values.get('sprocs_running') ?? 0,
    blocked: after.values.get('sprocs_blocked') ?? 0,
    cpuMs: growth(before.cost.cpuNs, after.cost.cpuNs) / 1e6,
  };
}

/**
 * By the host's uptime, which no clock step moves (10 ms steps), or by its clock where that agrees and is finer.
 * A reading without uptime falls back on its arrival.
 */
export function intervalBetween(before: Reading, after: Reading): number | undefined {
  const arrived = after.at - before.at;
  const up =
    before.uptimeMs === undefined || after.uptimeMs === undefined
      ? arrived
      : after.uptimeMs - before.uptimeMs;
  const fine = before.clock?.resolutionMs === 1 && after.clock?.resolutionMs === 1;
  const clock = fine && before.clock && after.clock ? after.clock.epochMs - before.clock.epochMs : undefined;
  const interval = clock !== undefined && Math.abs(clock - up) <= 50 ? clock : up;
  return interval > 0 ? interval : undefined;
}

function bootOf(reading: Reading): string {
  return reading.facts.get('boot') ?? '';
}

const at = (values: readonly number[], index: number): number => values[index] ?? 0;

/** A counter that went back was reset, or (iowait, idle) corrected by the kernel: no growth is known. */
function growth(before: number | undefined, after: number | undefined): number {
  return before === undefined || after === undefined ? 0 : Math.max(0, after - before);
}

function growthOf(before: readonly number[], after: readonly number[]): number[] {
  return after.map((value, index) => growth(before[index], value));
}

/** /proc/stat: user nice system idle iowait irq softirq steal guest guest_nice; guest is already inside user. */
function shares(ticks: readonly number[]): CpuShares {
  const sum = ticks.slice(0, 8).reduce((total, value) => total + value, 0);
  if (sum === 0) return { user: 0, nice: 0, system: 0, interrupt: 0, iowait: 0, steal: 0, idle: 1 };
  return {
    user: at(ticks, 0) / sum,
    nice: at(ticks, 1) / sum,
    system: at(ticks, 2) / sum,
    interrupt: (at(ticks, 5) + at(ticks, 6)) / sum,
    iowait: at(ticks, 4) / sum,
    steal: at(ticks, 7) / sum,
    idle: at(ticks, 3) / sum,
  };
}

function memoryOf({ values }: Reading): Sample['memory'] {
  const bytes = (name: string): number => (values.get(`m${name}`) ?? 0) * 1024;
  const cachedBytes = bytes('Cached') + bytes('SReclaimable');
  // Kernels before 3.14 have no MemAvailable.
  const availableBytes = values.has('mMemAvailable')
    ? bytes('MemAvailable')
    : bytes('MemFree') + bytes('Buffers') + cachedBytes;
  return {
    totalBytes: bytes('MemTotal'),
    freeBytes: bytes('MemFree'),
    usedBytes: Math.max(0, bytes('MemTotal') - availableBytes),
    availableBytes,
    buffersBytes: bytes('Buffers'),
    cachedBytes,
    swapTotalBytes: bytes('SwapTotal'),
    swapUsedBytes: Math.max(0, bytes('SwapTotal') - bytes('SwapFree')),
  };
}

/**
 * One by one, so that an interface that is new or was made anew does not look like traffic. What goes through a bond, a VLAN
 * or a container's end goes through a wire too, and is counted there; where there is no wire, as in a tunnel's own
 * namespace, all are.
 */
function networkOf(before: Reading, after: Reading, seconds: number): Sample['network'] {
  let receive = 0;
  let transmit = 0;
  let errors = 0;
  const wired = [...after.interfaces.keys()].some(hasOwnWire);
  for (const [name, now] of after.interfaces) {
    const then = before.interfaces.get(name);
    if (!then || then === now || (wired && !hasOwnWire(name))) continue;
    const grown = growthOf(then, now);
    receive += at(grown, 0);
    transmit += at(grown, 1);
    errors += at(grown, 2) + at(grown, 3);
  }
  const interfaces = interfacesOf(before, after, seconds);
  return {
    ...(interfaces && { interfaces }),
    receiveBytesPerSecond: receive / seconds,
    transmitBytesPerSecond: transmit / seconds,
    errorsPerSecond: errors / seconds,
  };
}

/** /proc/diskstats counts sectors of 512 bytes whatever the disk's own are. */
function diskOf(before: Reading, after: Reading, intervalMs: number): Sample['disk'] {
  let read = 0;
  let written = 0;
  let busiest = 0;
  for (const [name, now] of after.disks) {
    const then = before.disks.get(name);
    if (!then || then === now) continue;
    const grown = growthOf(then, now);
    read += at(grown, 1) * 512;
    written += at(grown, 3) * 512;
    busiest = Math.max(busiest, Math.min(1, at(grown, 4) / intervalMs));
  }
  return {
    readBytesPerSecond: (read * 1000) / intervalMs,
    writeBytesPerSecond: (written * 1000) / intervalMs,
    busiest,
  };
}

function pressureOf({ values }: Reading): Sample['pressure'] {
  if (!values.has('pmemory.some')) return undefined;
  const share = (name: string): number => Math.min(1, (values.get(`p${name}`) ?? 0) / 100);
  return {
    cpuSome: share('cpu.some'),
    memorySome: share('memory.some'),
    memoryFull: share('memory.full'),
    ioSome: share('io.some'),
    ioFull: share('io.full'),
  };
}

function cgroupOf({ cgroupMemory, cgroupCpu }: Reading): Sample['cgroup'] {
  if (!cgroupMemory && !cgroupCpu) return undefined;
  return {
    ...(cgroupMemory?.limitBytes !== undefined && { memoryLimitBytes: cgroupMemory.limitBytes }),
    ...(cgroupMemory?.usageBytes !== undefined && { memoryUsageBytes: cgroupMemory.usageBytes }),
    ...(cgroupMemory?.oomKills !== undefined && { oomKills: cgroupMemory.oomKills }),
    ...cgroupCpu,
  };
}
