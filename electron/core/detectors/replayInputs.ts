import { ManualClock } from '../../../shared/base/clock.ts';
import type { HostFacts, HostId } from '../../../shared/model/host.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { ThresholdRule, WatchedLog } from '../../../shared/model/workspace.ts';
import { type Frame, FrameParser } from '../sampling/frame.ts';
import { SampleAssembly } from '../sampling/sampleAssembly.ts';
import type { RecordedFrame } from '../sampling/sampler.types.ts';
import type { Answer, Detector, Question } from './detector.ts';
import { createDetectorPipeline, type DetectorPipeline } from './detectorPipeline.ts';
import { type RecordedInput, type RecordingHeader, readHeader, readInput } from './recordedInput.ts';

export interface ReplayOptions {
  thresholds: readonly ThresholdRule[];
  logs: readonly WatchedLog[];
  /** Only these rules and logs are for this host; given its id and tags. */
  appliesTo: (on: readonly string[] | undefined, host: { id: HostId; tags: string[] }) => boolean;
  publish: (event: TimelineEvent) => void;
  diagnostic: (line: string) => void;
  detectors?: readonly Detector<unknown>[];
}

export interface ReplayResult {
  hosts: number;
  /** Of recorded time. */
  fromAt: number;
  toAt: number;
  inputs: number;
  /** Lines that could not be understood. */
  faults: number;
}

const NO_RECORDING = 'this is not a recording of the detectors’ inputs, or of a later version';

/** A gap longer than this is not filled with ticks: nobody watched then. */
const LONGEST_GAP_MS = 10 * 60_000;

/**
 * Runs a recording (its lines, in order) through the detectors, as fast as they go, with any thresholds. The clock is the
 * recording's. What the detectors ask is answered with what was answered then; where nothing was, it is unanswered.
 * Answers come later than their questions: they are gathered first, so that the lines are read twice and never all kept.
 */
