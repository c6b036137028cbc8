import type { SamplerState } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { limit } from './words.ts';

interface State {
  /** Since when this connection waits for its first sample, and what is known of why. */
  waiting?: { since: number; reason?: string };
  told: boolean;
}

/**
 * A host that can be logged in to and gives no figures: no interpreter, no /proc, a forced command or a menu in place of a
 * shell, no process to spare. Without a word it would look like a calm one.
 */
export const unmeasured: Detector<State> = {
  name: 'unmeasured',
  takes: ['sampler', 'sample', 'tick'],
  /** A host that is out of breath may need so long for its first figures. */
  thresholds: { afterMs: 15_000 },
  initial: () => ({ told: false }),
  reduce(state, input, context) {
    switch (input.type) {
      case 'sampler':
        return takeSampler(state, input.sampler, context);
      case 'sample':
        if (!state.waiting) return NOTHING;
        delete state.waiting;
        return close(state, context.now);
      case 'tick': {
        const { waiting } = state;
        if (waiting?.reason === undefined || state.told) return NOTHING;
        return context.now - waiting.since < limit(context, 'afterMs')
          ? NOTHING
          : tell(state, waiting.since, waiting.reason, WAITING);
      }
      default:
        return NOTHING;
    }
  },
};

const WAITING = 'It is tried again by itself. May this login run commands, and does the host have a shell?';

function takeSampler(
  state: State,
  sampler: SamplerState,
  context: DetectorContext,
): readonly DetectorOutput[] {
  switch (sampler.kind) {
    case 'starting':
      state.waiting ??= { since: sampler.since };
      return NOTHING;
    case 'silent':
      if (state.waiting) state.waiting.reason = sampler.reason;
      return NOTHING;
    case 'failed':
      state.waiting ??= { since: sampler.since };
      return tell(state, state.waiting.since, sampler.reason, sampler.advice);
    case 'off':
      delete state.waiting;
      return close(state, context.now);
    case 'running':
      return NOTHING;
  }
}

function close(state: State, endedAt: number): readonly DetectorOutput[] {
  if (!state.told) return NOTHING;
  state.told = false;
  return [{ type: 'close', key: 'unmeasured', endedAt }];
}

function tell(state: State, at: number, reason: string, advice: string): readonly DetectorOutput[] {
  state.told = true;
  return [
    {
      type: 'event',
      key: 'unmeasured',
      draft: {
        kind: 'host.unmeasured',
        severity: 'warning',
        at,
        title: `Nothing is measured on this host: ${visibleText(reason, 300)}`,
        verdict: advice,
        detail: { reason },
        evidence: [],
        actions: [],
        momentary: false,
      },
    },
  ];
}
