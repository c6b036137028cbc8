import type { DetectorContext } from './detector.ts';
import type { SeenSample } from './goneProcess.ts';
import type { Victim } from './oomKillEvent.ts';
import type { LoggedKill, OomGroup } from './oomKillGroup.ts';

export const OOM_KILL_THRESHOLDS = {
  /** Kills that were in the log before we came are told when they are no older. */
  backlogMinutes: 10,
  /** How long a counter that rose waits for its line, once the log is known to be readable. */
  waitForLogMs: 1000,
  /** How long a line waits, at the least, for a sample that shows whose kill it is. */
  waitForSampleMs: 1200,
  /** How long it waits for that sample at the most: after a stall, or for a sampler that is being started anew. */
  waitForLateSampleMs: 15_000,
  /** The least that an inferred victim must have held. */
  minimumVictimMiB: 4,
  /** True: kills in other cgroups of a shared machine are told too, even where they are known not to be ours. */
  tellNeighbours: false,
};

export interface OomKillState {
  boot: string;
  watchingSince?: number;
  group?: OomGroup | undefined;
  kills: Kill[];
  rises: Rise[];
  /** The samples of this boot, of the last ten seconds and some more, the newest last. */
  seen: SeenSample[];
  ownCgroups: Set<string>;
  /** The control group whose limit holds for this host, as it sees it; mostly `/`, which says nothing. */
  holder: string | undefined;
  logReadable: boolean;
  count: number;
}

export interface Kill {
  key: string;
  logged: LoggedKill;
  at: number;
  /** What has been told of it, or why not. */
  told: 'no' | 'own' | 'neighbour' | 'never';
  decideBy: number;
  /** A sample may still show that it is ours after it was told as a neighbour's. */
  reviseBy: number;
  counted: boolean;
  victim?: Victim;
  kills: number;
  undescribed: number;
  changed: boolean;
}

/** The counter went up by `count` between two samples. */
export interface Rise {
  key: string;
  count: number;
  from: number;
  to: number;
  decideBy: number;
  ownCgroup: boolean;
  /** Ours for certain: the host's own counter, or a host that shares with nobody. */
  certain: boolean;
  described: number;
  told: boolean;
  victim?: Victim;
  samplesAfter: number;
}

/** A line and the sample that shows its effect differ by a tick, a round trip and the clocks' error. */
export const NEAR_MS = 2500;
/** A counter's rise and its line find each other within so long. */
export const REVISE_MS = 10_000;

export const initialOomKills = (): OomKillState => ({
  boot: '',
  kills: [],
  rises: [],
  seen: [],
  ownCgroups: new Set(),
  holder: undefined,
  logReadable: false,
  count: 0,
});

export function riseFor(state: OomKillState, kill: Kill): Rise | undefined {
  if (kill.counted) return undefined;
  const when = kill.logged.backlog ? kill.at : kill.logged.seenAt;
  return state.rises.find(
    (rise) => rise.described < rise.count && when >= rise.from - NEAR_MS && when <= rise.to + REVISE_MS,
  );
}

/**
 * Whether the kernel's log and counters may tell of others' processes. A memory limit alone (a slice of the login) is
 * no other machine: where the kernel's threads are seen, so is every victim.
 */
export function isShared(state: OomKillState, context: DetectorContext): boolean {
  if (context.facts ? !context.facts.container : state.seen.length === 0) return false;
  return state.seen.at(-1)?.sample.table.find((row) => row.pid === 2)?.name !== 'kthreadd';
}

export function isKnown(state: OomKillState, context: DetectorContext): boolean {
  return context.facts !== undefined && state.seen.length > 0;
}

export function numberOf(context: DetectorContext, name: keyof typeof OOM_KILL_THRESHOLDS): number {
  const value = context.thresholds[name] ?? OOM_KILL_THRESHOLDS[name];
  return typeof value === 'number' ? value : 0;
}
