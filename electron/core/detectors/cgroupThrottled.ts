import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity, ProcessRow } from '../../../shared/model/process.ts';
import type { CgroupUse } from '../../../shared/model/resources.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { closeGone } from './closeGone.ts';
import { type Detector, type DetectorOutput, NOTHING } from './detector.ts';
import { type Hysteresis, initialHysteresis, takeLook } from './hysteresis.ts';
import {
  hasGone,
  identityOf,
  limit,
  percent,
  processDetail,
  processEvidence,
  processWords,
  rowOf,
} from './words.ts';

interface Group extends Hysteresis {
  at: number;
  periods: number;
  throttled: number;
  heldMs: number | undefined;
  seenAt: number;
  /** As last told. */
  share?: number;
  named?: ProcessIdentity;
}

interface State {
  bootId: string;
  groups: Map<string, Group>;
}

/** Groups are those of the busiest processes: one may be missing at a look or two. */
const FORGET_MS = 60_000;

/** A control group that is held back by its CPU quota in many of its periods (100 ms each, mostly). */
export const cgroupThrottled: Detector<State> = {
  name: 'cgroupThrottled',
  takes: ['sample'],
  looksAt: 'cgroups',
  thresholds: { openShare: 0.25, closeShare: 0.1, seconds: 15, minimumPeriods: 20 },
  initial: () => ({ bootId: '', groups: new Map() }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const outputs: DetectorOutput[] = [];
    if (state.bootId !== sample.bootId)
      outputs.push(
        ...closeGone(
          state.groups,
          () => false,
          (group) => group.open,
          sample.at,
        ),
      );
    state.bootId = sample.bootId;
    const at = sample.lookedAt?.cgroups;
    if (at === undefined || !sample.cgroups) return outputs;
    for (const use of sample.cgroups) {
      const { periods, throttledPeriods: throttled } = use;
      if (periods === undefined || throttled === undefined) continue;
      const before = state.groups.get(use.path);
      const group: Group = before ?? {
        ...initialHysteresis(),
        at,
        periods,
        throttled,
        heldMs: use.throttledMs,
        seenAt: at,
      };
      const passed = periods - group.periods;
      const share = passed > 0 ? Math.min(1, Math.max(0, (throttled - group.throttled) / passed)) : 0;
      const enough = passed >= limit(context, 'minimumPeriods');
      const look =
        enough && share >= limit(context, 'openShare')
          ? 'holds'
          : share < limit(context, 'closeShare')
            ? 'clear'
            : 'between';
      const change = before
        ? takeLook(group, look, at, {
            openMs: limit(context, 'seconds') * 1000,
            closeMs: 30_000,
            gapMs: FORGET_MS,
          })
        : undefined;
      // The first look that holds covers the time since the one before it.
      if (look === 'holds' && group.heldSince === at && before) group.heldSince = before.at;
      const opened = change === 'opened' || (!group.open && openNow(group, at, limit(context, 'seconds')));
      if (opened) group.open = true;
      if (change === 'closed') {
        delete group.share;
        delete group.named;
        outputs.push({ type: 'close', key: use.path, endedAt: group.clearSince ?? at });
      } else if (
        group.open &&
        look === 'holds' &&
        (opened || Math.abs(share - (group.share ?? 0)) > 0.2 || hasGone(group.named, sample))
      ) {
        const row = rowOf(sample, use.pid);
        group.share = share;
        if (row) group.named = identityOf(row, sample.bootId);
        else delete group.named;
        const heldMs =
          use.throttledMs === undefined || group.heldMs === undefined
            ? undefined
            : use.throttledMs - group.heldMs;
        outputs.push(told(use, group, row, share, at - group.at, heldMs, sample));
      }
      Object.assign(group, { at, periods, throttled, heldMs: use.throttledMs, seenAt: at });
      state.groups.set(use.path, group);
    }
    for (const [path, group] of state.groups) {
      if (at - group.seenAt < FORGET_MS) continue;
      state.groups.delete(path);
      if (group.open) outputs.push({ type: 'close', key: path, endedAt: group.seenAt });
    }
    return outputs;
  },
};

function openNow(group: Group, at: number, seconds: number): boolean {
  return group.heldSince !== undefined && at - group.heldSince >= seconds * 1000;
}

function told(
  use: CgroupUse,
  group: Group,
  row: ProcessRow | undefined,
  share: number,
  overMs: number,
  heldMs: number | undefined,
  sample: Sample,
): DetectorOutput {
  const path = visibleText(use.path, 120);
  const quota = use.cpuQuotaCores === undefined ? '' : `its quota is ${use.cpuQuotaCores.toFixed(2)} cores`;
  const who = row ? `most of it ${processWords(row)}` : '';
  const held =
    heldMs === undefined || heldMs < 100
      ? ''
      : `, ${(heldMs / 1000).toFixed(1)} s of waiting in all its threads`;
  return {
    type: 'event',
    key: use.path,
    draft: {
      kind: 'cgroup.throttled',
      severity: 'warning',
      at: group.heldSince ?? sample.at,
      hostAt: sample.hostAt,
      title: `Control group ${path} is held back in ${percent(share)} of its CPU periods${row ? `: ${processWords(row)}` : ''}`,
      verdict: `Control group ${path} was held back in ${percent(share)} of its CPU periods in the last ${Math.round(overMs / 1000)} s${held}${[
        quota,
        who,
      ]
        .filter((part) => part !== '')
        .map((part) => `; ${part}`)
        .join('')}`,
      detail: {
        path: use.path,
        share,
        ...(use.cpuQuotaCores === undefined ? {} : { quotaCores: use.cpuQuotaCores }),
        ...(heldMs === undefined ? {} : { throttledMs: Math.round(heldMs) }),
        overMs,
        ...(row ? processDetail(row, sample.bootId) : {}),
      },
      evidence: [
        {
          type: 'samples',
          metric: 'system.cpu.utilization.user',
          from: (group.heldSince ?? sample.at) - 60_000,
          to: sample.at,
        },
        ...(row ? [processEvidence(row, sample.bootId, 'the busiest in that group')] : []),
      ],
      actions: [],
      momentary: false,
    },
  };
}
