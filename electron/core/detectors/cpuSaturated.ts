import type { JsonObject } from '../../../shared/base/json.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { Detector } from './detector.ts';

type Owner = 'visible' | 'reaped' | 'unattributed' | 'steal';

interface State {
  /** The latest ticks, oldest first, spanning at most `seconds`. */
  window: Sample[];
  open: boolean;
}

/**
 * A host whose CPU has no more to give, by the mean of a window, and who takes it: processes that `top` shows, children
 * that died before it looked, time that no process owns, or the hypervisor's other guests. A build does the first all day,
 * so that is info; the others do not show in `top`, so they are a warning.
 */
export const cpuSaturated: Detector<State> = {
  name: 'cpuSaturated',
  thresholds: { openShare: 0.95, closeShare: 0.8, seconds: 15 },
  initial: () => ({ window: [], open: false }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return [];
    const { sample } = input;
    const seconds = Number(context.thresholds['seconds']);
    const last = state.window.at(-1);
    // A gap or another boot: what was before says nothing of now.
    if (last && (last.bootId !== sample.bootId || sample.at - last.at > seconds * 1000)) state.window = [];
    state.window.push(sample);
    while ((state.window[1]?.at ?? Number.POSITIVE_INFINITY) <= sample.at - seconds * 1000)
      state.window.shift();
    const spanMs = state.window.reduce((sum, one) => sum + one.intervalMs, 0);
    if (spanMs < seconds * 1000) return [];
    const mean = (read: (one: Sample) => number) =>
      state.window.reduce((sum, one) => sum + read(one) * one.intervalMs, 0) / spanMs;
    const steal = mean((one) => one.cpu.steal);
    const share = mean((one) => 1 - one.cpu.idle - one.cpu.iowait);
    if (state.open) {
      if (share >= Number(context.thresholds['closeShare'])) return [];
      state.open = false;
      return [{ type: 'close', key: 'cpu', endedAt: sample.at }];
    }
    if (share < Number(context.thresholds['openShare'])) return [];
    state.open = true;
    const cores: Record<Owner, number> = {
      visible: mean((one) => one.balance.visible),
      reaped: mean((one) => one.balance.reaped),
      unattributed: mean((one) => one.balance.unattributed),
      steal: steal * sample.cores,
    };
    const owners: Owner[] = ['visible', 'reaped', 'unattributed', 'steal'];
    const owner = owners.reduce((most, one) => (cores[one] > cores[most] ? one : most));
    const top = sample.table.reduce(
      (most, row) => (row.cpu > (most?.cpu ?? 0) ? row : most),
      sample.table[0],
    );
    const reaper = sample.balance.reapers[0];
    const words: Record<Owner, string> = {
      visible: top ? `most by ${visibleText(top.name, 40)} (pid ${top.pid})` : 'by processes in the table',
      reaped: `most by children that ended at once${reaper ? `, of ${visibleText(reaper.name, 40)} (pid ${reaper.pid})` : ''}`,
      unattributed: 'most by no process in the table',
      steal: 'most taken by the hypervisor for others',
    };
    const detail: JsonObject = { share, cores: sample.cores, owner, byOwner: { ...cores } };
    const from = sample.at - spanMs;
    return [
      {
        type: 'event',
        key: 'cpu',
        draft: {
          kind: 'cpu.saturated',
          severity: owner === 'visible' ? 'info' : 'warning',
          at: from,
          hostAt: sample.hostAt - spanMs,
          title: `CPU is ${Math.round(share * 100)} % busy for ${Math.round(spanMs / 1000)} s, ${words[owner]}`,
          verdict: verdictOf(sample, share, spanMs, cores, top, reaper),
          detail,
          evidence: [
            { type: 'samples', metric: 'system.cpu.utilization.user', from: from - 60_000, to: sample.at },
            {
              type: 'samples',
              metric: `fireline.cpu.${owner === 'steal' ? 'visible' : owner}`,
              from: from - 60_000,
              to: sample.at,
            },
          ],
          actions: [],
          momentary: false,
        },
      },
    ];
  },
};

/** Each part of what is busy, in cores, largest first. */
function verdictOf(
  sample: Sample,
  share: number,
  spanMs: number,
  cores: Record<Owner, number>,
  top: Sample['table'][number] | undefined,
  reaper: Sample['balance']['reapers'][number] | undefined,
): string {
  const words: Record<Owner, string> = {
    visible: `to processes in the table${top && top.cpu > 0 ? ` (most of it ${visibleText(top.name, 40)}, pid ${top.pid}, ${top.cpu.toFixed(2)})` : ''}`,
    reaped: `to children that ended at once${reaper ? ` (of ${visibleText(reaper.name, 40)}, pid ${reaper.pid})` : ''}`,
    unattributed: 'to nobody that can be seen',
    steal: 'to other guests of the hypervisor',
  };
  const parts = (['visible', 'reaped', 'unattributed', 'steal'] as const)
    .filter((owner) => cores[owner] >= 0.05)
    .sort((a, b) => cores[b] - cores[a])
    .map((owner) => `${cores[owner].toFixed(2)} ${words[owner]}`);
  return `${(share * sample.cores).toFixed(2)} of ${sample.cores} core${sample.cores === 1 ? '' : 's'} have been busy for ${Math.round(spanMs / 1000)} s: ${parts.join(', ')}`;
}
