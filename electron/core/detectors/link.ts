import type { LinkState } from '../../../shared/model/host.ts';
import { isUp } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { Detector, DetectorContext, DetectorOutput, EventDraft } from './detector.ts';
import { spokenAge } from './respawnRole.ts';

/** The link's losses and returns, and a host that stands connected and says nothing. */
export const link: Detector<LinkDetectorState> = {
  name: 'link',
  thresholds: {
    /** A loss that lasts so long is critical; a short one is a warning. */
    criticalAfterMs: 30_000,
    /** No sample for so long while the link stands. */
    silentAfterMs: 5000,
    silentCriticalAfterMs: 20_000,
  },
  initial: () => ({}),
  reduce(state, input, context) {
    switch (input.type) {
      case 'link':
        return takeLink(state, input.link, context);
      case 'sample':
        return takeSample(state, context);
      case 'tick':
        return takeTick(state, context);
      default:
        return [];
    }
  },
};

export interface LinkDetectorState {
  link?: LinkState;
  wasUp?: boolean;
  lost?: { at: number; reason: string; critical: boolean };
  refused?: boolean;
  lastSampleAt?: number;
  lastTickAt?: number;
  silent?: { from: number; critical: boolean };
}

function takeLink(state: LinkDetectorState, next: LinkState, context: DetectorContext): DetectorOutput[] {
  state.link = next;
  const outputs: DetectorOutput[] = [];
  if (isUp(next)) {
    if (state.lost) {
      const { at } = state.lost;
      const duration = Math.max(0, next.since - at);
      outputs.push({
        type: 'close',
        key: 'lost',
        endedAt: next.since,
        recovery: draft(
          'link.restored',
          'recovered',
          next.since,
          `The link is back after ${spokenAge(duration)}`,
          {
            durationMs: duration,
          },
          true,
        ),
      });
    }
    if (state.refused) outputs.push({ type: 'close', key: 'refused', endedAt: next.since });
    delete state.lost;
    delete state.refused;
    state.wasUp = true;
    return outputs;
  }
  // Silence of a host that is not connected is the link's matter.
  if (state.silent) {
    outputs.push({ type: 'close', key: 'silent', endedAt: next.since });
    delete state.silent;
  }
  delete state.lastSampleAt;
  switch (next.kind) {
    case 'lost':
    case 'reconnecting':
      if (!state.lost) {
        state.lost = { at: next.since, reason: next.reason, critical: false };
        outputs.push(lostEvent(state, context));
      }
      break;
    case 'refused': {
      const at = state.lost?.at ?? next.since;
      if (state.lost) outputs.push({ type: 'close', key: 'lost', endedAt: next.since });
      delete state.lost;
      if (!state.refused) {
        state.refused = true;
        const reason = visibleText(next.reason, 500);
        outputs.push({
          type: 'event',
          key: 'refused',
          draft: draft(
            'link.refused',
            'critical',
            at,
            `The connection is refused: ${reason}`,
            {
              reason: next.reason,
              advice: next.advice,
            },
            false,
          ),
        });
      }
      break;
    }
    case 'closed':
    case 'idle':
    case 'held':
      // A person's own doing: what was open is over, and nothing came back.
      if (state.lost) outputs.push({ type: 'close', key: 'lost', endedAt: next.since });
      if (state.refused) outputs.push({ type: 'close', key: 'refused', endedAt: next.since });
      state.wasUp = false;
      delete state.lost;
      delete state.refused;
      break;
    default:
      break;
  }
  return outputs;
}

function lostEvent(state: LinkDetectorState, context: DetectorContext): DetectorOutput {
  const { at, reason, critical } = state.lost ?? { at: context.now, reason: '', critical: false };
  const words = visibleText(reason, 500);
  const title = state.wasUp ? `The link is lost: ${words}` : `The host cannot be reached: ${words}`;
  return {
    type: 'event',
    key: 'lost',
    draft: draft(
      'link.lost',
      critical ? 'critical' : 'warning',
      at,
      title,
      {
        reason,
        wasConnected: state.wasUp === true,
      },
      false,
    ),
  };
}

function takeSample(state: LinkDetectorState, context: DetectorContext): DetectorOutput[] {
  state.lastSampleAt = context.now;
  const { silent } = state;
  if (!silent) return [];
  delete state.silent;
  const duration = context.now - silent.from;
  return [
    {
      type: 'close',
      key: 'silent',
      endedAt: context.now,
      recovery: draft(
        'host.silent_ended',
        'recovered',
        context.now,
        `Samples come again after ${spokenAge(duration)}`,
        { durationMs: duration },
        true,
      ),
    },
  ];
}

function takeTick(state: LinkDetectorState, context: DetectorContext): DetectorOutput[] {
  const { now } = context;
  const late = state.lastTickAt !== undefined && now - state.lastTickAt > 3000;
  state.lastTickAt = now;
  // The workbench itself slept: what it did not hear meanwhile is not the host's silence.
  if (late && state.lastSampleAt !== undefined && !state.silent) state.lastSampleAt = now;
  if (state.lost && !state.lost.critical && now - state.lost.at >= numberOf(context, 'criticalAfterMs')) {
    state.lost.critical = true;
    return [lostEvent(state, context)];
  }
  if (!state.link || !isUp(state.link) || state.lastSampleAt === undefined) return [];
  const quiet = now - state.lastSampleAt;
  const critical = quiet >= numberOf(context, 'silentCriticalAfterMs');
  if (quiet < numberOf(context, 'silentAfterMs') || (state.silent && state.silent.critical === critical))
    return [];
  state.silent = { from: state.silent?.from ?? state.lastSampleAt, critical };
  const stalled = state.link.kind === 'stalled' ? ' and keepalives are not answered' : '';
  return [
    {
      type: 'event',
      key: 'silent',
      draft: draft(
        'host.silent',
        critical ? 'critical' : 'warning',
        state.silent.from,
        `No sample for ${spokenAge(quiet)}; the connection stands${stalled}`,
        { link: state.link.kind },
        false,
        [
          {
            type: 'samples',
            metric: 'system.memory.usage.used',
            from: state.silent.from - 5 * 60_000,
            to: state.silent.from,
            note: 'the last minutes before it fell silent',
          },
        ],
      ),
    },
  ];
}

function draft(
  kind: EventDraft['kind'],
  severity: EventDraft['severity'],
  at: number,
  title: string,
  detail: EventDraft['detail'],
  momentary: boolean,
  evidence: EventDraft['evidence'] = [],
): EventDraft {
  return { kind, severity, at, title, detail, evidence, actions: [], momentary };
}

function numberOf(context: DetectorContext, name: string): number {
  const value = context.thresholds[name] ?? link.thresholds[name];
  return typeof value === 'number' ? value : 0;
}
