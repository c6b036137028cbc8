import type { Disposable } from '../../../shared/base/disposable.ts';
import type { Event } from '../../../shared/base/emitter.ts';
import type { HostFacts, SamplerState } from '../../../shared/model/host.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { KernelLine, LogLine } from '../detectors/detector.ts';

/** One resident sampler on one host. It starts when its session is connected and again after each reconnect. */
export interface Sampler extends Disposable {
  readonly state: SamplerState;
  readonly onState: Event<SamplerState>;
  readonly facts: HostFacts | undefined;
  /** Fires once per boot and connection, before the first sample. */
  readonly onFacts: Event<HostFacts>;
  readonly onSample: Event<Sample>;
  readonly latest: Sample | undefined;
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
