import type { Disposable } from '../../../shared/base/disposable.ts';
import type { Event } from '../../../shared/base/emitter.ts';
import type { HostFacts, SamplerState } from '../../../shared/model/host.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { KernelLine, LogLine } from '../detectors/detector.ts';
import type { Implementation } from './frame.ts';

/** One resident sampler on one host. It starts when its session is connected and again after each reconnect. */
export interface Sampler extends Disposable {
  readonly state: SamplerState;
  readonly onState: Event<SamplerState>;
  readonly facts: HostFacts | undefined;
  /** Fires once per boot and connection, before the first sample. */
  readonly onFacts: Event<HostFacts>;
  readonly onSample: Event<Sample>;
  readonly latest: Sample | undefined;
  /** Each frame as it came, before its sample: for the record. */
  readonly onFrame: Event<RecordedFrame>;
}

/** A frame's text with what else its sample is made of. Times are the workbench's, epoch ms. */
export interface RecordedFrame {
  at: number;
  sentAt: number;
  roundTripMs: number;
  implementation: Implementation;
  /** Counts up with each start of the sampler. */
  run: number;
  text: string;
}

export type FollowerState =
  | { kind: 'waiting' }
  | { kind: 'following'; source: string }
  | { kind: 'unavailable'; reason: string; advice: string };

export interface KernelLogFollower extends Disposable {
  readonly state: FollowerState;
  readonly onState: Event<FollowerState>;
  readonly onLine: Event<KernelLine>;
}

export interface LogFollower extends Disposable {
  readonly state: FollowerState;
  readonly onState: Event<FollowerState>;
  readonly onLine: Event<LogLine>;
}
