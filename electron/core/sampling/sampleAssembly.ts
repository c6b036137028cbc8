import type { HostFacts } from '../../../shared/model/host.ts';
import type { ProcessChange } from '../../../shared/model/process.ts';
import type { ChildrenOf, Sample } from '../../../shared/model/sample.ts';
import { cpuBalance } from './balance.ts';
import { ClockOffset } from './clockOffset.ts';
import type { Frame, Implementation } from './frame.ts';
import { ProcessTable } from './processTable.ts';
import { intervalBetween, rates } from './rates.ts';
import { nextReading, type Reading } from './reading.ts';
import { resourcesOf } from './resources.ts';

/** What a frame's sample needs beside it. Times are the workbench's, epoch ms. */
export interface Exchange {
  /** When it had arrived, and when it was asked for. */
  at: number;
  sentAt: number;
  roundTripMs: number;
  implementation: Implementation;
}

/** The time of frames that are kept to know how long a process was not read. */
const REMEMBERED_FRAMES = 64;
const MOST_UNTOLD = 1000;

/** Makes samples of the frames of one sampler, live or from a recording: it keeps no clock. */
export class SampleAssembly {
  readonly #table = new ProcessTable();
  readonly #offset = new ClockOffset();
  readonly #uptimes = new Map<number, Reading>();
  /** What came and went in frames that gave no sample; undefined where the last frame gave one. */
  #untold: ProcessChange[] | undefined = [];
  #reading: Reading | undefined;
  /** Fixed, so that start times do not move under their processes. */
  #bootedAt: number | undefined;

  /** The script started again: its next frame tells all. */
  restart(): void {
    this.#reading = undefined;
  }

  /** A sample spans two frames: the first gives none. `unknown`: processes that were never told, so that a frame was lost. */
  take(frame: Frame, exchange: Exchange): { facts?: HostFacts; sample?: Sample; unknown: number } {
    const { at, roundTripMs } = exchange;
    const before = frame.mode === 'reset' ? undefined : this.#reading;
    const reading = nextReading(this.#reading, frame, at);
    this.#reading = reading;
    if (frame.clock) this.#offset.add(frame.clock, exchange.sentAt, roundTripMs, frame.elapsedMs);
    this.#remember(reading);

    const hz = positive(reading.facts.get('hz')) ?? 100;
    const pageBytes = positive(reading.facts.get('page')) ?? 4096;
    this.#bootedAt ??= bootTime(reading);
    const bootedAt = this.#bootedAt;
    const update = this.#table.apply(frame, {
      hz,
      pageBytes,
      bootedAt,
      intervalOf: (age) => {
        const earlier = this.#uptimes.get(reading.seq - age);
        return earlier && intervalBetween(earlier, reading);
      },
    });
    const grown = before && rates(before, reading);
    const untold = this.#untold;
    const changes = untold ? [...untold, ...update.changes].slice(-MOST_UNTOLD) : update.changes;
    this.#untold = grown ? undefined : changes;
    if (!grown) return { unknown: update.unknown };
    const facts = this.#factsOf(reading, exchange.implementation, grown.cores, hz, pageBytes, bootedAt);
    const ticksPerCore = (hz * grown.intervalMs) / 1000;
    const { busyTicks, forksPerSecond, running, blocked, cpuMs, ...scalars } = grown;
    const sample: Sample = {
      ...scalars,
      ...resourcesOf(reading),
      at,
      hostAt: Math.round(reading.clock?.epochMs ?? at + facts.clockOffsetMs),
      bootId: facts.bootId,
      balance: cpuBalance({
        busyTicks,
        ticksPerCore,
        grown: update.grown,
        exits: update.exits,
        parentOf: (pid) => this.#table.parentOf(pid),
      }),
      processes: {
        total: reading.pids,
        running,
        blocked,
        threads: reading.load?.threads ?? 0,
        forksPerSecond,
        lastPid: reading.load?.lastPid ?? 0,
      },
      ...(frame.kernelEvents && { kernelEvents: kernelEvents(frame.kernelEvents, frame.children) }),
      changes,
      table: update.rows,
      ...(!untold && { moved: update.moved }),
      rowOf: (pid) => this.#table.row(pid),
      sampler: {
        implementation: exchange.implementation,
        cpuMs,
        residentBytes: frame.cost.residentBytes,
        frameBytes: frame.bytes,
        roundTripMs,
      },
    };
    return { facts, sample, unknown: update.unknown };
  }

  #remember(reading: Reading): void {
    this.#uptimes.set(reading.seq, reading);
    this.#uptimes.delete(reading.seq - REMEMBERED_FRAMES);
  }

  #factsOf(
    reading: Reading,
    implementation: Implementation,
    cores: number,
    hz: number,
    pageBytes: number,
    bootedAt: number,
  ): HostFacts {
    const { facts } = reading;
    const offset = this.#offset.estimate();
    const connector =
      facts.get('connector') ?? (implementation === 'awk' ? 'refused: awk has no sockets' : undefined);
    return {
      hostname: facts.get('hostname') ?? '',
      kernel: facts.get('kernel') ?? '',
      osName: facts.get('os') ?? 'Linux',
      cores,
      bootId: facts.get('boot') ?? '',
      bootedAt,
      ticksPerSecond: hz,
      pageBytes,
      clockOffsetMs: offset.offsetMs,
      clockUncertaintyMs: offset.uncertaintyMs,
      container: this.#isContainer(reading),
      ...(connector !== undefined && { processConnector: connector }),
    };
  }

  #isContainer(reading: Reading): boolean {
    const limit = reading.cgroupMemory?.limitBytes;
    const total = (reading.values.get('mMemTotal') ?? 0) * 1024;
    const quota = reading.cgroupCpu?.quotaCores;
    if ((limit !== undefined && limit < total) || (quota !== undefined && quota < reading.cpu.size - 1))
      return true;
    // Outside every pid namespace pid 2 is the kernel's thread daemon; where pid 1 is hidden too, nothing can be said.
    return this.#table.row(1) !== undefined && this.#table.row(2)?.name !== 'kthreadd';
  }
}

/** Where one process in so many was told of, as many times that happened. */
function kernelEvents(
  { oneIn, lost }: NonNullable<Frame['kernelEvents']>,
  children: readonly ChildrenOf[],
): NonNullable<Sample['kernelEvents']> {
  const times = (one: ChildrenOf): ChildrenOf => ({
    ...one,
    started: one.started * oneIn,
    executed: one.executed * oneIn,
    ended: one.ended * oneIn,
    endings: one.endings.map((ending) => ({ ...ending, count: ending.count * oneIn })),
  });
  return { oneIn, lost, children: oneIn === 1 ? children : children.map(times) };
}

/** /proc/stat tells whole seconds; clock less uptime is finer, unless the uptime is a container's own. */
function bootTime({ values, clock, uptimeMs }: Reading): number {
  const whole = (values.get('sbtime') ?? 0) * 1000;
  const fine =
    clock && clock.resolutionMs < 1000 && uptimeMs !== undefined ? clock.epochMs - uptimeMs : whole;
  return Math.abs(fine - whole) < 1_500 ? Math.round(fine) : whole;
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}
