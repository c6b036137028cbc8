import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createDetectorPipeline,
  type DetectorPipeline,
} from '../../electron/core/detectors/detectorPipeline.ts';
import { ManualClock } from '../../shared/base/clock.ts';
import type { HostFacts, HostId } from '../../shared/model/host.ts';
import type { ProcessRow } from '../../shared/model/process.ts';
import type { SocketGroup } from '../../shared/model/resources.ts';
import type { Sample } from '../../shared/model/sample.ts';
import { type BenchResult, round } from './bench.types.ts';

const HOSTS = 100;
const PROCESSES = 300;
/** A core runs for hours: by then the windows are full, and all that is asked often is compiled. */
const WARM_UP = 600;
const TICKS = 300;
/**
 * A sample is judged as soon as it is put together, while the processor still has it at hand. Ten, not one, since to ask for
 * the time spent costs as much as a detector.
 */
const AT_ONCE = 10;
/** Samples that died take a hundred ticks to fill the heap so far that it is gone through beside what is measured. */
const MAJOR_EVERY = 50;
const SWEPT_MS = 100;
const BOOT = 'b0071d00-0000-4000-8000-000000000000';
const START = Date.UTC(2026, 0, 1);

/**
 * What every detector together costs the core a tick, for a hundred hosts of 300 processes each: all of them told of by the
 * first sample, then twenty busy, two new and two gone every second; sockets, disks and control groups looked at as often
 * as they are, one log line a second.
 */
