import { type Detector, NOTHING } from './detector.ts';
import { spokenAge } from './respawnRole.ts';

/** A boot id that changed between two samples: the host went down and came back. */
export const hostReboot: Detector<{ bootId?: string; lastAt?: number }> = {
  name: 'hostReboot',
  takes: ['sample'],
  thresholds: {},
  initial: () => ({}),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const { bootId: before, lastAt } = state;
    state.bootId = sample.bootId;
    state.lastAt = sample.at;
    if (before === undefined || before === sample.bootId) return NOTHING;
    const bootedAt = sample.at - sample.uptimeMs;
    // Up time may be a container's own; it cannot have booted before we last saw it.
    const at = lastAt !== undefined && bootedAt < lastAt ? sample.at : bootedAt;
    const silent = lastAt === undefined ? undefined : sample.at - lastAt;
    return [
      {
        type: 'event',
        key: `boot:${sample.bootId}`,
        draft: {
          kind: 'host.rebooted',
          severity: 'critical',
          at,
          hostAt: at + (context.facts?.clockOffsetMs ?? 0),
          title: `The host rebooted${silent === undefined ? '' : `, ${spokenAge(silent)} after its last sample`}`,
          detail: {
            bootId: sample.bootId,
            previousBootId: before,
            ...(silent === undefined ? {} : { silentMs: silent }),
          },
          evidence: [
            {
              type: 'samples',
              metric: 'system.memory.usage.used',
              from: (lastAt ?? at) - 5 * 60_000,
              to: sample.at,
              note: 'the last minutes before it went',
            },
          ],
          actions: [],
          momentary: true,
        },
      },
    ];
  },
};
