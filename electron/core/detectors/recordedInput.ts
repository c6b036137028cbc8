import { withoutSecrets } from '../../../shared/model/commandLine.ts';
import type { HostId, LinkState, SamplerState } from '../../../shared/model/host.ts';
import type { ErlangNode } from '../erlang/erlangNode.ts';
import type { RecordedFrame } from '../sampling/sampler.types.ts';
import type { Answer, HostFigures, KernelLine, LogLine, Question } from './detector.ts';

/**
 * All that the detectors of a host were given, so that a recording of it can be run through them again. One JSON array a
 * line: the kind, the host, epoch ms of the workbench, then what it is. Ticks are not recorded: they are made again, but
 * where there were none.
 */
export type RecordedInput =
  /** A host that the header does not have: a task that was started later. Before all else of it. */
  | { kind: 'host'; host: HostId; at: number; tags: string[] }
  | { kind: 'frame'; host: HostId; at: number; frame: RecordedFrame }
  | { kind: 'kernelLine'; host: HostId; at: number; line: KernelLine }
  | { kind: 'logLine'; host: HostId; at: number; line: LogLine }
  /** Lines that were too many to be recorded one by one. */
  | { kind: 'logLines'; host: HostId; at: number; path: string; count: number }
  | { kind: 'link'; host: HostId; at: number; link: LinkState }
  | { kind: 'sampler'; host: HostId; at: number; sampler: SamplerState }
  | { kind: 'erlang'; host: HostId; at: number; nodes: readonly ErlangNode[] }
  | {
      kind: 'peers';
      host: HostId;
      at: number;
      own: HostFigures;
      tags: readonly { tag: string; others: readonly HostFigures[] }[];
    }
  | { kind: 'answer'; host: HostId; at: number; question: Question; answer: Answer }
  /** The workbench stood still, since its tick `from`: a laptop that slept, a machine out of breath. */
  | { kind: 'stood'; host: HostId; at: number; from: number };

export interface RecordingHeader {
  fireline: 'inputs';
  version: 1;
  startedAt: number;
  hosts: { id: HostId; tags: string[] }[];
}

/** A line of the file, without its end. What is secret in command lines is taken out. */
export function writeInput(input: RecordedInput): string {
  const { kind, host, at, ...rest } = input;
  if (input.kind === 'frame') {
    const { sentAt, roundTripMs, implementation, run, text } = input.frame;
    const tripMs = Math.round(roundTripMs * 10) / 10;
    return JSON.stringify([kind, host, at, sentAt, tripMs, implementation, run, withoutSecrets(text)]);
  }
  return JSON.stringify([kind, host, at, rest], (_, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value) : value,
  );
}

/** Undefined for a line that is not of the format: the rest of the file may still be. */
export function readInput(line: string): RecordedInput | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const [kind, host, at, ...rest] = parsed as unknown[];
  if (typeof kind !== 'string' || typeof host !== 'string' || typeof at !== 'number') return undefined;
  // Before the year 10000: a clock that has been set further ahead never comes back.
  if (!(at >= 0 && at < 253_402_300_800_000)) return undefined;
  if (kind === 'frame') {
    const [sentAt, roundTripMs, implementation, run, text] = rest;
    if (
      typeof sentAt !== 'number' ||
      typeof roundTripMs !== 'number' ||
      (implementation !== 'perl' && implementation !== 'awk') ||
      typeof run !== 'number' ||
      typeof text !== 'string'
    )
      return undefined;
    return {
      kind,
      host: host as HostId,
      at,
      frame: { at, sentAt, roundTripMs, implementation, run, text },
    };
  }
  const body = rest[0];
  const needed = NEEDED[kind];
  if (!needed || typeof body !== 'object' || body === null || !needed.every((key) => key in body))
    return undefined;
  if (kind.endsWith('Line') && typeof (body as { line?: { text?: unknown } | null }).line?.text !== 'string')
    return undefined;
  if (kind === 'host' && !Array.isArray((body as { tags?: unknown }).tags)) return undefined;
  // Written by this program; what a detector makes of an odd one is caught where detectors run.
  return { kind, host, at, ...body } as unknown as RecordedInput;
}

export function readHeader(line: string): RecordingHeader | undefined {
  try {
    const parsed = JSON.parse(line) as Partial<RecordingHeader> | null;
    if (parsed?.fireline !== 'inputs' || parsed.version !== 1 || !Array.isArray(parsed.hosts))
      return undefined;
    const hosts = parsed.hosts.filter((one) => typeof one?.id === 'string' && Array.isArray(one.tags));
    return { fireline: 'inputs', version: 1, startedAt: Number(parsed.startedAt) || 0, hosts };
  } catch {
    return undefined;
  }
}

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  host: ['tags'],
  kernelLine: ['line'],
  logLine: ['line'],
  logLines: ['path', 'count'],
  link: ['link'],
  sampler: ['sampler'],
  erlang: ['nodes'],
  peers: ['own', 'tags'],
  answer: ['question', 'answer'],
  stood: ['from'],
};
