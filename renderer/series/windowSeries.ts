import type { HostId } from '../../shared/model/host.ts';
import type { MetricVector } from '../../shared/model/metric.ts';
import type { TimeWindow } from '../stores/ui.ts';
import { announceSeries, type HostSeries, RING_SPAN_MS, seriesEpoch, seriesOf } from './samples.ts';
import { GAP_MS, SeriesRing, type SeriesView } from './seriesRing.ts';

/** One host's series for a window, with what is known about its completeness. */
export interface WindowSeries {
  view: SeriesView;
  /** `loading`: the record is being read, what is here is shown meanwhile. */
  state: 'ready' | 'loading' | 'failed';
  /** The newest tick of all, which may lie before the window. */
  newestAt: number | undefined;
}

/** `series.read`, as the window's connection offers it. */
export type ReadSeries = (request: {
  host: HostId;
  from: number;
  to: number;
  points: number;
}) => Promise<MetricVector[]>;

/** As many points as the widest chart has pixels to show, and as the contract allows. */
const PAST_POINTS = 1200;
const RING_POINTS = 3700;
/** A window that moves under the pointer (the scrubber) asks once it rests. */
const REST_MS = 120;
const CACHED_WINDOWS = 48;
/** A failed read is tried again at the next look after this. */
const RETRY_MS = 5000;
/** Reads under way at once, over all hosts: a reload with a hundred hosts must not queue behind itself. */
const PARALLEL_READS = 4;

/** A window that ends later than this before now may still grow. */
const GROWS_MS = 10_000;

interface Cached {
  ring: SeriesRing;
  gapMs: number;
}

interface Wanted {
  key: string;
  host: HostId;
  from: number;
  to: number;
  points: number;
  settle: (vectors: MetricVector[]) => void;
}

/**
 * Answers at once with what is here, and asks the core for what is not: history before the first live tick goes into the
 * ring, older windows into a small cache. Of the windows asked for a host only the last is read; the others are dropped.
 * Listeners of the host's series are told when something arrived.
 */
export class WindowReader {
  #read: ReadSeries;
  #now: () => number;
  #after: (milliseconds: number, run: () => void) => void;
  #cache = new Map<string, Cached>();
  #failedAt = new Map<string, number>();
  #waiting = new Map<string, Wanted>();
  #running = new Set<string>();
  #generation = 0;
  #epoch = seriesEpoch();

  constructor(read: ReadSeries, now: () => number, after: (milliseconds: number, run: () => void) => void) {
    this.#read = read;
    this.#now = now;
    this.#after = after;
  }

  /** Forgets the cache and whatever is under way: another workspace, or a core that came back. */
  reset(): void {
    this.#epoch = seriesEpoch();
    this.#generation++;
    this.#cache.clear();
    this.#failedAt.clear();
    this.#waiting.clear();
    this.#running.clear();
  }

  window(host: HostId, time: TimeWindow): WindowSeries {
    if (this.#epoch !== seriesEpoch()) this.reset();
    const now = this.#now();
    const from = time.kind === 'live' ? now - time.spanMs : time.from;
    const to = time.kind === 'live' ? now : time.to;
    const series = seriesOf(host);
    const newestAt = series.ring.newestAt;
    if (covers(series, from)) return { view: series.ring.window(from, to), state: 'ready', newestAt };
    // A window that still grows belongs into the ring, where its next ticks arrive.
    if (from >= now - RING_SPAN_MS && to > now - GROWS_MS) {
      const state = this.#cover(host, from, now);
      return { view: series.ring.window(from, to), state, newestAt };
    }
    return { ...this.#past(host, from, to), newestAt };
  }

  /** Reads what the record has of a growing window into the ring. */
  #cover(host: HostId, from: number, now: number): 'loading' | 'failed' {
    const key = `growing ${host}`;
    const series = seriesOf(host);
    return this.#want(key, {
      key,
      host,
      from: Math.floor(from),
      to: Math.ceil(now),
      points: RING_POINTS,
      settle: (vectors) => {
        series.ring.merge(vectors);
        series.coveredFrom = Math.min(series.coveredFrom, from);
      },
    });
  }

  #past(host: HostId, from: number, to: number): Pick<WindowSeries, 'view' | 'state'> {
    const key = `${host} ${Math.round(from)} ${Math.round(to)}`;
    const cached = this.#cache.get(key);
    if (cached) {
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      return { view: cached.ring.window(from, to, cached.gapMs), state: 'ready' };
    }
    // Thinned to one tick a bucket, ticks stand further apart without a gap between them.
    const gapMs = Math.max(GAP_MS, ((to - from) / PAST_POINTS) * 2.5);
    const state = this.#want(`past ${host}`, {
      key,
      host,
      from: Math.max(0, Math.floor(from - gapMs)),
      to: Math.ceil(Math.max(to + gapMs, from + 1)),
      points: PAST_POINTS,
      settle: (vectors) => {
        const ring = new SeriesRing(Math.max(1, vectors.length));
        ring.merge(vectors);
        this.#cache.set(key, { ring, gapMs });
        const [oldest] = this.#cache.keys();
        if (this.#cache.size > CACHED_WINDOWS && oldest !== undefined) this.#cache.delete(oldest);
      },
    });
    return { view: seriesOf(host).ring.window(from, to), state };
  }

  #want(lane: string, wanted: Wanted): 'loading' | 'failed' {
    const failedAt = this.#failedAt.get(wanted.key);
    if (failedAt !== undefined && this.#now() - failedAt < RETRY_MS) return 'failed';
    const waited = this.#waiting.has(lane);
    this.#waiting.set(lane, wanted);
    if (!waited && !this.#running.has(lane)) this.#after(REST_MS, () => this.#startWaiting());
    return 'loading';
  }

  #startWaiting(): void {
    for (const [lane, wanted] of this.#waiting) {
      if (this.#running.size >= PARALLEL_READS) return;
      if (this.#running.has(lane)) continue;
      this.#waiting.delete(lane);
      this.#running.add(lane);
      void this.#run(lane, wanted);
    }
  }

  async #run(lane: string, wanted: Wanted): Promise<void> {
    const generation = this.#generation;
    const { key, host, from, to, points } = wanted;
    let vectors: MetricVector[] | undefined;
    try {
      vectors = await this.#read({ host, from, to, points });
    } catch {
      // A core that is away or a host that is gone: the window stays as it is, and is asked for again later.
      vectors = undefined;
    }
    if (generation !== this.#generation || this.#epoch !== seriesEpoch()) return;
    this.#running.delete(lane);
    if (vectors) {
      this.#failedAt.delete(key);
      wanted.settle(vectors);
      // Drawings ask on every redraw: what waits for the window that has just arrived is no longer wanted.
      if (this.#waiting.get(lane)?.key === key) this.#waiting.delete(lane);
    } else {
      this.#failedAt.set(key, this.#now());
      if (this.#waiting.get(lane)?.key === key) this.#waiting.delete(lane);
    }
    this.#startWaiting();
    announceSeries(host);
  }
}

/** A full ring has dropped what is older than its oldest tick. */
function covers({ ring, coveredFrom }: HostSeries, from: number): boolean {
  if (coveredFrom > from) return false;
  return ring.length < ring.capacity || (ring.oldestAt ?? Number.POSITIVE_INFINITY) <= from;
}
