import { type Detector, NOTHING } from './detector.ts';
import { type Hysteresis, initialHysteresis, levelOf, takeLook } from './hysteresis.ts';
import { spokenAge } from './respawnRole.ts';
import { limit } from './words.ts';

/**
 * A host whose clock is not this machine's. Which of the two is wrong cannot be said from here; several hosts with the
 * same offset say that it is this machine.
 */
export const clockSkewed: Detector<Hysteresis & { told?: number }> = {
  name: 'clockSkewed',
  takes: ['sample'],
  thresholds: { openSeconds: 2, closeSeconds: 1, holdSeconds: 10 },
  initial: initialHysteresis,
  reduce(state, input, context) {
    const { facts } = context;
    if (input.type !== 'sample' || !facts) return NOTHING;
    const { sample } = input;
    const offset = facts.clockOffsetMs;
    // What the way there and back leaves open is not skew.
    const sure = Math.max(0, Math.abs(offset) - facts.clockUncertaintyMs);
    const look = levelOf(sure / 1000, limit(context, 'openSeconds'), limit(context, 'closeSeconds'));
    const change = takeLook(state, look, sample.at, {
      openMs: limit(context, 'holdSeconds') * 1000,
      closeMs: 30_000,
    });
    if (change === 'closed') {
      delete state.told;
      return [{ type: 'close', key: 'clock', endedAt: state.clearSince ?? sample.at }];
    }
    if (!state.open || look !== 'holds') return NOTHING;
    if (state.told !== undefined && Math.abs(offset - state.told) < 0.2 * Math.abs(state.told))
      return NOTHING;
    state.told = offset;
    const ahead = offset > 0 ? 'ahead of' : 'behind';
    const by =
      Math.abs(offset) < 90_000 ? `${(Math.abs(offset) / 1000).toFixed(1)} s` : spokenAge(Math.abs(offset));
    return [
      {
        type: 'event',
        key: 'clock',
        draft: {
          kind: 'clock.skewed',
          severity: 'warning',
          at: state.heldSince ?? sample.at,
          hostAt: sample.hostAt,
          title: `The host's clock is ${by} ${ahead} this machine's`,
          verdict: `The host's clock is ${by} ${ahead} this machine's (sure to within ${Math.ceil(facts.clockUncertaintyMs)} ms): times in its logs are off by as much, and here they are shown corrected; tokens and certificates may be refused`,
          detail: { offsetMs: offset, uncertaintyMs: facts.clockUncertaintyMs },
          evidence: [],
          actions: [],
          momentary: false,
        },
      },
    ];
  },
};
