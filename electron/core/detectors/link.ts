import type { LinkCause, LinkState } from '../../../shared/model/host.ts';
import { isUp } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { Evidence } from '../../../shared/model/timelineEvent.ts';
import {
  type Detector,
  type DetectorContext,
  type DetectorOutput,
  type EventDraft,
  NOTHING,
} from './detector.ts';
import { spokenAge } from './respawnRole.ts';

/**
 * Three troubles that look alike from a chair, told apart: the link is down (`link.lost`, `link.degraded` while the
 * connection stands and nothing answers), sshd is dying (`host.ssh_dying`: TCP connects, nobody greets), and the host
 * is silent (`host.silent`: keepalives are answered, the sampler is not). Each is one event from beginning to end,
 * however often it is tried in between.
 */
export const link: Detector<LinkDetectorState> = {
  name: 'link',
  takes: ['link', 'sample', 'tick'],
  thresholds: {
    /** A loss that lasts so long is critical; a short one is a warning. */
    criticalAfterMs: 30_000,
    /** A link that is up, or samples that come, for so long are back; sooner it is still the same trouble. */
    steadyAfterMs: 3_000,
    /** Keepalives are unanswered for five seconds when it begins. */
    stalledAfterMs: 5_000,
    /** A restart of sshd looks the same for a moment. */
    dyingAfterMs: 5_000,
    /** No sample for so long while keepalives are answered. */
    silentAfterMs: 5_000,
    silentCriticalAfterMs: 20_000,
  },
  initial: () => ({}),
  reduce(state, input, context) {
    switch (input.type) {
      case 'link':
        return takeLink(state, input.link, context);
      case 'sample':
        return takeSample(state, input.sample, context);
      case 'tick':
        return takeTick(state, input.linkAnsweredAt, context);
      default:
        return NOTHING;
    }
  },
};

export interface LinkDetectorState {
  link?: LinkState;
  wasUp?: boolean;
  /** Since when it stands and answers. */
  upSince?: number;
  lost?: { at: number; reason: string; cause?: LinkCause; times: number; critical: boolean };
  dying?: { at: number; reason: string; connected: boolean; told: boolean; critical: boolean };
  stalled?: { at: number; reason: string; told: boolean; critical: boolean };
  refused?: boolean;
  /** Survives the link: what the host was like before. */
  latest?: { at: number; memoryUsed: number | undefined };
  /** Since when its keepalives are answered. */
  answersSince?: number;
  /** Of this connection. */
  lastSampleAt?: number;
  lastTickAt?: number;
  silent?: { from: number; critical: boolean; steadySince?: number };
}

