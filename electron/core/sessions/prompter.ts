import type { HostId } from '../../../shared/model/host.ts';
import type { Prompt, PromptAnswer } from '../../../shared/model/prompt.ts';

/** A question without the fields that the queue fills in. */
export type Question = Prompt extends infer P
  ? P extends Prompt
    ? Omit<P, 'id' | 'askedAt'>
    : never
  : never;

/**
 * How a connection asks a person. Resolves with `null` when cancelled, when the signal aborts, or at once where
 * nobody can answer (the command line without a terminal).
 */
export interface Prompter {
  ask(question: Question, signal: AbortSignal): Promise<PromptAnswer>;
  /** True where a person may answer; otherwise connections say what would have been asked. */
  readonly interactive: boolean;
  /** For tests and diagnostics. */
  readonly waiting: readonly { host: HostId }[];
}
