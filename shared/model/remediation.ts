import type { Brand } from '../base/brand.ts';
import type { HostId } from './host.ts';
import type { ProcessIdentity } from './process.ts';
import type { EventId } from './timelineEvent.ts';

export type PlanId = Brand<string, 'PlanId'>;

export type ActionName = 'process.kill';

/** `process.kill`: SIGKILL is only offered after SIGTERM did not end the process. */
export interface KillArguments {
  target: ProcessIdentity;
  signal: 'TERM' | 'KILL';
}

/** What will be done, in full, before anyone is asked. Everything here is shown. */
export interface RemediationPlan {
  id: PlanId;
  action: ActionName;
  host: HostId;
  arguments: KillArguments;
  /** `Kill pid 10078 (ruby)`: verb and target, the words of the button and of the audit. */
  title: string;
  /** The exact command that will run on the host. */
  command: string;
  /** What it touches, one sentence each: listening ports, children, who started it. */
  touches: string[];
  needs: string;
  verification: string;
  createdAt: number;
  /** Set when it cannot be done: why, and what is there now. Such a plan cannot be executed. */
  refusal?: string;
  event?: EventId;
}

export type RemediationOutcome = 'succeeded' | 'failed' | 'refused' | 'unknown';

export interface RemediationStep {
  name: 'intent' | 'guard' | 'execute' | 'verify' | 'effect' | 'record';
  state: 'running' | 'done' | 'failed' | 'unknown';
  at: number;
  text: string;
}

/** The audit's row. Written before the command runs (no outcome yet), and again at the end. */
export interface RemediationRecord {
  plan: RemediationPlan;
  actor: string;
  confirmedAt: number;
  steps: RemediationStep[];
  outcome?: RemediationOutcome;
  /** One sentence: what came of it. */
  verdict?: string;
  exitCode?: number;
  output?: string;
  /** Busy CPU in cores, mean of the ten seconds before and after; absent where not known. */
  cpuBefore?: number;
  cpuAfter?: number;
  finishedAt?: number;
  /** Set when SIGTERM was delivered and the process still stands: the plan for SIGKILL may be asked for. */
  offerKill?: boolean;
}
