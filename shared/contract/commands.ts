import { z } from 'zod';
import type { AwsInventory, AwsSession } from '../model/awsInventory.ts';
import { DIAGNOSES, type DiagnosisResult } from '../model/diagnosis.ts';
import type { HostId, HostSummary } from '../model/host.ts';
import type { Incident, IncidentId } from '../model/incident.ts';
import type { MetricVector } from '../model/metric.ts';
import type { PaneId, PaneSummary } from '../model/pane.ts';
import type { ProcessRow } from '../model/process.ts';
import {
  MOST_PROCESSES,
  MOST_SECONDS,
  PROFILE_WAYS,
  type Profile,
  type ProfileId,
  type ProfilePlan,
  type ProfilePlanId,
  type ProfileSummary,
} from '../model/profile.ts';
import type { Prompt, PromptId } from '../model/prompt.ts';
import type { PlanId, RemediationPlan, RemediationRecord } from '../model/remediation.ts';
import type { ScrollbackHits, ScrollbackPart } from '../model/scrollback.ts';
import type { EventId, TimelineEvent } from '../model/timelineEvent.ts';
import type { UserSettings } from '../model/userSettings.ts';
import type { Runbook, WindowSpec, WorkspaceProblem } from '../model/workspace.ts';
import { type LayoutState, layoutStateSchema } from '../panes/layoutState.ts';
import { processIdentity, remediationRequest } from './remediationRequest.ts';

const idOf = <Id extends string>() =>
  z
    .string()
    .min(1)
    .max(64)
    .transform((v) => v as Id);
const hostId = idOf<HostId>();
const paneId = idOf<PaneId>();
const eventId = idOf<EventId>();
const planId = idOf<PlanId>();
const incidentId = idOf<IncidentId>();
const promptId = idOf<PromptId>();
const profileId = idOf<ProfileId>();
const profilePlanId = idOf<ProfilePlanId>();
const path = z.string().min(1).max(4096);
const columns = z.number().int().min(2).max(2000);
const rows = z.number().int().min(1).max(1000);
const epochMs = z.number().min(0).max(8.64e15);
const prose = z.string().max(100_000);
const none = z.object({}).strict();

/** Declares a command: its argument schema at run time, its result in the types. */
function command<Result>() {
  return <Schema extends z.ZodType>(args: Schema) => ({ args }) as Command<Schema, Result>;
}

interface Command<Schema extends z.ZodType, Result> {
  args: Schema;
  /** Exists in the types only. */
  readonly result?: Result;
}

/** Everything a window needs to draw itself, at start and after a reload. */
export interface Snapshot {
  version: string;
  home: 'electron' | 'web';
  /** The workbench's clock, epoch ms, when the snapshot was made. */
  now: number;
  workspace: WorkspaceView;
  hosts: HostSummary[];
  panes: PaneSummary[];
  layout: LayoutState | null;
  prompts: Prompt[];
  incident: Incident | null;
  /** The newest first, at most 500. */
  events: TimelineEvent[];
  /** Where the record is kept. */
  recordDirectory: string;
  settings: UserSettings;
}

export interface WorkspaceView {
  name: string;
  path?: string;
  problems: WorkspaceProblem[];
  /**
   * Commands of this file that wait for the user's approval, by host, as they would run: on this machine, or typed into
   * a pane of the host, a line each.
   */
  held: { host: HostId; command: string; typed?: true }[];
  contentHash?: string;
  /** Remediations of the file's own. */
  runbooks: Runbook[];
  /** The file's own windows and splits, for a window that has no layout of its own yet. */
  panes?: WindowSpec[];
}

export interface RecentWorkspace {
  path: string;
  name: string;
  openedAt: number;
}

export interface DirectoryListing {
  path: string;
  parent: string | null;
  entries: { name: string; directory: boolean }[];
}

/** `text`: standard output and error, as they came apart; hostile. */
export interface HostAnswer {
  text: string;
  exitCode?: number;
  tookMs: number;
  truncated: boolean;
}

