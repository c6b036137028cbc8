import type { Disposable } from '../../shared/base/disposable.ts';
import type { Event } from '../../shared/base/emitter.ts';
import type { ExportedReport } from '../../shared/contract/commands.ts';
import type { ContractEvents } from '../../shared/contract/events.ts';
import type { FrameChannel } from '../../shared/contract/wire.ts';
import type { HostId, HostSummary } from '../../shared/model/host.ts';
import type { IncidentId } from '../../shared/model/incident.ts';
import type { PromptAnswer, PromptId } from '../../shared/model/prompt.ts';
import type { WorkspaceProblem } from '../../shared/model/workspace.ts';
import type { FollowerState } from './sampling/sampler.types.ts';

/** What each home gives the core. */
export interface CoreOptions {
  home: 'electron' | 'web' | 'cli';
  /** FIRELINE_HOME, or the platform's data directory. */
  dataDirectory: string;
  /** Lines for people who look for faults: stderr, a log. Never secrets. */
  diagnostic: (line: string) => void;
  /** False where nobody can answer prompts. */
  interactive: boolean;
}

/** The composition root, as the homes see it. `createCore(options): Core` in core.ts. */
export interface Core extends Disposable {
  /** A window: the web host's WebSocket, Electron's port. */
  attach(channel: FrameChannel): void;
  /** Opens "This machine". */
  openMachine(): Promise<void>;
  /** Resolves with the problems of the file; hosts that are fine are open if `partial` or if there was no error. */
  openWorkspace(path: string, partial: boolean): Promise<{ opened: boolean; problems: WorkspaceProblem[] }>;
  readonly hosts: readonly HostSummary[];
  /** Everything that windows are told, for the command line. */
  readonly onEvent: Event<
    { [N in keyof ContractEvents]: { name: N; data: ContractEvents[N] } }[keyof ContractEvents]
  >;
  answerPrompt(prompt: PromptId, answer: PromptAnswer): void;
  /** Approves the open file's held commands: the command line's `--approve`. */
  approveCommands(): void;
  kernelLog(host: HostId): FollowerState;
  /** How many channels the server lets one connection have, by trying, at most `most`. */
  probeChannels(host: HostId, most: number): Promise<number | undefined>;
  /** Ends everything: channels, timers, processes, and the record's last write. */
  close(): Promise<void>;
  /** What the core still holds, by kind; all zero after `close`. */
  resources(): { sessions: number; channels: number; timers: number };
}

/** Reads a record without opening hosts: `fireline report`. `which`: an incident's number, `latest`. */
export type ReportFromRecord = (options: {
  dataDirectory: string;
  which: 'latest' | IncidentId | number;
  format: 'md' | 'html' | 'json';
  timeZone?: string;
}) => ExportedReport;
