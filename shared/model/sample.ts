import type { ProcessChange, ProcessRow } from './process.ts';
import type { CgroupUse, FileSystem, NetworkInterface, SocketGroup } from './resources.ts';

/** Shares of the machine's (or one core's) time in the interval: each 0…1, their sum 1. `guest` is inside `user`. */
export interface CpuShares {
  user: number;
  nice: number;
  system: number;
  /** hard and soft interrupts */
  interrupt: number;
  iowait: number;
  steal: number;
  idle: number;
}

/**
 * Where busy CPU went, in cores (1 = one core busy for the whole interval).
 * visible + reaped + unattributed = busy. `reaped` is the growth of parents' cutime + cstime less what the
 * dead children had already shown.
 */
export interface CpuBalance {
  busy: number;
  visible: number;
  reaped: number;
  unattributed: number;
  /** The parents that reaped most, at most eight, largest first. */
  reapers: { pid: number; startTicks: number; name: string; command: string; cores: number }[];
}

/** What happened to the children of one process in one interval. */
export interface ChildrenOf {
  parentPid: number;
  started: number;
  /** Of those forked, how many called exec; the others are copies of their parent. */
  executed: number;
  ended: number;
  /** The most frequent ways in which they ended, at most four: the status as of wait(2), and how long the longest of them lived. */
  endings: readonly { status: number; count: number; longestMs?: number }[];
}

/**
 * One tick of one host. Rates are over `intervalMs`; the first frame gives none, so a Sample always spans two frames.
 * `at`: workbench clock, epoch ms, when it arrived. `hostAt`: the host's clock, epoch ms.
 */
export interface Sample {
  at: number;
  hostAt: number;
  intervalMs: number;
  bootId: string;
  uptimeMs: number;
  cores: number;
  cpu: CpuShares;
  perCore: CpuShares[];
  balance: CpuBalance;
  load: [number, number, number];
  memory: {
    totalBytes: number;
    freeBytes: number;
    /** total − available, as `free` computes it */
    usedBytes: number;
    availableBytes: number;
    buffersBytes: number;
    /** Cached + SReclaimable, as `free` shows */
    cachedBytes: number;
    swapTotalBytes: number;
    swapUsedBytes: number;
  };
  /** All interfaces but loopback. */
  network: {
    receiveBytesPerSecond: number;
    transmitBytesPerSecond: number;
    errorsPerSecond: number;
    /** Each by itself, at most 64, loopback left out. */
    interfaces?: readonly NetworkInterface[];
  };
  /** Whole disks, not partitions or loop devices. */
  disk: { readBytesPerSecond: number; writeBytesPerSecond: number; busiest: number };
  /** PSI avg10 as shares 0…1; absent where the kernel has none. */
  pressure?: {
    cpuSome: number;
    memorySome: number;
    memoryFull: number;
    ioSome: number;
    ioFull: number;
  };
  processes: {
    total: number;
    running: number;
    blocked: number;
    threads: number;
    forksPerSecond: number;
    lastPid: number;
  };
  /** /proc/vmstat oom_kill: machine-wide, since boot; absent on old kernels. */
  oomKills?: number;
  /** The sampler's own cgroup where readable: the limit that holds for it, and its own OOM counter. */
  cgroup?: {
    memoryLimitBytes?: number;
    memoryUsageBytes?: number;
    oomKills?: number;
    cpuQuotaCores?: number;
    throttledPeriods?: number;
    periods?: number;
  };
  /** Local file systems, looked at every ten seconds (every minute where only df can); absent before the first look. */
  fileSystems?: readonly FileSystem[];
  /** TCP sockets in groups, looked at every five to thirty seconds; absent before the first look. */
  sockets?: readonly SocketGroup[];
  /** Connections that full listen queues turned away, since boot, of this network namespace; absent where not told. */
  listenOverflows?: number;
  /** The limiting control groups of the busiest processes, looked at every five seconds; absent before the first look. */
  cgroups?: readonly CgroupUse[];
  /** When those were looked at, workbench clock, epoch ms: between looks a sample repeats the last. */
  lookedAt?: { fileSystems?: number; sockets?: number; cgroups?: number };
  /**
   * Every fork, exec and exit since the last tick as the host's kernel told them (its process connector), those of
   * processes that no tick sees too; absent where it does not tell us. Threads are left out.
   */
  kernelEvents?: {
    /** More than one: where there were too many, one process in so many was looked at, and counts are multiplied. */
    oneIn: number;
    /** Events that the kernel could not hand over. */
    lost: number;
    /** The parents to whom most happened, at most sixteen; pid 0: all others together. */
    children: readonly ChildrenOf[];
  };
  /** Processes that started or went since the last tick, as far as a tick can see them. */
  changes: ProcessChange[];
  /** The whole table as of this tick. Shared, never to be written to. */
  table: readonly ProcessRow[];
  /** Of the table, the rows that are new or differ from the sample before: all that a look each tick has to see. Absent: all of it. */
  moved?: readonly ProcessRow[];
  /** The row of a pid, as of the latest sample: not to be kept. */
  rowOf?: (pid: number) => ProcessRow | undefined;
  /** What sampling costs the host. */
  sampler: {
    implementation: 'perl' | 'awk';
    cpuMs: number;
    residentBytes: number;
    frameBytes: number;
    roundTripMs: number;
  };
}
