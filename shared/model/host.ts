import type { Brand } from '../base/brand.ts';
import type { ConnectionExtras } from './forward.ts';

/** The `id` of a host in its workspace: 1 to 64 of letters, digits, `.`, `_`, `-`. */
export type HostId = Brand<string, 'HostId'>;

export type TransportKind = 'ssh' | 'ssm' | 'command' | 'local';

/** What the renderer shows of a host that is open. `address` is for people: `deploy@10.0.0.1:22`, `this machine`. */
export interface HostSummary {
  id: HostId;
  tags: string[];
  transport: TransportKind;
  address: string;
  link: LinkState;
  /** Known after the first sample. */
  facts?: HostFacts;
  /** What the sampler is doing, apart from the link. */
  sampler: SamplerState;
  /** Absent where the transport has none. */
  extras?: ConnectionExtras;
}

/** Facts that do not change while a host is up. */
export interface HostFacts {
  hostname: string;
  kernel: string;
  osName: string;
  cores: number;
  bootId: string;
  /** Epoch milliseconds by the host's clock. */
  bootedAt: number;
  /** /proc clock ticks a second (CLK_TCK), nearly always 100. */
  ticksPerSecond: number;
  pageBytes: number;
  /** Host clock minus workbench clock, milliseconds; the uncertainty is half the best round trip. */
  clockOffsetMs: number;
  clockUncertaintyMs: number;
  /** True when the sampler sees a cgroup limit below the machine's, or runs in a pid namespace. */
  container: boolean;
  /** `on`, or why the kernel's own word of forks and exits is not had (`refused: …`); absent before it is known. */
  processConnector?: string;
}

/**
 * What stands between us and the host, as far as a failed attempt, or a look beside a stalled connection, tells.
 * - `no_name`: the name cannot be looked up
 * - `no_route`: this machine knows no way there (ENETUNREACH)
 * - `host_unreachable`: a router, or the host's own network, says that it is not there (EHOSTUNREACH)
 * - `no_answer`: packets go unanswered: the link is down, or the host off
 * - `not_listening`: the host answers, and nothing listens at the port
 * - `turned_away`: sshd runs, and has no place for another login (MaxStartups)
 * - `ssh_dying`: TCP connects, and no greeting or no verdict about the login comes: the host runs and is starved
 */
export type LinkCause =
  | 'no_name'
  | 'no_route'
  | 'host_unreachable'
  | 'no_answer'
  | 'not_listening'
  | 'turned_away'
  | 'ssh_dying';

/** Of a link that stood before, since when it does not (epoch ms); and why, as far as the attempts so far tell. */
interface DownLink {
  downSince?: number;
  cause?: LinkCause;
}

/**
 * One link, one state. `since` is epoch milliseconds. Words on the screen come from `describeLink`.
 * - `held`: the workspace file's command is not approved yet
 * - `stalled`: the connection stands, keepalives are unanswered
 * - `lost`: it ended and nothing is being tried; `reconnecting`: it ended and will be tried at `nextTryAt`
 * - `refused`: trying again cannot help (key changed, authentication failed, malformed entry); `gone`: there is nothing there
 *   any more that could be tried, as was meant (a task that a deployment replaced)
 */
export type LinkState =
  | { kind: 'idle'; since: number }
  | { kind: 'held'; since: number; reason: string }
  | ({ kind: 'connecting'; since: number; attempt: number } & DownLink)
  | ({ kind: 'authenticating'; since: number; attempt: number } & DownLink)
  | { kind: 'good'; since: number; roundTripMs?: number }
  | { kind: 'degraded'; since: number; reason: string; roundTripMs?: number }
  | { kind: 'stalled'; since: number; reason: string; cause?: LinkCause }
  | { kind: 'lost'; since: number; reason: string; cause?: LinkCause }
  | ({ kind: 'reconnecting'; since: number; reason: string; attempt: number; nextTryAt: number } & DownLink)
  | { kind: 'refused'; since: number; reason: string; advice: string; gone?: true }
  | { kind: 'closed'; since: number };

export type SamplerState =
  | { kind: 'off' }
  | { kind: 'starting'; since: number }
  | { kind: 'running'; implementation: 'perl' | 'awk' }
  | { kind: 'silent'; since: number; reason: string }
  /** It stays that while it is tried again. */
  | { kind: 'failed'; since: number; reason: string; advice: string };

/** True while commands can be sent. */
export function isUp(link: LinkState): boolean {
  return link.kind === 'good' || link.kind === 'degraded' || link.kind === 'stalled';
}
