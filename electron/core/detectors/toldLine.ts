import type { Evidence } from '../../../shared/model/timelineEvent.ts';
import type { DetectorContext, DetectorInput, KernelLine } from './detector.ts';

/** A line that something is told by: of the kernel's log, or of a followed one. */
export interface ToldLine {
  text: string;
  /** Workbench clock. */
  at: number;
  hostAt?: number;
  /** It was in the log before we came. */
  past: boolean;
  evidence: Evidence;
}

/** What was in the kernel's log before we came is told when it is not older than this. */
const BACKLOG_MS = 10 * 60_000;
const MOST_CHARACTERS = 2000;

/** The kernel's line; undefined for anything else, and for what happened long before we came. */
export function kernelLine(input: DetectorInput, context: DetectorContext): ToldLine | undefined {
  if (input.type !== 'kernelLine') return undefined;
  const { text, hostAt, seenAt, source, backlog } = input.line;
  const at = backlog && hostAt !== undefined ? hostAt - (context.facts?.clockOffsetMs ?? 0) : seenAt;
  if (backlog && (hostAt === undefined || context.now - at > BACKLOG_MS)) return undefined;
  return {
    text: text.slice(0, MOST_CHARACTERS),
    at: Math.min(at, context.now),
    ...(hostAt === undefined ? {} : { hostAt }),
    past: backlog,
    evidence: {
      type: 'line',
      source: isOfInit(input.line) ? source : `kernel log (${source})`,
      text: text.slice(0, MOST_CHARACTERS),
      at,
    },
  };
}

/** Of systemd's own journal: the kernel's log has some lines of systemd's too, and this no others. */
export const isOfInit = ({ source }: Pick<KernelLine, 'source'>) => source.includes('_PID=1');

/** A line of a log that the workspace follows. */
export function logLine(input: DetectorInput): ToldLine | undefined {
  if (input.type !== 'logLine') return undefined;
  const { text, path, seenAt } = input.line;
  return {
    text: text.slice(0, MOST_CHARACTERS),
    at: seenAt,
    past: false,
    evidence: { type: 'line', source: path, text: text.slice(0, MOST_CHARACTERS), at: seenAt },
  };
}

/** Said of what a container reads in the kernel's log: it is the machine's. */
export function sharedKernelWords(context: DetectorContext): string {
  return context.facts?.container ? ', on the machine that this container shares' : '';
}
