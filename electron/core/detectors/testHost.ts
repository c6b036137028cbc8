import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostFacts, HostId } from '../../../shared/model/host.ts';
import type { ProcessChange, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { WatchedLog } from '../../../shared/model/workspace.ts';
import type { Answer, Detector, DetectorInput, KernelLine, Question } from './detector.ts';
import { createDetectorPipeline } from './detectorPipeline.ts';
import { fired } from './testDetections.ts';

export const BOOT = '35ad2bdb-5d64-4d87-b3ac-77883730a9e6';
/** The clock of tests starts here; hosts booted a day before. */
export const START = Date.UTC(2026, 10, 21, 3, 0, 0);
const BOOTED = START - 86_400_000;

/** A made-up host that the detectors watch, for tests: a table of processes, a clock, and what was told. */
export class TestHost {
  readonly clock = new ManualClock(START);
  readonly events: TimelineEvent[] = [];
  readonly questions: Question[] = [];
  readonly diagnostics: string[] = [];
  answer: (question: Question) => Promise<Answer> = async () => ({ kind: 'unanswered', reason: 'nobody' });
  facts: HostFacts;
  /** False until the host has told its facts. */
  toldFacts = true;
  table = new Map<number, ProcessRow>();
  oomKills: number | undefined = 0;
  cgroupOomKills: number | undefined;
  /** Of the group that holds this host, as its own processes see it. */
  cgroupPath: string | undefined;
  bootId = BOOT;
  #changes: ProcessChange[] = [];
  readonly #pipeline;

  constructor(options: {
    container?: boolean;
    detectors?: Detector<unknown>[];
    thresholds?: Record<string, Record<string, number | boolean>>;
    logs?: WatchedLog[];
  }) {
    this.facts = {
      hostname: 'web1',
      kernel: '6.18',
      osName: 'Debian',
      cores: 2,
      bootId: BOOT,
      bootedAt: BOOTED,
      ticksPerSecond: 100,
      pageBytes: 4096,
      clockOffsetMs: 0,
      clockUncertaintyMs: 1,
      container: options.container ?? false,
    };
    this.#pipeline = createDetectorPipeline({
      host: 'web1' as HostId,
      clock: this.clock,
      thresholds: Object.entries(options.thresholds ?? {}).map(([detector, values]) => ({
        detector,
        values,
      })),
      ...(options.logs ? { logs: options.logs } : {}),
      facts: () => (this.toldFacts ? this.facts : undefined),
      answer: (question) => {
        this.questions.push(question);
        return this.answer(question);
      },
      publish: (event) => {
        this.events.push(event);
        if (event.severity !== 'recovered') fired(event.kind);
      },
      diagnostic: (line) => this.diagnostics.push(line),
      ...(options.detectors ? { detectors: options.detectors } : {}),
    });
    this.add({ pid: 1, parentPid: 0, name: 'systemd', command: '/sbin/init' }, false);
    if (!options.container) this.add({ pid: 2, parentPid: 0, name: 'kthreadd', command: '' }, false);
  }

  get open(): readonly TimelineEvent[] {
    return this.#pipeline.open;
  }

  /** The latest revision of every event, in the order of their first telling. */
  get told(): TimelineEvent[] {
    return [...new Map(this.events.map((e) => [e.id, e])).values()];
  }

  push(input: DetectorInput): void {
    this.#pipeline.push(input);
  }

  add(row: Partial<ProcessRow> & { pid: number; name: string }, told = true): ProcessRow {
    const startedAt = row.startedAt ?? this.clock.now() - 50;
    const whole: ProcessRow = {
      parentPid: 1,
      startTicks: Math.round((startedAt - BOOTED) / 10),
      state: 'S',
      command: row.name,
      user: 'root',
      threads: 1,
      cpu: 0,
      cpuTicks: 0,
      residentBytes: 4 << 20,
      virtualBytes: 8 << 20,
      startedAt,
      ...row,
    };
    this.table.set(whole.pid, whole);
    if (told) this.#changes.push({ change: 'started', ...whole });
    return whole;
  }

  remove(pid: number, exitStatus?: number): void {
    const row = this.table.get(pid);
    if (!row) return;
    this.table.delete(pid);
    this.#changes.push({ change: 'exited', ...row, ...(exitStatus === undefined ? {} : { exitStatus }) });
  }

  /** A second passes; a sample and a tick arrive. */
  second(
    over: {
      forksPerSecond?: number;
      balance?: Partial<Sample['balance']>;
      kernelEvents?: Sample['kernelEvents'];
      milliseconds?: number;
    } = {},
  ): void {
    const interval = over.milliseconds ?? 1000;
    this.clock.advance(interval);
    this.push({ type: 'sample', sample: this.sample(interval, over) });
    this.push({ type: 'tick' });
  }

  sample(
    intervalMs: number,
    over: {
      forksPerSecond?: number;
      balance?: Partial<Sample['balance']>;
      kernelEvents?: Sample['kernelEvents'];
    } = {},
  ): Sample {
    const at = this.clock.now();
    const changes = this.#changes;
    this.#changes = [];
    const cpu = { user: 0.1, nice: 0, system: 0.1, interrupt: 0, iowait: 0, steal: 0, idle: 0.8 };
    return {
      at,
      hostAt: at,
      intervalMs,
      bootId: this.bootId,
      uptimeMs: at - BOOTED,
      cores: 2,
      cpu,
      perCore: [cpu, cpu],
      balance: { busy: 0.2, visible: 0.2, reaped: 0, unattributed: 0, reapers: [], ...over.balance },
      load: [0.2, 0.2, 0.2],
      memory: {
        totalBytes: 1 << 30,
        freeBytes: 1 << 29,
        usedBytes: 1 << 29,
        availableBytes: 1 << 29,
        buffersBytes: 0,
        cachedBytes: 0,
        swapTotalBytes: 0,
        swapUsedBytes: 0,
      },
      network: { receiveBytesPerSecond: 0, transmitBytesPerSecond: 0, errorsPerSecond: 0 },
      disk: { readBytesPerSecond: 0, writeBytesPerSecond: 0, busiest: 0 },
      processes: {
        total: this.table.size,
        running: 1,
        blocked: 0,
        threads: this.table.size,
        forksPerSecond: over.forksPerSecond ?? 0,
        lastPid: 1,
      },
      ...(this.oomKills === undefined ? {} : { oomKills: this.oomKills }),
      ...(this.cgroupOomKills === undefined
        ? {}
        : { cgroup: { oomKills: this.cgroupOomKills, memoryLimitBytes: 128 << 20 } }),
      ...(this.cgroupPath === undefined
        ? {}
        : { cgroups: [{ path: this.cgroupPath, memoryLimitBytes: 128 << 20 }] }),
      ...(over.kernelEvents ? { kernelEvents: over.kernelEvents } : {}),
      changes,
      table: [...this.table.values()],
      sampler: { implementation: 'perl', cpuMs: 3, residentBytes: 6 << 20, frameBytes: 1100, roundTripMs: 4 },
    };
  }

  kernel(text: string, over: Partial<KernelLine> = {}): void {
    const now = this.clock.now();
    this.push({
      type: 'kernelLine',
      line: { text, seenAt: now, hostAt: now, source: '/dev/kmsg', backlog: false, ...over },
    });
  }

  log(text: string, path = '/srv/www/app/log/unicorn.log'): void {
    this.push({ type: 'logLine', line: { path, text, cut: false, seenAt: this.clock.now() } });
  }
}
