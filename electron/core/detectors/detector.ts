import type { JsonObject } from '../../../shared/base/json.ts';
import type { HostFacts, HostId, LinkState, SamplerState } from '../../../shared/model/host.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventKind, Evidence, Severity, SuggestedAction } from '../../../shared/model/timelineEvent.ts';
import type { WatchedLog } from '../../../shared/model/workspace.ts';
import type { ErlangNode } from '../erlang/erlangNode.ts';

/**
 * A detector is a pure reducer over what is known of one host, in one file, with one line in `detectors.ts`.
 * It keeps no clock and starts nothing: so a recording can be run through it again. State may be mutated in
 * place by its own reducer; nobody else sees it.
 */
export interface Detector<State> {
  /** Its name in a workspace's `thresholds`. */
  readonly name: string;
  /** Every threshold with its default; a workspace may override only these. */
  readonly thresholds: Readonly<Record<string, number | boolean>>;
  /** The inputs that it looks at; absent: all. A hundred hosts have ten thousand calls a second otherwise. */
  readonly takes?: readonly DetectorInput['type'][];
  /** Of samples, only those with a new look at this, a few of a hundred, and the first after a reboot. */
  readonly looksAt?: Look;
  initial(): State;
  reduce(state: State, input: DetectorInput, context: DetectorContext): readonly DetectorOutput[];
}

/** What nearly every call gives: one for all, since a hundred hosts get four thousand of them a second. */
export const NOTHING: readonly DetectorOutput[] = [];

/** What is looked at rarely; between looks a sample repeats the last. */
export type Look = keyof NonNullable<Sample['lookedAt']>;

export interface DetectorContext {
  host: HostId;
  facts: HostFacts | undefined;
  thresholds: Readonly<Record<string, number | boolean>>;
  /** The followed logs of the workspace that are for this host, with their patterns. */
  logs: readonly WatchedLog[];
  /** Epoch ms of the workbench, of this input. */
  now: number;
}

export type DetectorInput =
  | { type: 'sample'; sample: Sample }
  | { type: 'kernelLine'; line: KernelLine }
  | { type: 'logLine'; line: LogLine }
  | { type: 'link'; link: LinkState }
  | { type: 'sampler'; sampler: SamplerState }
  /** Every Erlang node of the host, and who is connected to it. */
  | { type: 'erlang'; nodes: readonly ErlangNode[] }
  /** Every ten seconds: this host's figures, and those of the others that share a tag with it. */
  | { type: 'peers'; own: HostFigures; tags: readonly { tag: string; others: readonly HostFigures[] }[] }
  /** Once a second, also while a host is silent. `linkAnsweredAt`: when the link last answered, where that is known. */
  | { type: 'tick'; linkAnsweredAt?: number }
  | { type: 'investigated'; question: Question; answer: Answer }
  /** Before the first sample of another boot: for those that keep nothing of samples. */
  | { type: 'reboot' };

/** Means of the last minute of one host. */
export interface HostFigures {
  host: HostId;
  /** Share of all its cores that was busy, 0…1. */
  cpu: number;
  /** Share of its memory that is used. */
  memory: number;
  /** Bytes a second, both ways. */
  network: number;
  kernel: string;
}

export interface KernelLine {
  /** Without priority, facility and time stamp. Hostile. */
  text: string;
  /** Since boot, milliseconds, where the source tells. */
  monotonicMs?: number;
  /** Host clock, epoch ms: from the monotonic stamp and the boot time, or the line's own time. */
  hostAt?: number;
  seenAt: number;
  /** `/dev/kmsg`, `journalctl -k`, `/var/log/kern.log` … */
  source: string;
  /** True for what was already in the log when we came: told for context, not as news. */
  backlog: boolean;
}

export interface LogLine {
  path: string;
  /** At most 64 KiB; `cut` says that there was more. */
  text: string;
  cut: boolean;
  seenAt: number;
}

/**
 * Things that a reducer may ask of the host; answered later by an `investigated` input. Read-only.
 * - `holder`: is this pid alive, who is it, what does it listen on; `pids` from a log line or pid file
 * - `listeners`: who listens on these TCP ports
 */
export type Question =
  | { id: string; kind: 'holder'; pids: number[] }
  | { id: string; kind: 'listeners'; ports: number[] }
  | { id: string; kind: 'pidFiles'; command: string };

export type Answer =
  | { kind: 'processes'; processes: InvestigatedProcess[] }
  | { kind: 'unanswered'; reason: string };

export interface InvestigatedProcess {
  identity: ProcessIdentity;
  parentPid: number;
  name: string;
  command: string;
  startedAt: number;
  listeningPorts: number[];
  /** How it was found: `pid file /run/unicorn.pid`, `listens on 8080`. */
  foundBy: string;
}

/**
 * `key` names one ongoing thing of this detector on this host: `open` again with the same key revises, `close`
 * ends it. The pipeline turns drafts into timeline events (ids, times, clock offset).
 */
export type DetectorOutput =
  | { type: 'event'; key: string; draft: EventDraft }
  | { type: 'close'; key: string; endedAt: number; recovery?: EventDraft }
  | { type: 'ask'; question: Question };

export interface EventDraft {
  kind: EventKind;
  severity: Severity;
  /** Workbench clock, epoch ms: when it happened, best estimate. */
  at: number;
  hostAt?: number;
  /** Short: one line of the timeline. */
  title: string;
  /** One plain sentence with the numbers, as one would say it aloud. Hostile text in it was made visible. */
  verdict?: string;
  detail: JsonObject;
  evidence: Evidence[];
  actions: SuggestedAction[];
  /** True for a moment (an OOM kill): it does not stay open. */
  momentary: boolean;
}
