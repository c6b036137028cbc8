import type { Clock } from '../../../shared/base/clock.ts';
import type { Disposable } from '../../../shared/base/disposable.ts';
import { withoutSecrets } from '../../../shared/model/commandLine.ts';
import type { HostFacts, HostId } from '../../../shared/model/host.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { EventId, TimelineEvent } from '../../../shared/model/timelineEvent.ts';
import type { ThresholdRule, WatchedLog } from '../../../shared/model/workspace.ts';
import {
  type Answer,
  type Detector,
  type DetectorInput,
  type DetectorOutput,
  type EventDraft,
  type Look,
  NOTHING,
  type Question,
} from './detector.ts';
import { DETECTORS } from './detectors.ts';
import { fittingActions } from './fittingActions.ts';

export interface DetectorPipeline extends Disposable {
  /** Runs every detector on one input. Never throws; what a detector throws goes to `diagnostic`. */
  push(input: DetectorInput): void;
  /** Events that are going on, as last told. */
  readonly open: readonly TimelineEvent[];
}

export interface DetectorPipelineOptions {
  host: HostId;
  clock: Clock;
  /** The rules for this host. Those for hosts and tags go over those for all; among equals the later wins. */
  thresholds: readonly ThresholdRule[];
  /** The followed logs for this host. */
  logs?: readonly WatchedLog[];
  facts: () => HostFacts | undefined;
  /** Looks at the host, read-only. A rejection counts as unanswered. */
  answer: (question: Question) => Promise<Answer>;
  publish: (event: TimelineEvent) => void;
  diagnostic: (line: string) => void;
  detectors?: readonly Detector<unknown>[];
  newId?: () => EventId;
}

