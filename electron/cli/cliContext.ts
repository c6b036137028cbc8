import type { Clock } from '../../shared/base/clock.ts';
import type { ExportedReport } from '../../shared/contract/commands.ts';
import { ContractFailure } from '../../shared/contract/errors.ts';
import { sentences } from '../../shared/model/sentences.ts';
import type { Core, CoreOptions, ReportFromRecord } from '../core/core.types.ts';
import type { Terminal } from './controllingTerminal.ts';

/** What a command has of the world. Tests give their own. */
export interface CliContext {
  /** The command's answer, and nothing else. */
  stdout: (text: string) => void;
  /** For people. */
  stderr: (text: string) => void;
  environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT, SIGTERM, SIGHUP and by a reader of stdout that went. */
  interrupted: AbortSignal;
  clock: Clock;
  /** `undefined` where there is nobody to ask. */
  openTerminal: () => Terminal | undefined;
  createCore: (options: CoreOptions) => Promise<Core>;
  reportFromRecord: (options: Parameters<ReportFromRecord>[0]) => Promise<ExportedReport>;
}

/** One command: a line in the table of runCli. `run` resolves with the exit status. */
export interface CliCommand {
  name: string;
  summary: string;
  help: string;
  run(args: readonly string[], context: CliContext): Promise<number>;
}

/** A mistake in the command line: told with a hint at `--help`, status 2. */
export class UsageError extends Error {}

/** What went wrong and what to do, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof ContractFailure) {
    const { message, advice } = error.error;
    return advice === undefined ? message : sentences(message, advice);
  }
  return error instanceof Error ? error.message : String(error);
}
