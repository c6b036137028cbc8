import type { ConnectionExtras } from '../model/forward.ts';
import type { HostFacts, HostId, HostSummary, LinkState, SamplerState } from '../model/host.ts';
import type { Incident } from '../model/incident.ts';
import type { MetricVector } from '../model/metric.ts';
import type { PaneId, PaneSummary } from '../model/pane.ts';
import type { ProcessRow } from '../model/process.ts';
import type { ProfileProgress } from '../model/profile.ts';
import type { Prompt, PromptId } from '../model/prompt.ts';
import type { RemediationRecord } from '../model/remediation.ts';
import type { TimelineEvent } from '../model/timelineEvent.ts';
import type { Snapshot } from './commands.ts';

/** What the core tells every window, by name. Pane output does not travel here: see wire.ts. */
export interface ContractEvents {
  /** Another workspace is open now: start over from this. */
  'workspace.opened': Snapshot;
  /** Hosts came or went, as the tasks of a service do: all that are open now, in order. */
  hosts: HostSummary[];
  'host.link': { host: HostId; link: LinkState };
  /** Forwards, the forwarded agent, notices: at once when one changes its state, at most once a second for traffic. */
  'host.extras': { host: HostId; extras: ConnectionExtras };
  'host.sampler': { host: HostId; sampler: SamplerState; facts?: HostFacts };
  /** All hosts that ticked since the last batch; at most four batches a second. */
  samples: { host: HostId; vector: MetricVector }[];
  /** Only for the host this window watches. */
  processes: { host: HostId; at: number; rows: ProcessRow[] };
  /** New or revised. */
  timeline: TimelineEvent;
  pane: PaneSummary;
  'pane.closed': { pane: PaneId };
  'prompt.asked': Prompt;
  'prompt.settled': { prompt: PromptId };
  remediation: RemediationRecord;
  incident: Incident;
  /** Of a profile that is being taken. */
  profile: ProfileProgress;
}

export type ContractEventName = keyof ContractEvents;
