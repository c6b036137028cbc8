import type { HostId } from './host.ts';

/** A validated workspace. `electron/core/workspace` makes it from YAML; paths are expanded and absolute. */
export interface Workspace {
  version: 1;
  name: string;
  /** The file it came from; absent for "This machine". */
  path?: string;
  /** SHA-256 of the file's bytes, hex: what an approval is for. */
  contentHash?: string;
  hosts: WorkspaceHost[];
  logs: WatchedLog[];
  /** Absent: one pane a host, tiled. */
  panes?: WindowSpec[];
  thresholds: ThresholdRule[];
  /** Remediations of the user's own. */
  runbooks: Runbook[];
}

/**
 * POSIX shell that the workspace declares. Parameters are shell variables of their own name: set by us, from arguments,
 * never spliced into the text.
 */
export interface Runbook {
  /** What it is called in a request. */
  name: string;
  title: string;
  /** Host ids or tags; absent: all hosts. */
  on?: string[];
  parameters: RunbookParameter[];
  /** Must succeed, or nothing is run. */
  guard?: string;
  run: string;
  /** Whether it helped. Absent: the exit status of `run` is all that is known. */
  verify?: string;
  /** It needs root. */
  root: boolean;
  timeoutSeconds: number;
}

export type RunbookParameter = { name: string; default?: string } & (
  | { type: 'text' /** The whole value must match. */; pattern?: string }
  | { type: 'integer'; minimum?: number; maximum?: number }
  | { type: 'choice'; choices: string[] }
);

export interface WorkspaceHost {
  id: HostId;
  tags: string[];
  transport: TransportSpec;
}

export type TransportSpec =
  | { kind: 'ssh'; alias: string }
  | {
      kind: 'ssh';
      host: string;
      port?: number;
      user?: string;
      identityFile?: string;
      knownHostsFile?: string;
      /** Aliases or [user@]host[:port], in order, as ProxyJump. */
      jump?: string[];
      hostKeyAlias?: string;
    }
  | { kind: 'local' }
  /** argv of an interactive shell and of a prefix to which one shell command line is appended as a single argument. */
  | { kind: 'command'; shell: string[]; exec: string[] }
  | SsmSpec
  | EcsSpec;

/** An instance through AWS Systems Manager. With `ssh`, ssh is carried over the session, which then gives many channels. */
export interface SsmSpec extends AwsPlace, SessionsKept {
  kind: 'ssm';
  /** `i-…` or `mi-…` */
  target: string;
  ssh?: { user?: string; port?: number; identityFile?: string; knownHostsFile?: string };
  /** Ports of the instance, or of hosts that it reaches, that this machine listens for. */
  forwards?: SsmForward[];
}

export interface SsmForward {
  /** On this machine's loopback addresses. */
  listen: number;
  /** As the instance names it; absent: the instance itself. */
  host?: string;
  port: number;
}

/** A container of one ECS task, or of every running task of a service: then the entry stands for as many hosts. */
export interface EcsSpec extends AwsPlace, SessionsKept {
  kind: 'ecs';
  /** Name or ARN. */
  cluster: string;
  /** Exactly one of the two: a task's id or ARN, a service's name or ARN. */
  task?: string;
  service?: string;
  /** May be left out where the task has one container. */
  container?: string;
}

/** Absent: as the AWS SDK finds them, in the environment and the user's own profile. */
export interface AwsPlace {
  region?: string;
  profile?: string;
}

/** Of a host whose shells are sessions of Session Manager, which end when they are idle. */
export interface SessionsKept {
  /** True: a sign of life is sent in time. The longest duration that the account sets stays the end. */
  keepAlive?: boolean;
}

export interface WatchedLog {
  /** Absolute path on the host; `*`, `?` and `[…]` are expanded there. */
  path: string;
  /** Host ids or tags; absent: all hosts. */
  on?: string[];
  /** Patterns whose lines are told on the timeline. */
  match?: LogMatch[];
}

export interface LogMatch {
  /** A regular expression without back references and look-around: it is matched in linear time. */
  pattern: string;
  severity: 'info' | 'warning' | 'critical';
  ignoreCase?: boolean;
}

/** A window of panes, as tmux has them. */
export interface WindowSpec {
  name: string;
  layout: LayoutSpec;
}

export type LayoutSpec =
  | {
      host: HostId;
      /** Lines typed into the pane's first shell, each as if a person had ended it with Enter; held until approved. */
      run?: string[];
      /** The session of tmux or screen on the host that the pane is attached to, and finds again. */
      durable?: string;
    }
  | { split: 'row' | 'column'; children: { size: number; layout: LayoutSpec }[] };

/** One rule for one detector; later rules win, host rules over tag rules over the workspace's. */
export interface ThresholdRule {
  detector: string;
  on?: string[];
  values: Record<string, number | boolean>;
}

/** One fault in a file. `line` and `column` count from 1. */
export interface WorkspaceProblem {
  file: string;
  line: number;
  column: number;
  /** What is wrong, and what was expected. */
  message: string;
  expected: string;
  /** The host it spoils; absent when it spoils the whole file. */
  host?: string;
  severity: 'error' | 'warning';
}