function takeLink(
  state: LinkDetectorState,
  next: LinkState,
  context: DetectorContext,
): readonly DetectorOutput[] {
  state.link = next;
  if (answers(next)) state.answersSince ??= context.now;
  else delete state.answersSince;
  if (isUp(next) && next.kind !== 'stalled') {
    state.wasUp = true;
    state.upSince ??= context.now;
    // Never down: nothing to wait for.
    return state.lost || state.dying || state.stalled || state.refused
      ? NOTHING
      : closeAll(state, context.now);
  }
  delete state.upSince;
  const outputs: DetectorOutput[] = [];
  // Silence of a host whose link does not answer is the link's matter.
  if (state.silent) outputs.push({ type: 'close', key: 'silent', endedAt: context.now });
  delete state.silent;
  if (next.kind !== 'stalled') delete state.lastSampleAt;
  switch (next.kind) {
    case 'stalled':
      state.wasUp = true;
      if (next.cause === 'ssh_dying')
        outputs.push(...takeDying(state, next.since, next.reason, true, context));
      if (!state.dying?.told) {
        state.stalled ??= { at: next.since, reason: next.reason, told: false, critical: false };
        state.stalled.reason = next.reason;
        // What a new connection meets is known within seconds, and may make it another trouble.
        if (next.cause !== undefined || state.stalled.told) outputs.push(tellStalled(state.stalled));
      }
      break;
    case 'lost':
    case 'reconnecting': {
      const dropped = 'downSince' in next ? next.downSince : undefined;
      const at = dropped ?? next.since;
      if (state.stalled) outputs.push({ type: 'close', key: 'stalled', endedAt: context.now });
      delete state.stalled;
      const again = state.lost && dropped !== undefined && dropped > state.lost.at && next.since === dropped;
      const news = !state.lost || again || state.lost.cause !== next.cause;
      if (!state.lost) state.lost = { at, reason: next.reason, times: 1, critical: false };
      else if (again) state.lost.times++;
      state.lost.reason = next.reason;
      if (next.cause === undefined) delete state.lost.cause;
      else state.lost.cause = next.cause;
      if (next.cause === 'ssh_dying')
        outputs.push(...takeDying(state, next.since, next.reason, false, context));
      // An attempt that fails in another way for once does not mean that it lives; a network that is gone tells nothing.
      else if (state.dying && !state.dying.told) delete state.dying;
      if (news) outputs.push(lostEvent(state, context));
      break;
    }
    case 'refused':
      if (!state.refused) {
        const at = state.lost?.at ?? next.since;
        outputs.push(...closeAll(state, next.since));
        state.refused = true;
        outputs.push({
          type: 'event',
          key: 'refused',
          draft: draft(
            'link.refused',
            next.gone ? 'info' : 'critical',
            at,
            next.gone
              ? `The host is gone: ${visibleText(next.reason, 500)}`
              : `The connection is refused: ${visibleText(next.reason, 500)}`,
            { reason: next.reason, advice: next.advice },
          ),
        });
      }
      break;
    case 'closed':
    case 'idle':
    case 'held':
      // A person's own doing: what was open is over, and nothing came back.
      outputs.push(...closeAll(state, next.since));
      state.wasUp = false;
      break;
    default:
      break;
  }
  return outputs;
}

/** Ends what is open. With `recovery` the loss says that it is over. */
function closeAll(state: LinkDetectorState, endedAt: number, recovered = false): readonly DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  const recovery = (title: string, at: number) =>
    recovered
      ? {
          recovery: {
            ...draft('link.restored', 'recovered', endedAt, title, { durationMs: Math.max(0, endedAt - at) }),
            momentary: true,
          },
        }
      : {};
  const after = (at: number) => spokenAge(Math.max(0, endedAt - at));
  const { lost, dying, stalled } = state;
  if (dying?.told) {
    const words = `sshd answers again after ${after(dying.at)}`;
    outputs.push({ type: 'close', key: 'dying', endedAt, ...recovery(words, dying.at) });
  }
  if (lost) {
    const words = `The link is back after ${after(lost.at)}`;
    outputs.push({ type: 'close', key: 'lost', endedAt, ...recovery(words, lost.at) });
  }
  if (stalled?.told) {
    const words = `The link answers again after ${after(stalled.at)}; the connection held`;
    outputs.push({ type: 'close', key: 'stalled', endedAt, ...recovery(words, stalled.at) });
  }
  if (state.refused) outputs.push({ type: 'close', key: 'refused', endedAt });
  delete state.lost;
  delete state.dying;
  delete state.stalled;
  delete state.refused;
  return outputs;
}

const LOST_WORDS: Readonly<Record<LinkCause, string>> = {
  no_name: 'The name of the host cannot be looked up',
  no_route: 'This machine has no route to the host',
  host_unreachable: 'The host is unreachable',
  no_answer: 'The link is down',
  not_listening: 'sshd does not listen',
  turned_away: 'sshd turns logins away',
  ssh_dying: 'The link is lost',
};

function lostEvent(state: LinkDetectorState, context: DetectorContext): DetectorOutput {
  const { at, reason, cause, times, critical } = state.lost ?? {
    at: context.now,
    reason: '',
    times: 1,
    critical: false,
  };
  const words = cause ? LOST_WORDS[cause] : state.wasUp ? 'The link is lost' : 'The host cannot be reached';
  const again = times > 1 ? ` (${times} times)` : '';
  return {
    type: 'event',
    key: 'lost',
    draft: draft(
      'link.lost',
      critical ? 'critical' : 'warning',
      at,
      `${words}${again}: ${visibleText(reason, 500)}`,
      {
        reason,
        wasConnected: state.wasUp === true,
        ...(cause ? { cause } : {}),
        ...(times > 1 ? { times } : {}),
      },
    ),
  };
}

