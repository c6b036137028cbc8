import type { Brand } from '../base/brand.ts';
import type { HostId } from './host.ts';
import type { ProcessIdentity } from './process.ts';
import type { EventId } from './timelineEvent.ts';

export type ProfileId = Brand<string, 'ProfileId'>;
export type ProfilePlanId = Brand<string, 'ProfilePlanId'>;

/** `inspector`: Node's own profiler, without a restart. `perf`: the kernel's, for anything. */
export const PROFILE_WAYS = ['inspector', 'perf'] as const;
export type ProfileWay = (typeof PROFILE_WAYS)[number];

export const MOST_SECONDS = 60;
/** So many processes at once, the busiest first. */
export const MOST_PROCESSES = 32;

/** Which processes: these, or all that the kernel knows by this name. */
export type ProfileTargets = { processes: ProcessIdentity[] } | { name: string };

/** What will be done, before anyone is asked. All text from the host in it is hostile. */
export interface ProfilePlan {
  id: ProfilePlanId;
  host: HostId;
  /** `Profile 3 processes (node) for 10 s` */
  title: string;
  way: ProfileWay;
  seconds: number;
  /** The exact command that will run on the host. */
  command: string;
  /** What the command is given on its standard input, where that is a program. */
  program?: string;
  processes: PlannedProcess[];
  /** What it does to the processes, one sentence each. */
  touches: string[];
  /** What it costs the host. */
  cost: string;
  needs: string;
  /** What the result will lack, and what would help. */
  notes: string[];
  /** The other ways, with what stands against each. */
  ways: { way: ProfileWay; refusal?: string }[];
  /** Set when it cannot be done: why, and the remedy. Such a plan cannot be run. */
  refusal?: string;
  createdAt: number;
}

export interface PlannedProcess {
  identity: ProcessIdentity;
  name: string;
  command: string;
  /** Share of one core; absent where it was not sampled. */
  cpu?: number;
  /** Why it is left out. */
  refusal?: string;
}

export interface ProfileProgress {
  plan: ProfilePlanId;
  host: HostId;
  phase: 'opening' | 'sampling' | 'reading';
  /** When the sampling ends, epoch ms of the workbench's clock. */
  until?: number;
  /** Processes that are done with this phase. */
  done: number;
  of: number;
}

/** A profile on record, without its stacks. */
export interface ProfileSummary {
  id: ProfileId;
  host: HostId;
  /** `3 × node, 10 s` */
  title: string;
  /** Of the processes, as the kernel knows them. */
  name: string;
  way: ProfileWay;
  /** Epoch ms by the workbench's clock, and for how long it sampled. */
  at: number;
  seconds: number;
  processes: ProfiledProcess[];
  /** What there is to know about its gaps, one sentence each. */
  notes: string[];
  event?: EventId;
}

export interface ProfiledProcess {
  identity: ProcessIdentity;
  name: string;
  command: string;
  /** How often it was looked at while it was on the CPU. */
  samples: number;
  /** Share of the looks in which it was idle; absent where only busy ones are counted. */
  idleShare?: number;
  /** Why there is none of it. */
  failure?: string;
}

/** Weights are samples of `perf`, microseconds of `inspector`. */
export interface Profile extends ProfileSummary {
  /** In the order of `processes`: folded stacks (`root;caller;leaf WEIGHT` lines), empty where there are none. */
  folded: string[];
}