export async function replayInputs(
  lines: () => AsyncIterable<string> | Iterable<string>,
  options: ReplayOptions,
): Promise<ReplayResult> {
  const clock = new ManualClock(0);
  const hosts = new Map<HostId, Replayed>();
  const result: ReplayResult = { hosts: 0, fromAt: 0, toAt: 0, inputs: 0, faults: 0 };
  let header: RecordingHeader | undefined;
  let ids = 0;
  const given: RecordedInput[] = [];
  const stood: { from: number; at: number }[] = [];
  const later = new Map<HostId, string[]>();
  for await (const line of lines()) {
    if (line === '') continue;
    header ??= readHeader(line);
    if (!header) throw new Error(NO_RECORDING);
    const input = /^\["(?:answer|host|stood)"/.test(line) ? readInput(line) : undefined;
    if (input?.kind === 'host') later.set(input.host, input.tags);
    else if (input?.kind === 'stood') stood.push(input);
    else if (input) given.push(input);
  }
  if (!header) throw new Error(NO_RECORDING);
  const answers = answersOf(given);

  function hostOf(id: HostId): Replayed {
    const known = hosts.get(id);
    if (known) return known;
    const tags = later.get(id) ?? header?.hosts.find((one) => one.id === id)?.tags ?? [];
    const host = new Replayed((replayed) =>
      createDetectorPipeline({
        host: id,
        clock,
        thresholds: options.thresholds.filter((rule) => options.appliesTo(rule.on, { id, tags })),
        logs: options.logs.filter((log) => options.appliesTo(log.on, { id, tags })),
        facts: () => replayed.facts,
        answer: async (question) => answers(id, question, clock.now()),
        publish: options.publish,
        diagnostic: options.diagnostic,
        newId: () => `replayed-${++ids}` as EventId,
        ...(options.detectors ? { detectors: options.detectors } : {}),
      }),
    );
    hosts.set(id, host);
    return host;
  }

  let nextTick = 0;
  let heading = true;
  for await (const line of lines()) {
    if (line === '') continue;
    const input = heading ? undefined : readInput(line);
    if (!heading && !input) result.faults++;
    heading = false;
    if (!input) continue;
    if (result.inputs === 0) {
      clock.advance(input.at);
      result.fromAt = input.at;
      nextTick = input.at + 1000;
    }
    const host = hostOf(input.host);
    if (input.at - nextTick > LONGEST_GAP_MS) nextTick = input.at;
    while (nextTick <= input.at) {
      clock.advance(Math.max(0, nextTick - clock.now()));
      if (!stood.some(({ from, at }) => nextTick > from && nextTick < at))
        for (const one of hosts.values()) one.pipeline.push({ type: 'tick' });
      await settled();
      nextTick += 1000;
    }
    clock.advance(Math.max(0, input.at - clock.now()));
    result.faults += host.take(input);
    result.inputs++;
    await settled();
  }
  result.toAt = clock.now();
  result.hosts = hosts.size;
  for (const host of hosts.values()) host.pipeline.dispose();
  return result;
}

/** Answers are promises: they arrive before the next input. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await undefined;
}

class Replayed {
  readonly pipeline: DetectorPipeline;
  facts: HostFacts | undefined;
  #run = -1;
  #assembly = new SampleAssembly();

  constructor(make: (replayed: Replayed) => DetectorPipeline) {
    this.pipeline = make(this);
  }

  /** Returns the faults of a frame that could not be read whole. */
  take(input: RecordedInput): number {
    switch (input.kind) {
      case 'frame':
        return this.#frame(input.frame);
      case 'kernelLine':
        this.pipeline.push({ type: 'kernelLine', line: input.line });
        return 0;
      case 'logLine':
        this.pipeline.push({ type: 'logLine', line: input.line });
        return 0;
      case 'logLines': {
        const line = { path: input.path, text: '', cut: true, seenAt: input.at };
        for (let n = 0; n < Math.min(input.count, 100_000); n++)
          this.pipeline.push({ type: 'logLine', line });
        return 0;
      }
      case 'link':
        this.pipeline.push({ type: 'link', link: input.link });
        return 0;
      case 'sampler':
        this.pipeline.push({ type: 'sampler', sampler: input.sampler });
        return 0;
      case 'erlang':
        this.pipeline.push({ type: 'erlang', nodes: input.nodes });
        return 0;
      case 'peers':
        this.pipeline.push({ type: 'peers', own: input.own, tags: input.tags });
        return 0;
      case 'host':
      case 'answer':
      case 'stood':
        return 0;
    }
  }

  #frame(recorded: RecordedFrame): number {
    if (recorded.run !== this.#run) {
      this.#run = recorded.run;
      this.#assembly = new SampleAssembly();
    }
    const frames: Frame[] = [];
    const parser = new FrameParser(TOKEN, {
      need() {},
      none() {},
      hello() {},
      frame: (frame) => frames.push(frame),
    });
    parser.push(Buffer.from(`${TOKEN} hello 1 ${recorded.implementation}\n${recorded.text}`));
    const [frame] = frames;
    if (!frame) return 1;
    const { facts, sample } = this.#assembly.take(frame, recorded);
    if (facts) this.facts = facts;
    if (sample) this.pipeline.push({ type: 'sample', sample });
    return frame.faults;
  }
}

const TOKEN = 'fireline-replay';

/** What was answered to the same question, first at the time it is asked or later, else before. */
function answersOf(inputs: readonly RecordedInput[]) {
  const known = new Map<string, { at: number; answer: Answer }[]>();
  for (const input of inputs) {
    if (input.kind !== 'answer') continue;
    const key = keyOf(input.host, input.question);
    const list = known.get(key) ?? [];
    list.push({ at: input.at, answer: input.answer });
    known.set(key, list);
  }
  return (host: HostId, question: Question, now: number): Answer => {
    const list = known.get(keyOf(host, question)) ?? [];
    return (
      list.find((one) => one.at >= now)?.answer ??
      list.at(-1)?.answer ?? { kind: 'unanswered', reason: 'it was not asked when this was recorded' }
    );
  };
}

function keyOf(host: HostId, question: Question): string {
  const { id: _, ...asked } = question;
  return `${host} ${JSON.stringify(asked)}`;
}