function tellStalled(stalled: NonNullable<LinkDetectorState['stalled']>): DetectorOutput {
  stalled.told = true;
  const { at, reason, critical } = stalled;
  return {
    type: 'event',
    key: 'stalled',
    draft: draft(
      'link.degraded',
      critical ? 'critical' : 'warning',
      at,
      `The link is stalled: ${visibleText(reason, 500)}`,
      { reason },
    ),
  };
}

function takeDying(
  state: LinkDetectorState,
  at: number,
  reason: string,
  connected: boolean,
  context: DetectorContext,
): readonly DetectorOutput[] {
  state.dying ??= { at, reason, connected, told: false, critical: false };
  state.dying.reason = reason;
  return tellDying(state, context);
}

function tellDying(state: LinkDetectorState, context: DetectorContext): readonly DetectorOutput[] {
  const { dying, latest } = state;
  if (!dying) return NOTHING;
  // While the old connection stands and does not answer either, there is nothing to wait for.
  const lasting = context.now - dying.at;
  if (!dying.told && !dying.connected && lasting < numberOf(context, 'dyingAfterMs')) return NOTHING;
  const critical = lasting >= numberOf(context, 'criticalAfterMs');
  if (dying.told && dying.critical === critical) return NOTHING;
  dying.told = true;
  dying.critical = critical;
  const outputs: DetectorOutput[] = [];
  if (state.stalled) outputs.push({ type: 'close', key: 'stalled', endedAt: context.now });
  delete state.stalled;
  const used = latest?.memoryUsed;
  const before =
    latest && used !== undefined
      ? `; memory was ${Math.round(used * 100)} % used ${spokenAge(Math.max(0, dying.at - latest.at))} before`
      : '';
  outputs.push({
    type: 'event',
    key: 'dying',
    draft: draft(
      'host.ssh_dying',
      critical ? 'critical' : 'warning',
      dying.at,
      `ssh is dying: the host accepts connections and sshd does not answer them${before}`,
      { reason: dying.reason, ...(used === undefined ? {} : { memoryUsed: used }) },
      latest ? [before10Minutes(latest.at)] : [],
    ),
  });
  return outputs;
}

function takeSample(
  state: LinkDetectorState,
  sample: Sample,
  context: DetectorContext,
): readonly DetectorOutput[] {
  const { memory, cgroup } = sample;
  const limit = cgroup?.memoryLimitBytes;
  const limited = limit !== undefined && limit < memory.totalBytes;
  const used = limited ? cgroup?.memoryUsageBytes : memory.totalBytes - memory.availableBytes;
  const of = limited ? limit : memory.totalBytes;
  state.latest ??= { at: 0, memoryUsed: undefined };
  state.latest.at = context.now;
  state.latest.memoryUsed = used === undefined || of <= 0 ? undefined : used / of;
  state.lastSampleAt = context.now;
  if (state.silent) state.silent.steadySince ??= context.now;
  return NOTHING;
}

function takeTick(
  state: LinkDetectorState,
  linkAnsweredAt: number | undefined,
  context: DetectorContext,
): readonly DetectorOutput[] {
  const { now } = context;
  const late = state.lastTickAt !== undefined && now - state.lastTickAt > 3000;
  state.lastTickAt = now;
  // The workbench itself slept: what it did not hear meanwhile is not the host's silence.
  if (late && state.lastSampleAt !== undefined && !state.silent) state.lastSampleAt = now;
  const outputs: DetectorOutput[] = [];
  if (state.upSince !== undefined && now - state.upSince >= numberOf(context, 'steadyAfterMs')) {
    outputs.push(...closeAll(state, state.upSince, true));
  }
  if (state.upSince === undefined) {
    if (state.lost && !state.lost.critical && now - state.lost.at >= numberOf(context, 'criticalAfterMs')) {
      state.lost.critical = true;
      outputs.push(lostEvent(state, context));
    }
    const { stalled } = state;
    if (stalled) {
      const critical = now - stalled.at >= numberOf(context, 'criticalAfterMs');
      const news = critical !== stalled.critical || !stalled.told;
      stalled.critical = critical;
      if (news && now - stalled.at >= numberOf(context, 'stalledAfterMs')) outputs.push(tellStalled(stalled));
    }
    outputs.push(...tellDying(state, context));
  }
  outputs.push(...lookForSilence(state, linkAnsweredAt, context));
  return outputs;
}