/** Runs the detectors of one host and turns their drafts into timeline events. */
export function createDetectorPipeline(options: DetectorPipelineOptions): DetectorPipeline {
  const { host, clock } = options;
  const logs = options.logs ?? [];
  const newId = options.newId ?? (() => crypto.randomUUID() as EventId);
  // A hundred hosts do not fit a cache, and each object looked at costs: what is the same for all is shared.
  const detectors = options.detectors ?? DETECTORS;
  const takers = takersOf(detectors);
  const states = detectors.map((detector) => detector.initial());
  const thresholds = thresholdsOf(detectors, options.thresholds, host);
  const failures = new Map<string, number>();
  // One for all calls: it is of one call only.
  const context = {
    host,
    facts: undefined as HostFacts | undefined,
    thresholds: {} as Readonly<Record<string, number | boolean>>,
    logs,
    now: 0,
  };
  const looked: Record<Look, number | undefined> = {
    fileSystems: undefined,
    sockets: undefined,
    cgroups: undefined,
  };
  const isNew: Record<Look, boolean> = { fileSystems: false, sockets: false, cgroups: false };
  let bootId: string | undefined;
  const told = new Map<string, Told>();
  let disposed = false;
  let latestAt = Number.NEGATIVE_INFINITY;
  /** What is told when it changes alone. */
  const standing = new Map<DetectorInput['type'], DetectorInput>();

  /** What the kernel's log said before the host had told its clock, and whether it shares its kernel. */
  let early: DetectorInput[] | undefined = [];
  let earlyAt: number | undefined;

  function push(input: DetectorInput): void {
    if (disposed) return;
    if (early !== undefined) {
      if (options.facts() === undefined && clock.now() - (earlyAt ?? clock.now()) < FACTS_MS) {
        if (input.type === 'kernelLine' && early.length < MOST_EARLY) {
          earlyAt ??= clock.now();
          early.push(input);
          return;
        }
      } else {
        const lines = early;
        early = undefined;
        for (const line of lines) take(line);
      }
    }
    take(input);
  }

  /** This machine's clock was set back: what is remembered lies in the future, and would hold all up until then. */
  function startAnew(now: number): void {
    endAll(now);
    told.clear();
    for (const [place, detector] of detectors.entries()) states[place] = detector.initial();
    for (const input of standing.values()) take(input);
  }

  function endAll(endedAt: number): void {
    for (const key of told.keys()) close(key, { type: 'close', key, endedAt }, clock.now());
  }

  function take(input: DetectorInput): void {
    const now = clock.now();
    const steppedBack = now < latestAt - STEP_BACK_MS;
    latestAt = now;
    if (steppedBack) startAnew(now);
    if (input.type === 'link' || input.type === 'sampler') standing.set(input.type, input);
    const isSample = input.type === 'sample';
    if (isSample && noteLooks(input.sample)) take({ type: 'reboot' });
    context.facts = options.facts();
    context.now = now;
    for (const { place, name, looksAt, defaults, reduce } of takers[input.type]) {
      if (isSample && looksAt !== undefined && !isNew[looksAt]) continue;
      context.thresholds = thresholds[place] ?? defaults;
      let outputs = NOTHING;
      try {
        outputs = reduce(states[place], input, context);
      } catch (error) {
        const before = failures.get(name) ?? 0;
        failures.set(name, before + 1);
        // One in a hundred of the same fault is enough to be found.
        if (before % 100 === 0) report(name, error);
      }
      for (const output of outputs) apply(name, output, now);
    }
    if (input.type === 'link' && input.link.kind === 'refused' && input.link.gone) endAll(input.link.since);
    if (told.size === 0) return;
    for (const one of told.values())
      if (one.waiting && now - one.at >= REVISE_MS) revise(one, one.waiting, now);
    for (const [key, one] of told) {
      if (one.overAt !== undefined && now - one.overAt > REOPEN_MS) told.delete(key);
    }
  }

  /** Whether it is of another boot than the one before. */
  function noteLooks({ bootId: boot, lookedAt: at }: Sample): boolean {
    // After a reboot there may be nothing to look at any more, and what went on before is over.
    const rebooted = bootId !== undefined && bootId !== boot;
    bootId = boot;
    for (const look of LOOKS) {
      isNew[look] = rebooted || (at?.[look] !== undefined && at[look] !== looked[look]);
      if (isNew[look]) looked[look] = at?.[look];
    }
    return rebooted;
  }

  function apply(detector: string, output: DetectorOutput, now: number): void {
    switch (output.type) {
      case 'event':
        takeDraft(`${detector}/${output.key}`, output.draft, now);
        return;
      case 'close':
        close(`${detector}/${output.key}`, output, now);
        return;
      case 'ask':
        void ask(output.question);
        return;
    }
  }

  function takeDraft(key: string, draft: EventDraft, now: number): void {
    const one = told.get(key);
    if (!one) {
      const event = newEvent(draft, now);
      told.set(key, { event, draft, at: now, ...(draft.momentary ? { overAt: now } : {}) });
      publish(event);
      return;
    }
    if (draft.momentary) one.overAt = now;
    else if (one.overAt !== undefined) {
      // It came again within a minute: the same trouble, not another; how often is said.
      delete one.overAt;
      one.times = (one.times ?? 1) + 1;
      revise(one, draft, now);
      return;
    }
    if (now - one.at >= REVISE_MS || isMaterial(one.draft, draft)) revise(one, draft, now);
    else one.waiting = draft;
  }

  function revise(one: Told, draft: EventDraft, now: number): void {
    delete one.waiting;
    const before = one.event;
    const { endedAt: _, verdict: __, ...rest } = before;
    const next: TimelineEvent = {
      ...rest,
      ...fieldsOf(draft, now, one.times),
      // Something that goes on began when it was first seen to.
      at: draft.momentary ? Math.min(draft.at, now) : Math.min(before.at, draft.at),
    };
    if (JSON.stringify(next) === JSON.stringify(before)) return;
    one.event = { ...next, revision: before.revision + 1 };
    one.draft = draft;
    one.at = now;
    publish(one.event);
  }

  function close(key: string, output: Extract<DetectorOutput, { type: 'close' }>, now: number): void {
    const one = told.get(key);
    if (!one || one.overAt !== undefined) return;
    const { draft } = one;
    const latest = one.waiting ?? draft;
    delete one.waiting;
    one.overAt = now;
    one.at = now;
    one.draft = latest;
    const { verdict: _, ...rest } = one.event;
    one.event = {
      ...rest,
      ...fieldsOf(latest, now, one.times),
      at: one.event.at,
      endedAt: Math.max(one.event.at, Math.min(output.endedAt, now)),
      // What would have helped is of no use any more.
      actions: [],
      revision: one.event.revision + 1,
    };
    publish(one.event);
    if (output.recovery) publish({ ...newEvent(output.recovery, now), relatesTo: one.event.id });
  }

  function newEvent(draft: EventDraft, now: number): TimelineEvent {
    return { id: newId(), revision: 0, host, seenAt: now, ...fieldsOf(draft, now) };
  }

  function fieldsOf(draft: EventDraft, now: number, times = 1) {
    const { momentary: _, at, ...fields } = withoutSecretsIn(draft);
    return {
      ...fields,
      ...(times > 1 ? { detail: { ...fields.detail, times } } : {}),
      actions: [...draft.actions, ...fittingActions(draft, host)],
      at: Math.min(at, now),
      source: draft.kind.startsWith('link.') ? ('link' as const) : ('detector' as const),
      clockOffsetMs: options.facts()?.clockOffsetMs ?? 0,
    };
  }

  async function ask(question: Question): Promise<void> {
    let answer: Answer;
    try {
      answer = await options.answer(question);
    } catch (error) {
      answer = { kind: 'unanswered', reason: error instanceof Error ? error.message : String(error) };
    }
    push({ type: 'investigated', question, answer });
  }

  function publish(event: TimelineEvent): void {
    try {
      options.publish(event);
    } catch (error) {
      report('publish', error);
    }
  }

  function report(what: string, error: unknown): void {
    options.diagnostic(
      `${host}: detector ${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }

  return {
    push,
    get open() {
      return [...told.values()].filter((o) => o.overAt === undefined).map((o) => o.event);
    },
    dispose() {
      disposed = true;
      told.clear();
    },
  };
}

interface Told {
  event: TimelineEvent;
  draft: EventDraft;
  /** When it was last published. */
  at: number;
  /** A draft that is held back. */
  waiting?: EventDraft;
  /** Closed, or a moment: it may still be revised for a while. */
  overAt?: number;
  /** How often it has come, when more than once. */
  times?: number;
}

const LOOKS: readonly Look[] = ['fileSystems', 'sockets', 'cgroups'];

/** Facts come with the first sample, which a host that is out of breath, or has nothing to sample with, gives late or never. */
const FACTS_MS = 15_000;
const MOST_EARLY = 1000;

/** Clocks are slewed by less. */
const STEP_BACK_MS = 5000;

/** A number that trembles is not worth a revision a second. */
const REVISE_MS = 2000;
const REOPEN_MS = 60_000;

function isMaterial(before: EventDraft, after: EventDraft): boolean {
  return (
    after.momentary ||
    before.severity !== after.severity ||
    JSON.stringify(before.actions) !== JSON.stringify(after.actions)
  );
}

/** What is said of a process names no secret of its command line. Lines and outputs are evidence, and stay as they were. */
function withoutSecretsIn(draft: EventDraft): EventDraft {
  const { title, verdict, detail, evidence } = draft;
  return {
    ...draft,
    title: withoutSecrets(title),
    ...(verdict === undefined ? {} : { verdict: withoutSecrets(verdict) }),
    detail: JSON.parse(
      JSON.stringify(detail, (key, value: unknown) =>
        key === 'command' && typeof value === 'string' ? withoutSecrets(value) : value,
      ),
    ) as EventDraft['detail'],
    evidence: evidence.map((one) =>
      one.type === 'process' ? { ...one, command: withoutSecrets(one.command) } : one,
    ),
  };
}

/** A detector as the pipeline asks for it, all of one shape: a hundred hosts ask five thousand times a second. */
interface Taker {
  /** Of its state and its thresholds. */
  place: number;
  name: string;
  looksAt: Look | undefined;
  defaults: Thresholds;
  reduce: Detector<unknown>['reduce'];
}

type Takers = Readonly<Record<DetectorInput['type'], readonly Taker[]>>;

const knownTakers = new WeakMap<readonly Detector<unknown>[], Takers>();

/** Those that look at each kind of input. */
function takersOf(detectors: readonly Detector<unknown>[]): Takers {
  const known = knownTakers.get(detectors);
  if (known) return known;
  const all = detectors.map(
    (detector, place): Taker => ({
      place,
      name: detector.name,
      looksAt: detector.looksAt,
      defaults: detector.thresholds,
      reduce: detector.reduce,
    }),
  );
  const taking = (type: DetectorInput['type']) =>
    all.filter(({ place }) => detectors[place]?.takes?.includes(type) !== false);
  const takers: Takers = {
    sample: taking('sample'),
    kernelLine: taking('kernelLine'),
    logLine: taking('logLine'),
    link: taking('link'),
    sampler: taking('sampler'),
    erlang: taking('erlang'),
    peers: taking('peers'),
    tick: taking('tick'),
    investigated: taking('investigated'),
    reboot: taking('reboot'),
  };
  knownTakers.set(detectors, takers);
  return takers;
}

type Thresholds = Detector<unknown>['thresholds'];

/** Those of each detector for this host, in their order; empty where no rule says anything else than they themselves. */
function thresholdsOf(
  detectors: readonly Detector<unknown>[],
  rules: readonly ThresholdRule[],
  host: HostId,
): readonly (Thresholds | undefined)[] {
  const rank = (rule: ThresholdRule) => (rule.on === undefined ? 0 : rule.on.includes(host) ? 2 : 1);
  const ordered = [...rules].sort((a, b) => rank(a) - rank(b));
  if (ordered.length === 0) return [];
  return detectors.map((detector) => {
    const own = ordered.filter((rule) => rule.detector === detector.name);
    return own.length === 0
      ? undefined
      : keptApart(
          detector.thresholds,
          Object.assign({ ...detector.thresholds }, ...own.map((r) => r.values)),
        );
  });
}

/**
 * Where something opens at one figure and closes below another, whoever sets the first alone means both: closing above it
 * would open and close it at every look.
 */
function keptApart(defaults: Thresholds, values: Record<string, number | boolean>): Thresholds {
  for (const [open, close] of [
    ['openShare', 'closeShare'],
    ['times', 'closeTimes'],
  ] as const) {
    const [from, to, usualFrom, usualTo] = [values[open], values[close], defaults[open], defaults[close]];
    if (typeof from !== 'number' || typeof to !== 'number' || to < from) continue;
    if (typeof usualFrom === 'number' && typeof usualTo === 'number')
      values[close] = (from * usualTo) / usualFrom;
  }
  return values;
}
