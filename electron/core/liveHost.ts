import { randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../shared/base/disposable.ts';
import { Emitter } from '../../shared/base/emitter.ts';
import type { HostId, HostSummary, LinkState } from '../../shared/model/host.ts';
import type { Sample } from '../../shared/model/sample.ts';
import type { EventId, TimelineEvent } from '../../shared/model/timelineEvent.ts';
import type { ThresholdRule, WatchedLog, WorkspaceHost } from '../../shared/model/workspace.ts';
import type { DetectorInput, HostFigures } from './detectors/detector.ts';
import { createDetectorPipeline } from './detectors/detectorPipeline.ts';
import { investigate } from './detectors/investigate.ts';
import { meanFigures } from './detectors/meanFigures.ts';
import type { RecordedInput } from './detectors/recordedInput.ts';
import { watchErlang } from './erlang/erlangWatch.ts';
import { followKernelLog } from './sampling/kernelLog.ts';
import { followLogs } from './sampling/logFollower.ts';
import { startSampler } from './sampling/sampler.ts';
import type { FollowerState } from './sampling/sampler.types.ts';
import { createHostSession, type HostSession } from './sessions/hostSession.ts';
import type { ReturnWatch } from './sessions/returnWatch.ts';
import type { Transport } from './transports/transport.ts';

/** One open host: its session and everything that lives on it. */
export interface LiveHost extends Disposable {
  readonly id: HostId;
  readonly session: HostSession;
  readonly summary: HostSummary;
  /** The summary changed: link, sampler or facts, or the connection's extras. */
  readonly onChange: (listener: (change: 'link' | 'sampler' | 'extras') => void) => Disposable;
  readonly latestSample: Sample | undefined;
  readonly kernelLog: FollowerState;
  /** Means of the last minute; undefined while it is not sampled. */
  readonly figures: HostFigures | undefined;
  /** How the others that share a tag do, for the detectors. */
  compare(tags: Extract<DetectorInput, { type: 'peers' }>['tags']): void;
  /** Commands of a file that waited for approval may run now. */
  approve(): void;
}

export interface LiveHostOptions {
  host: WorkspaceHost;
  transport: Transport;
  /** Set while the file's command is not approved: the host stays shut, and says why. */
  held: string | undefined;
  logs: readonly WatchedLog[];
  thresholds: readonly ThresholdRule[];
  clock: Clock;
  /** Takes all that the detectors are given, for the record. */
  record?: (input: RecordedInput) => void;
  onSample: (sample: Sample) => void;
  publish: (event: TimelineEvent) => void;
  returns: ReturnWatch;
  diagnostic: (line: string) => void;
}

export function openLiveHost(options: LiveHostOptions): LiveHost {
  const { host, transport, clock } = options;
  const owned = new DisposableStore();
  const changes = owned.add(new Emitter<'link' | 'sampler' | 'extras'>());
  let held: LinkState | undefined =
    options.held === undefined ? undefined : { kind: 'held', since: clock.now(), reason: options.held };

  const session = owned.add(createHostSession({ host: host.id, transport, clock }));
  owned.add(options.returns.add(session));
  const record = options.record ?? (() => {});
  const figures = meanFigures(host.id);
  const sampler = owned.add(startSampler(session, { clock }));
  const kernelLog = owned.add(followKernelLog(session, { clock, facts: () => sampler.facts }));
  const ownLogs = options.logs.filter((log) => appliesTo(log.on, host));
  const globs = ownLogs.map((log) => log.path);
  const logs = globs.length > 0 ? owned.add(followLogs(session, globs, { clock })) : undefined;
  const pipeline = owned.add(
    createDetectorPipeline({
      host: host.id,
      clock,
      thresholds: options.thresholds.filter((rule) => appliesTo(rule.on, host)),
      logs: ownLogs,
      facts: () => sampler.facts,
      answer: async (question) => {
        const answer = await investigate(session, question);
        record({ kind: 'answer', host: host.id, at: clock.now(), question, answer });
        return answer;
      },
      publish: options.publish,
      diagnostic: options.diagnostic,
    }),
  );

  owned.add(
    session.onLink((link) => {
      record({ kind: 'link', host: host.id, at: clock.now(), link });
      pipeline.push({ type: 'link', link });
      changes.fire('link');
    }),
  );
  owned.add(
    session.onNotice((notice) => {
      const at = clock.now();
      options.publish({
        ...notice,
        id: randomUUID() as EventId,
        revision: 0,
        host: host.id,
        source: 'link',
        at,
        seenAt: at,
        clockOffsetMs: 0,
        evidence: [],
        actions: [],
      });
    }),
  );
  if (transport.extras) owned.add(transport.extras.onChange(() => changes.fire('extras')));
  owned.add(
    sampler.onState((state) => {
      record({ kind: 'sampler', host: host.id, at: clock.now(), sampler: state });
      pipeline.push({ type: 'sampler', sampler: state });
      changes.fire('sampler');
    }),
  );
  owned.add(sampler.onFacts(() => changes.fire('sampler')));
  owned.add(sampler.onFrame((frame) => record({ kind: 'frame', host: host.id, at: frame.at, frame })));
  owned.add(
    sampler.onSample((sample) => {
      options.onSample(sample);
      figures.add(sample);
      pipeline.push({ type: 'sample', sample });
    }),
  );
  owned.add(
    kernelLog.onLine((line) => {
      record({ kind: 'kernelLine', host: host.id, at: clock.now(), line });
      pipeline.push({ type: 'kernelLine', line });
    }),
  );
  if (logs)
    owned.add(
      logs.onLine((line) => {
        record({ kind: 'logLine', host: host.id, at: clock.now(), line });
        pipeline.push({ type: 'logLine', line });
      }),
    );
  owned.add(
    watchErlang({
      session,
      clock,
      latestSample: () => sampler.latest,
      onNodes: (nodes) => {
        record({ kind: 'erlang', host: host.id, at: clock.now(), nodes });
        pipeline.push({ type: 'erlang', nodes });
      },
    }),
  );
  let tickedAt = clock.now();
  owned.add(
    clock.every(1000, () => {
      const now = clock.now();
      if (now - tickedAt > LATE_TICK_MS) record({ kind: 'stood', host: host.id, at: now, from: tickedAt });
      tickedAt = now;
      // Whose silence it is, the host's or the link's, must be known when it is told.
      const at = sampler.latest?.at;
      if (at !== undefined && now - at > UNANSWERED_MS) session.checkLink();
      const { linkAnsweredAt } = session;
      pipeline.push({ type: 'tick', ...(linkAnsweredAt === undefined ? {} : { linkAnsweredAt }) });
    }),
  );

  if (!held) session.start();

  return {
    id: host.id,
    session,
    onChange: changes.event,
    get latestSample() {
      return sampler.latest;
    },
    get kernelLog() {
      return kernelLog.state;
    },
    get figures() {
      return figures.at(clock.now(), sampler.facts?.kernel ?? '');
    },
    compare(tags) {
      const own = figures.at(clock.now(), sampler.facts?.kernel ?? '');
      if (!own) return;
      record({ kind: 'peers', host: host.id, at: clock.now(), own, tags });
      pipeline.push({ type: 'peers', own, tags });
    },
    get summary() {
      const { facts } = sampler;
      return {
        id: host.id,
        tags: host.tags,
        transport: transport.kind,
        address: transport.address,
        link: held ?? session.link,
        sampler: sampler.state,
        ...(facts ? { facts } : {}),
        ...(transport.extras ? { extras: transport.extras.current } : {}),
      };
    },
    approve() {
      if (!held) return;
      held = undefined;
      session.start();
      changes.fire('link');
    },
    dispose: () => owned.dispose(),
  };
}

/** Two ticks without a sample: not yet silence, and time to ask. */
const UNANSWERED_MS = 2_500;
const LATE_TICK_MS = 2_000;

/** A rule without `on` is for every host; otherwise it names ids or tags. */
export function appliesTo(
  on: readonly string[] | undefined,
  host: Pick<WorkspaceHost, 'id' | 'tags'>,
): boolean {
  return on === undefined || on.some((name) => name === host.id || host.tags.includes(name));
}