function lookForSilence(
  state: LinkDetectorState,
  linkAnsweredAt: number | undefined,
  context: DetectorContext,
): readonly DetectorOutput[] {
  const { now } = context;
  const { link: now_, silent, lastSampleAt } = state;
  if (lastSampleAt === undefined) return NOTHING;
  const quiet = now - lastSampleAt;
  if (silent && quiet > HALTING_MS) delete silent.steadySince;
  if (silent && quiet < numberOf(context, 'silentAfterMs')) {
    const { from, steadySince } = silent;
    if (steadySince === undefined || now - steadySince < numberOf(context, 'steadyAfterMs')) return NOTHING;
    delete state.silent;
    const recovery = {
      ...draft(
        'host.silent_ended',
        'recovered',
        steadySince,
        `Samples come again after ${spokenAge(steadySince - from)}`,
        { durationMs: steadySince - from },
      ),
      momentary: true,
    };
    return [{ type: 'close', key: 'silent', endedAt: steadySince, recovery }];
  }
  // The link must be known to answer, and to have done so in this silence: else it may be the link's. One whose answers
  // are slow is degraded by that alone, and says nothing new when the next one fails to come.
  const { answersSince } = state;
  const roundTripMs = (now_ && 'roundTripMs' in now_ && now_.roundTripMs) || 0;
  const heard =
    linkAnsweredAt === undefined ||
    (linkAnsweredAt - lastSampleAt > numberOf(context, 'silentAfterMs') / 2 &&
      now - linkAnsweredAt < ASKED_EVERY_MS + 2 * roundTripMs);
  const critical = quiet >= numberOf(context, 'silentCriticalAfterMs');
  if (now_ === undefined || answersSince === undefined || !heard) return NOTHING;
  // What a link kept back while it did not answer comes a moment after the answer.
  const unexcused = now - Math.max(lastSampleAt, answersSince);
  if (unexcused < numberOf(context, 'silentAfterMs') || (silent && (silent.critical || !critical)))
    return NOTHING;
  state.silent = { from: silent?.from ?? lastSampleAt, critical };
  return [
    {
      type: 'event',
      key: 'silent',
      draft: draft(
        'host.silent',
        critical ? 'critical' : 'warning',
        state.silent.from,
        `The host is silent: no sample for ${spokenAge(quiet)}, and the link answers`,
        { link: now_.kind },
        [before10Minutes(state.silent.from)],
      ),
    },
  ];
}

function answers(link: LinkState): boolean {
  return link.kind === 'good' || (link.kind === 'degraded' && link.roundTripMs !== undefined);
}

/** A link whose host is quiet is asked at each tick, unless it answered less than a second before. */
const ASKED_EVERY_MS = 2_000;
/** Samples that come with longer pauses than this do not come steadily. */
const HALTING_MS = 2_500;

/** What the host's memory did until it was last heard of. */
const before10Minutes = (at: number): Evidence => ({
  type: 'samples',
  metric: 'system.memory.usage.used',
  from: at - 10 * 60_000,
  to: at,
  note: 'memory in the ten minutes before',
});

function draft(
  kind: EventDraft['kind'],
  severity: EventDraft['severity'],
  at: number,
  title: string,
  detail: EventDraft['detail'],
  evidence: EventDraft['evidence'] = [],
): EventDraft {
  return { kind, severity, at, title, detail, evidence, actions: [], momentary: false };
}

function numberOf(context: DetectorContext, name: string): number {
  const value = context.thresholds[name] ?? link.thresholds[name];
  return typeof value === 'number' ? value : 0;
}