export async function run(): Promise<BenchResult> {
  const clock = new ManualClock(START);
  const hosts = Array.from({ length: HOSTS }, (_, n) => new BenchHost(`h${n}` as HostId, n, clock));
  let events = 0;
  for (const host of hosts) host.open(() => events++);
  for (let tick = 0; tick < WARM_UP; tick++) {
    clock.advance(1000);
    for (const host of hosts) host.tick(host.sample(tick));
  }
  const took: number[] = [];
  for (let tick = WARM_UP; tick < WARM_UP + TICKS; tick++) {
    clock.advance(1000);
    // What the making of samples left over is not the detectors' to clear away, neither now nor by threads that mark it, or
    // sweep after it.
    if (tick % MAJOR_EVERY === 0) {
      collect({ type: 'major' });
      await delay(SWEPT_MS);
    }
    collect({ type: 'minor' });
    let micros = 0;
    for (let first = 0; first < HOSTS; first += AT_ONCE) {
      const some = hosts.slice(first, first + AT_ONCE);
      const samples = some.map((host) => host.sample(tick));
      const began = threadMicros();
      for (const [n, host] of some.entries()) {
        const sample = samples[n];
        if (sample) host.tick(sample);
      }
      micros += threadMicros() - began;
    }
    took.push(micros / 1000);
  }
  took.sort((a, b) => a - b);
  const total = took.reduce((sum, one) => sum + one, 0);
  for (const host of hosts) host.close();
  return {
    bench: 'detectors',
    results: [
      {
        case: `${HOSTS} hosts, ${PROCESSES} processes each: milliseconds of core CPU a tick, against 2`,
        ratio: round(total / took.length / 2),
        ours: {
          meanMsPerTick: round(total / took.length),
          p50Ms: round(took[Math.floor(took.length / 2)] ?? 0),
          p95Ms: round(took[Math.floor(took.length * 0.95)] ?? 0),
          events,
        },
        peer: { limitMsPerTick: 2, ticks: TICKS },
      },
    ],
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void;

/**
 * CPU of this thread, not time: another load on the machine is none of ours, nor is what V8's own threads do meanwhile, which
 * is to mark and sweep what the making of the samples left.
 */
function threadMicros(): number {
  // Linux brings a thread's own figure up to date when that of its process is asked for, and otherwise each four milliseconds.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

class BenchHost {
  readonly #id: HostId;
  readonly #seed: number;
  readonly #clock: ManualClock;
  #pipeline: DetectorPipeline | undefined;
  readonly #rows: ProcessRow[];
  readonly #byPid = new Map<number, ProcessRow>();
  #nextPid = 5000;
  #looked = { at: 0, sockets: [] as SocketGroup[] };
  #facts: HostFacts;

  constructor(id: HostId, seed: number, clock: ManualClock) {
    this.#id = id;
    this.#seed = seed;
    this.#clock = clock;
    this.#rows = Array.from({ length: PROCESSES }, (_, n) => row(n + 1, n));
    for (const one of this.#rows) this.#byPid.set(one.pid, one);
    this.#facts = {
      hostname: id,
      kernel: '6.1',
      osName: 'Debian',
      cores: 4,
      bootId: BOOT,
      bootedAt: START - 86_400_000,
      ticksPerSecond: 100,
      pageBytes: 4096,
      clockOffsetMs: 3,
      clockUncertaintyMs: 2,
      container: false,
    };
  }

  open(onEvent: () => void): void {
    this.#pipeline = createDetectorPipeline({
      host: this.#id,
      clock: this.#clock,
      thresholds: [],
      logs: [{ path: '/var/log/*.log', match: [{ pattern: 'FATAL|panic', severity: 'critical' }] }],
      facts: () => this.#facts,
      answer: async () => ({ kind: 'unanswered', reason: 'a benchmark' }),
      publish: onEvent,
      diagnostic: (line) => {
        throw new Error(line);
      },
    });
  }

  close(): void {
    this.#pipeline?.dispose();
  }

  tick(sample: Sample): void {
    this.#pipeline?.push({ type: 'sample', sample });
    this.#pipeline?.push({
      type: 'logLine',
      line: {
        path: '/var/log/app.log',
        text: 'GET / 200 in 12 ms for 10.0.0.7',
        cut: false,
        seenAt: sample.at,
      },
    });
    this.#pipeline?.push({ type: 'tick' });
  }

  /** As the sampler gives it: rows that did not change are the same objects. */
  sample(tick: number): Sample {
    const at = this.#clock.now();
    const wave = Math.sin((tick + this.#seed) / 9);
    // The first sample tells of every process; after it, of those that changed.
    const moved: ProcessRow[] = tick === 0 ? this.#rows.slice(20, -2) : [];
    for (let n = 0; n < 20; n++) {
      const one = this.#rows[n];
      if (!one) continue;
      const residentBytes = one.residentBytes + (tick % 7) * 4096;
      const next = { ...one, cpu: 0.05, cpuTicks: one.cpuTicks + 5, residentBytes };
      this.#rows[n] = next;
      this.#byPid.set(next.pid, next);
      moved.push(next);
    }
    const gone = this.#rows.splice(PROCESSES - 2, 2);
    for (const one of gone) this.#byPid.delete(one.pid);
    // What scripts and cron start: other commands each time, gone a second later.
    const come = [0, 1].map((n) => shortLived(this.#nextPid++, tick * 2 + n));
    for (const one of come) this.#byPid.set(one.pid, one);
    this.#rows.push(...come);
    moved.push(...come);
    if ((tick + this.#seed) % 10 === 0) {
      this.#looked = {
        at,
        sockets: Array.from({ length: 40 }, (_, n) => ({
          kind: n < 10 ? 'listener' : n < 20 ? 'inbound' : 'outbound',
          state: n < 10 ? 'listen' : 'established',
          port: 1000 + n,
          count: n < 10 ? 1 : 40 + n + Math.round(10 * wave),
          receiveQueue: { sum: 0, largest: 0, notEmpty: 0 },
          sendQueue: { sum: n % 3, largest: n % 3, notEmpty: n % 3 },
        })),
      };
    }
    const busy = 0.3 + 0.1 * wave;
    const cpu = {
      user: busy,
      nice: 0,
      system: 0.05,
      interrupt: 0,
      iowait: 0.01,
      steal: 0,
      idle: 0.94 - busy,
    };
    const changeOf = ({
      pid,
      parentPid,
      startTicks,
      name,
      command,
      residentBytes,
      cpuTicks,
    }: ProcessRow) => ({
      pid,
      parentPid,
      startTicks,
      name,
      command,
      residentBytes,
      cpuTicks,
    });
    return {
      at,
      hostAt: at,
      intervalMs: 1000,
      bootId: BOOT,
      uptimeMs: at - START + 86_400_000,
      cores: 4,
      cpu,
      perCore: [cpu, cpu, cpu, cpu],
      balance: { busy: 1.4, visible: 1.2, reaped: 0.2, unattributed: 0, reapers: [] },
      load: [1, 1, 1],
      memory: {
        totalBytes: 16e9,
        freeBytes: 4e9,
        usedBytes: 8e9 + 1e8 * wave,
        availableBytes: 8e9 - 1e8 * wave,
        buffersBytes: 1e8,
        cachedBytes: 4e9,
        swapTotalBytes: 0,
        swapUsedBytes: 0,
      },
      network: {
        receiveBytesPerSecond: 1e6,
        transmitBytesPerSecond: 1e6,
        errorsPerSecond: 0,
        interfaces: [
          {
            name: 'eth0',
            receiveBytesPerSecond: 1e6,
            transmitBytesPerSecond: 1e6,
            receiveErrorsPerSecond: 0,
            transmitErrorsPerSecond: 0,
            receiveDropsPerSecond: tick % 30 === 0 ? 1 : 0,
            transmitDropsPerSecond: 0,
            packetsPerSecond: 2000,
            bitsPerSecond: 1e9,
          },
        ],
      },
      disk: { readBytesPerSecond: 0, writeBytesPerSecond: 1e6, busiest: 0.1 },
      processes: {
        total: PROCESSES,
        running: 2,
        blocked: 0,
        threads: 900,
        forksPerSecond: 2,
        lastPid: this.#nextPid,
      },
      oomKills: 0,
      fileSystems: [
        {
          mount: '/',
          device: '/dev/sda1',
          type: 'ext4',
          readOnly: false,
          sizeBytes: 1e11,
          usedBytes: 5e10 + tick * 1e4,
          availableBytes: 5e10,
          inodes: 1e6,
          inodesFree: 9e5,
        },
      ],
      sockets: this.#looked.sockets,
      listenOverflows: 3,
      cgroups: [
        {
          path: '/app',
          pid: 5,
          cpuQuotaCores: 2,
          periods: tick * 10,
          throttledPeriods: tick,
          memoryLimitBytes: 4e9,
          memoryUsageBytes: 2e9,
        },
      ],
      lookedAt: { sockets: this.#looked.at, fileSystems: this.#looked.at, cgroups: this.#looked.at },
      changes: [
        ...gone.map((one) => ({ change: 'exited' as const, ...changeOf(one) })),
        ...come.map((one) => ({ change: 'started' as const, ...changeOf(one) })),
      ],
      table: [...this.#rows],
      moved,
      rowOf: (pid) => this.#byPid.get(pid),
      sampler: { implementation: 'perl', cpuMs: 3, residentBytes: 8e6, frameBytes: 2000, roundTripMs: 4 },
    };
  }
}

function shortLived(pid: number, n: number): ProcessRow {
  return {
    ...row(pid, n),
    startTicks: 90_000_000 + n * 50,
    name: `tool${n % 500}`,
    command: `/usr/bin/tool${n % 500} -x`,
  };
}

/** Of thirty processes one is large, five are workers and the others small, so that all fit the memory of their host. */
function row(pid: number, n: number): ProcessRow {
  const size = n % 30 === 0 ? 'large' : n % 5 === 0 ? 'worker' : 'small';
  const mib = { large: 400, worker: 48 + (n % 64), small: 2 + (n % 16) }[size];
  return {
    pid,
    parentPid: n % 5 === 0 ? 1 : 2 + (n % 7),
    startTicks: 1000 + n,
    state: 'S',
    name: `worker${n % 40}`,
    command: `/usr/bin/worker${n % 40} --shard ${n}`,
    user: 'app',
    threads: 4 + (n % 9),
    cpu: 0,
    cpuTicks: 100,
    residentBytes: mib * (1 << 20),
    virtualBytes: 1 << 30,
    openFiles: { large: 400, worker: 30 + (n % 90), small: 4 + (n % 20) }[size],
    startedAt: START - 3_600_000,
  };
}
