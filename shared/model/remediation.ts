import type { Brand } from '../base/brand.ts';
import type { HostId } from './host.ts';
import type { ProcessIdentity } from './process.ts';
import type { EventId } from './timelineEvent.ts';

export type PlanId = Brand<string, 'PlanId'>;

/** What can be done, with what it needs to know. A plan, a suggestion and the audit all carry one of these. */
export type RemediationRequest =
  | { action: 'process.kill'; arguments: KillArguments }
  | { action: 'process.pause'; arguments: PauseArguments }
  | { action: 'process.renice'; arguments: ReniceArguments }
  | { action: 'ssh.protect'; arguments: Record<string, never> }
  | { action: 'service.control'; arguments: ServiceArguments }
  | { action: 'file.truncate_deleted'; arguments: TruncateArguments }
  | { action: 'journal.vacuum'; arguments: VacuumArguments }
  | { action: 'runbook.run'; arguments: RunbookArguments }
  | { action: 'erlang.disconnect_node'; arguments: DisconnectNodeArguments }
  | { action: 'aws.control_host'; arguments: ControlHostArguments }
  | { action: 'aws.terminate_session'; arguments: TerminateSessionArguments };

/** `process.kill`: SIGKILL is only offered after SIGTERM did not end the process. */
export interface KillArguments {
  target: ProcessIdentity;
  signal: 'TERM' | 'KILL';
  /** Its descendants too, after it: as they are when it is planned. */
  tree?: boolean;
}

/** SIGSTOP, or SIGCONT to let it go on. */
export interface PauseArguments {
  target: ProcessIdentity;
  resume: boolean;
}

/** -20 is served first, 19 last. All threads of the process. */
export interface ReniceArguments {
  target: ProcessIdentity;
  nice: number;
}

export const SERVICE_MANAGERS = ['systemd', 'runit', 'daemontools', 'upstart'] as const;
export type ServiceManager = (typeof SERVICE_MANAGERS)[number];

/** `name`: a unit's or job's name; of runit and daemontools the service's directory. From a host: hostile. */
export interface ServiceArguments {
  manager: ServiceManager;
  name: string;
  operation: 'restart' | 'stop' | 'start';
}

/** A file that was deleted and is still held open: its blocks are only freed when it is cut. */
export interface TruncateArguments {
  target: ProcessIdentity;
  descriptor: number;
  inode: number;
}

/** The journal of systemd, down to this size. */
export interface VacuumArguments {
  keepBytes: number;
}

/** One of the workspace's own, by name. Parameters as text, checked against their types. */
export interface RunbookArguments {
  runbook: string;
  parameters: Record<string, string>;
}

/** `erlang:disconnect_node` on the node that `service` runs. `node` is an atom's text, from a host: hostile. */
export interface DisconnectNodeArguments {
  service: ProcessIdentity;
  node: string;
  /** The node's own process, where it runs on the same host: what could be ended next. */
  process?: ProcessIdentity;
  /** Also gives the service another cookie for this node alone, so that it cannot come back. */
  keepOut?: boolean;
}

/** Of the host's own instance, or task of ECS: which one is the workspace's to say. */
export interface ControlHostArguments {
  operation: 'reboot' | 'stop' | 'start' | 'stop_task';
}

/** A session of Session Manager with this host, of ours or of somebody else. */
export interface TerminateSessionArguments {
  sessionId: string;
}

/** What will be done, in full, before anyone is asked. Everything here is shown. */
export type RemediationPlan = RemediationRequest & PlanText;

export interface PlanText {
  id: PlanId;
  host: HostId;
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
  /** What may be planned next, such as SIGKILL where SIGTERM was delivered and the process still stands. */
  offers?: (RemediationRequest & { label: string; host: HostId })[];
}