/** What a workspace can be made of. */
export const IMPORT_SOURCES = ['ssh_config', 'ansible', 'tmuxinator', 'tmuxp'] as const;
export type ImportSource = (typeof IMPORT_SOURCES)[number];

export interface ImportPreview {
  /** Workspace YAML, to be edited and saved. */
  text: string;
  hostCount: number;
  warnings: string[];
}

export interface Recording {
  /** asciicast v2 output from `fromByte` on, as raw terminal bytes, base64. */
  base64: string;
  fromByte: number;
  totalBytes: number;
}

export interface ExportedReport {
  fileName: string;
  mediaType: string;
  content: string;
  /** Where it was also written, on the machine of the core. */
  savedTo: string;
}

/**
 * The allow-list: every command a renderer can give, with the schema of its arguments and (as a type) its result.
 * The core validates arguments once, here; names that are not in this table are refused.
 */
export const COMMANDS = {
  'app.snapshot': command<Snapshot>()(none),

  'workspace.recent': command<RecentWorkspace[]>()(none),
  /** `partial`: open the hosts that are fine although the file has problems. Fails with `workspace_invalid` and the problems as data. */
  'workspace.open': command<Snapshot>()(z.object({ path, partial: z.boolean().default(false) }).strict()),
  'workspace.openMachine': command<Snapshot>()(none),
  /** Checks text without opening it. */
  'workspace.check': command<WorkspaceProblem[]>()(z.object({ text: prose }).strict()),
  /** Refuses to overwrite unless told to. */
  'workspace.save': command<{ path: string }>()(
    z.object({ path, text: prose, overwrite: z.boolean().default(false) }).strict(),
  ),
  /** Reads a file of another tool; nothing in it is run. Fails with `refused` where it cannot be read without running it. */
  'workspace.import': command<ImportPreview>()(z.object({ source: z.enum(IMPORT_SOURCES), path }).strict()),
  /** Approves the held commands of the open workspace's file, for exactly this content. */
  'workspace.approve': command<null>()(z.object({ contentHash: z.string().length(64) }).strict()),
  /** What Session Manager could open, by the user's own credentials. */
  'aws.inventory': command<AwsInventory>()(
    z
      .object({
        profile: z.string().min(1).max(256).exactOptional(),
        region: z.string().min(1).max(64).exactOptional(),
      })
      .strict(),
  ),
  /** Who has a session with this host now. */
  'aws.sessions': command<AwsSession[]>()(z.object({ host: hostId }).strict()),
  'files.list': command<DirectoryListing>()(z.object({ path: z.string().max(4096) }).strict()),

  'host.reconnect': command<null>()(z.object({ host: hostId }).strict()),
  'host.disconnect': command<null>()(z.object({ host: hostId }).strict()),
  'prompt.answer': command<null>()(
    z.object({ prompt: promptId, answer: z.array(z.string().max(65_536)).max(20).nullable() }).strict(),
  ),

  /**
   * `place`: which pane of the file's own windows this is, both from 0; its start-up commands are then typed into it.
   * `durable`: the named session that it is attached to. `after`: the pane of an earlier run in whose place it comes; its
   * output is shown above, and its session found again.
   */
  'pane.open': command<PaneSummary>()(
    z
      .object({
        host: hostId,
        columns,
        rows,
        place: z
          .object({ window: z.number().int().min(0), pane: z.number().int().min(0) })
          .strict()
          .optional(),
        /** Of tmux or screen, on the host. */
        durable: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/)
          .optional(),
        after: paneId.optional(),
      })
      .strict(),
  ),
  'pane.close': command<null>()(z.object({ pane: paneId }).strict()),
  'pane.resize': command<null>()(z.object({ pane: paneId, columns, rows }).strict()),
  /** A new shell in a pane whose shell is gone. `another`: the user agrees to one more connection to the host for it. */
  'pane.restart': command<null>()(z.object({ pane: paneId, another: z.boolean().optional() }).strict()),
  /** Keeps its shell's session from ending for want of use: AWS ends idle ones. */
  'pane.keepAlive': command<null>()(z.object({ pane: paneId }).strict()),
  /** Output starts to flow to this window: what is on record (the newest `replayBytes`), then live. */
  'pane.attach': command<{ replayedBytes: number; totalBytes: number }>()(
    z.object({ pane: paneId, replayBytes: z.number().int().min(0).max(10_485_760) }).strict(),
  ),
  'pane.recording': command<Recording>()(
    z
      .object({
        pane: paneId,
        fromByte: z.number().int().min(0),
        maxBytes: z.number().int().min(1).max(8_388_608),
      })
      .strict(),
  ),
  /** What the pane has printed, from its recording: rows from `from` on, or from the end where it is negative. */
  'scrollback.read': command<ScrollbackPart>()(
    z
      .object({
        pane: paneId,
        from: z.number().int().min(-10_000_000).max(1e12),
        count: z.number().int().min(1).max(2_000),
        /** With what was printed since the pane was asked about last; row numbers stay. */
        fresh: z.boolean().default(false),
      })
      .strict(),
  ),
  /** Fails with `refused` for an expression that is none, or that takes too long. */
  'scrollback.search': command<ScrollbackHits>()(
    z
      .object({
        pane: paneId,
        text: z.string().min(1).max(1_000),
        regex: z.boolean().default(false),
        caseSensitive: z.boolean().default(false),
        limit: z.number().int().min(1).max(2_000).default(500),
      })
      .strict(),
  ),
  /**
   * Writes the layout to the workspace file as its `panes`, the rest of the file as it stands, comments too. Refused when
   * the file is not as it was when it was opened.
   */
  'layout.writeToFile': command<{ path: string }>()(z.object({ layout: layoutStateSchema }).strict()),
  'layout.save': command<null>()(z.object({ layout: layoutStateSchema }).strict()),

  /** Starts (or stops) the `processes` event for one host. One watched set a window. */
  'processes.watch': command<{ at: number; rows: ProcessRow[] } | null>()(
    z.object({ host: hostId.nullable() }).strict(),
  ),
  /** Vectors of `[from, to]`, thinned to at most `points` by taking the last of each bucket. */
  'series.read': command<MetricVector[]>()(
    z
      .object({ host: hostId, from: epochMs, to: epochMs, points: z.number().int().min(2).max(5000) })
      .strict(),
  ),

  'timeline.read': command<TimelineEvent[]>()(
    z.object({ before: epochMs.optional(), limit: z.number().int().min(1).max(2000) }).strict(),
  ),
  'timeline.note': command<TimelineEvent>()(
    z
      .object({ text: z.string().trim().min(1).max(10_000), at: epochMs.optional(), host: hostId.optional() })
      .strict(),
  ),

  /** Looks at a host or a process, read-only; what it printed is kept on the timeline. */
  'diagnosis.run': command<DiagnosisResult>()(
    z
      .object({
        host: hostId,
        diagnosis: z.enum(DIAGNOSES.map(({ id }) => id)),
        target: processIdentity.exactOptional(),
        asRoot: z.boolean().default(false),
        /** The event that it is to explain. */
        event: eventId.exactOptional(),
      })
      .strict(),
  ),
  /** One command of the user's on one host, as typed; bounded in time and output. */
  'host.ask': command<HostAnswer>()(
    z.object({ host: hostId, command: z.string().trim().min(1).max(4096) }).strict(),
  ),
  /** Puts what was asked on the timeline. */
  'evidence.keep': command<TimelineEvent>()(
    z
      .object({
        title: z.string().trim().min(1).max(300),
        outputs: z
          .array(
            z
              .object({
                command: z.string().max(4096),
                text: z.string().max(200_000),
                exitCode: z.number().int().exactOptional(),
              })
              .strict(),
          )
          .max(200),
      })
      .strict(),
  ),
  /** Reads the host and shows what a profile would do and cost. A plan with `refusal` cannot be run. */
  'profile.plan': command<ProfilePlan>()(
    z
      .object({
        host: hostId,
        targets: z.union([
          z.object({ processes: z.array(processIdentity).min(1).max(MOST_PROCESSES) }).strict(),
          z.object({ name: z.string().min(1).max(64) }).strict(),
        ]),
        seconds: z.number().int().min(1).max(MOST_SECONDS),
        way: z.enum(PROFILE_WAYS).exactOptional(),
      })
      .strict(),
  ),
  /** Progress arrives as `profile` events; the result comes when it is on record. */
  'profile.run': command<ProfileSummary>()(
    z.object({ plan: profilePlanId, event: eventId.exactOptional() }).strict(),
  ),
  'profile.cancel': command<null>()(z.object({ plan: profilePlanId }).strict()),
  'profile.list': command<ProfileSummary[]>()(none),
  'profile.read': command<Profile>()(z.object({ profile: profileId }).strict()),
  /** Puts the comparison of two on the timeline, and so into the report. */
  'profile.compare': command<null>()(z.object({ profile: profileId, against: profileId }).strict()),
  /** Nothing happens yet: reads the host, shows what would run. A plan with `refusal` cannot be executed. */
  'remediation.plan': command<RemediationPlan>()(
    z.object({ host: hostId, request: remediationRequest, event: eventId.optional() }).strict(),
  ),
  /** Confirms a plan. Progress arrives as `remediation` events; the result is the finished record. */
  'remediation.execute': command<RemediationRecord>()(z.object({ plan: planId }).strict()),
  /** For an outcome `unknown`: looks again. */
  'remediation.verify': command<RemediationRecord>()(z.object({ plan: planId }).strict()),
  'remediation.list': command<RemediationRecord[]>()(none),

  'incident.start': command<Incident>()(
    z
      .object({
        title: z.string().trim().min(1).max(300),
        severity: z.enum(['SEV1', 'SEV2', 'SEV3', 'SEV4']),
        impactBeganAt: epochMs.optional(),
      })
      .strict(),
  ),
  'incident.update': command<Incident>()(
    z
      .object({
        incident: incidentId,
        title: z.string().trim().min(1).max(300).optional(),
        severity: z.enum(['SEV1', 'SEV2', 'SEV3', 'SEV4']).optional(),
        summary: prose.optional(),
        impactBeganAt: epochMs.optional(),
        detectedAt: epochMs.optional(),
        mitigatedAt: epochMs.optional(),
        resolvedAt: epochMs.optional(),
      })
      .strict(),
  ),
  'incident.end': command<Incident>()(z.object({ incident: incidentId }).strict()),
  'incident.list': command<Incident[]>()(none),
  'report.export': command<ExportedReport>()(
    z
      .object({
        /** Absent: the running incident, else the latest, else all that is on record of this workspace. */
        incident: incidentId.optional(),
        format: z.enum(['md', 'html', 'json']),
        /** IANA zone in which times are written beside UTC. */
        timeZone: z.string().max(64).optional(),
      })
      .strict(),
  ),
} as const;

export type CommandName = keyof typeof COMMANDS;
/** Arguments as a caller writes them (defaults left out). */
export type CommandInput<Name extends CommandName> = z.input<(typeof COMMANDS)[Name]['args']>;
/** Arguments as a handler receives them. */
export type CommandArguments<Name extends CommandName> = z.output<(typeof COMMANDS)[Name]['args']>;
export type CommandResult<Name extends CommandName> =
  | NonNullable<(typeof COMMANDS)[Name]['result']>
  | ResultNull<Name>;
type ResultNull<Name extends CommandName> =
  null extends Exclude<(typeof COMMANDS)[Name]['result'], undefined> ? null : never;
