import type { JsonObject } from '../../../shared/base/json.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { programName } from '../../../shared/profiling/programName.ts';
import { busyOf, type CpuMeans, CpuWindow } from './cpuWindow.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { type Hysteresis, initialHysteresis, levelOf, takeLook } from './hysteresis.ts';
import { movedGlance } from './movedGlance.ts';
import { spokenAge } from './respawnRole.ts';
import { sharedKernelWords } from './toldLine.ts';
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

type Owner = 'visible' | 'reaped' | 'unattributed' | 'steal';

interface State {
  bootId: string;
  lastAt: number;
  /** The latest ticks, spanning at most `seconds`. */
  window: CpuWindow;
  /** When a tick was last so busy, or waited so much, that a mean might be. */
  highAt: number;
  open: boolean;
  /** Since when it goes on, when it was last told, and whom it named then. */
  since: number;
  toldAt: number;
  named?: ProcessIdentity;
  owner?: Owner;
  waiting: Hysteresis & { told?: number; toldAt?: number };
  stolen: Hysteresis & { told?: number; toldAt?: number };
  /** One core that does nothing but answer interrupts. */
  interrupts: Hysteresis;
  /** One process on one core, by pid and start. */
  pegged: Hysteresis & { key?: string; busy: number };
}

/**
 * A host whose CPU has no more to give, by the mean of a window, and who takes it: processes that `top` shows, children
 * that died before it looked, time that no process owns, or the hypervisor's other guests. A build does the first all day,
 * so that is info; the others do not show in `top`, so they are a warning.
 * Also, for information: cores that wait for disks, and one process that uses one core wholly while others idle.
 */
export const cpuSaturated: Detector<State> = {
  name: 'cpuSaturated',
  takes: ['sample'],
  thresholds: {
    openShare: 0.95,
    closeShare: 0.8,
    seconds: 15,
    waitShare: 0.3,
    stealShare: 0.2,
    peggedSeconds: 60,
  },
  initial: () => ({
    bootId: '',
    lastAt: 0,
    window: new CpuWindow(),
    highAt: 0,
    open: false,
    since: 0,
    toldAt: 0,
    waiting: initialHysteresis(),
    stolen: initialHysteresis(),
    interrupts: initialHysteresis(),
    pegged: { ...initialHysteresis(), busy: 0 },
  }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const seconds = Number(context.thresholds['seconds']);
    // A gap or another boot: what was before says nothing of now.
    if (state.bootId !== sample.bootId || sample.at - state.lastAt > seconds * 1000)
      state.window = new CpuWindow();
    state.bootId = sample.bootId;
    state.lastAt = sample.at;
    state.window.add(sample, seconds * 1000);
    if (state.window.spanMs < seconds * 1000) return NOTHING;
    const outputs: DetectorOutput[] = [];
    judgePegged(state, sample, context, outputs);
    judgeInterrupts(state, sample, context, outputs);
    // No mean is above all that it is of: most hosts need none.
    const { iowait, steal: taken } = sample.cpu;
    if (
      busyOf(sample) >= limit(context, 'openShare') ||
      iowait >= limit(context, 'waitShare') / 2 ||
      taken >= limit(context, 'stealShare')
    )
      state.highAt = sample.at;
    const calm = !state.open && !goesOn(state.waiting) && !goesOn(state.stolen);
    if (calm && state.highAt < state.window.oldestAt) return outputs;
    const means = state.window.means();
    const { spanMs, steal, busy: share } = means;
    judgeWaiting(state, means, sample, context, outputs);
    judgeStolen(state, means, sample, context, outputs);
    if (state.open && share < Number(context.thresholds['closeShare'])) {
      state.open = false;
      delete state.named;
      return [...outputs, { type: 'close', key: 'cpu', endedAt: sample.at }];
    }
    // While it goes on, it is told again when whom it names has gone; of a build, once a window.
    const old = sample.at - state.toldAt >= seconds * 1000;
    if (state.open ? !old || !hasGone(state.named, sample) : share < Number(context.thresholds['openShare']))
      return outputs;
    if (!state.open) state.since = sample.at - spanMs;
    state.open = true;
    state.toldAt = sample.at;
    const cores: Record<Owner, number> = {
      visible: means.visible,
      reaped: means.reaped,
      unattributed: means.unattributed,
      steal: steal * sample.cores,
    };
    const owners: Owner[] = ['visible', 'reaped', 'unattributed', 'steal'];
    const owner = owners.reduce((most, one) => (cores[one] > cores[most] ? one : most));
    state.owner = owner;
    const top = sample.table.reduce(
      (most, row) => (row.cpu > (most?.cpu ?? 0) ? row : most),
      sample.table[0],
    );
    const reaper = sample.balance.reapers[0];
    // With hidepid not even pid 1 is shown: what others run is a build as likely as a trouble.
    const hidden = rowOf(sample, 1) === undefined;
    const words: Record<Owner, string> = {
      visible: top && top.cpu > 0 ? `most by ${processWords(top)}` : 'by processes in the table',
      reaped: `most by children that ended at once${reaper ? `, of ${processWords(reaper)}` : ''}`,
      unattributed: hidden
        ? 'most by processes that this account may not see'
        : context.facts?.container
          ? 'most by no process that this container shows'
          : 'most by no process in the table',
      steal: 'most taken by the hypervisor for others',
    };
    const detail: JsonObject = { share, cores: sample.cores, owner, byOwner: { ...cores } };
    const from = state.since;
    const culprit = owner === 'visible' && top && top.cpu > 0 ? top : undefined;
    if (culprit) state.named = identityOf(culprit, sample.bootId);
    else delete state.named;
    return [
      ...outputs,
      {
        type: 'event',
        key: 'cpu',
        draft: {
          kind: 'cpu.saturated',
          severity: owner === 'visible' || (owner === 'unattributed' && hidden) ? 'info' : 'warning',
          at: from,
          hostAt: sample.hostAt - (sample.at - from),
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
            ...(culprit ? [processEvidence(culprit, sample.bootId, 'the busiest')] : []),
          ],
          actions: [],
          momentary: false,
        },
      },
    ];
  },
};

const goesOn = ({ open, heldSince }: Hysteresis) => open || heldSince !== undefined;

/** Cores that stand idle because what would run on them waits for a disk. */
function judgeWaiting(
  state: State,
  { spanMs, iowait: share }: CpuMeans,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const least = limit(context, 'waitShare');
  const look = levelOf(share, least, least / 2);
  // The window has been waited for already.
  const change = takeLook(state.waiting, look, sample.at, { openMs: 0, closeMs: 15_000 });
  if (change === 'closed')
    outputs.push({ type: 'close', key: 'iowait', endedAt: state.waiting.clearSince ?? sample.at });
  if (!isNews(state.waiting, share, sample.at)) return;
  const full = sample.pressure?.ioFull;
  const { blocked } = sample.processes;
  const pressure =
    full === undefined ? '' : `; in ${percent(full)} of the time nothing at all could run for that`;
  outputs.push({
    type: 'event',
    key: 'iowait',
    draft: {
      kind: 'cpu.saturated',
      severity: full !== undefined && full >= 0.5 && blocked >= sample.cores ? 'warning' : 'info',
      at: (state.waiting.heldSince ?? sample.at) - spanMs,
      hostAt: sample.hostAt - (sample.at - (state.waiting.heldSince ?? sample.at)) - spanMs,
      title: `CPU waits for disks ${percent(share)} of the time; ${blocked} process${blocked === 1 ? '' : 'es'} blocked`,
      verdict: `${(share * sample.cores).toFixed(2)} of ${sample.cores} core${sample.cores === 1 ? '' : 's'} stood idle for ${Math.round(spanMs / 1000)} s because what would run waits for a disk: the busiest disk is ${percent(sample.disk.busiest)} busy, and ${blocked} process${blocked === 1 ? ' is' : 'es are'} blocked${pressure}`,
      detail: { share, cores: sample.cores, owner: 'iowait', blocked, busiestDisk: sample.disk.busiest },
      evidence: [
        {
          type: 'samples',
          metric: 'system.cpu.utilization.iowait',
          from: sample.at - spanMs - 60_000,
          to: sample.at,
        },
        { type: 'samples', metric: 'system.disk.busy', from: sample.at - spanMs - 60_000, to: sample.at },
      ],
      actions: [],
      momentary: false,
    },
  });
}

/** Told when it opens, and again, not before half a minute, when it is a quarter more. */
function isNews(one: State['waiting'], share: number, at: number): boolean {
  if (!one.open) {
    delete one.told;
    return false;
  }
  if (one.told !== undefined && (share < one.told * 1.25 || at - (one.toldAt ?? 0) < 30_000)) return false;
  one.told = share;
  one.toldAt = at;
  return true;
}

/** Time that this machine wanted and its hypervisor gave to others. */
function judgeStolen(
  state: State,
  { spanMs, steal: share, busy }: CpuMeans,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const least = limit(context, 'stealShare');
  const look = levelOf(share, least, least / 2);
  const change = takeLook(state.stolen, look, sample.at, { openMs: 30_000, closeMs: 15_000 });
  if (change === 'closed')
    outputs.push({ type: 'close', key: 'steal', endedAt: state.stolen.clearSince ?? sample.at });
  // It was said already.
  if ((state.open && state.owner === 'steal') || !isNews(state.stolen, share, sample.at)) return;
  const since = (state.stolen.heldSince ?? sample.at) - spanMs;
  outputs.push({
    type: 'event',
    key: 'steal',
    draft: {
      kind: 'cpu.saturated',
      severity: context.facts?.container ? 'info' : 'warning',
      at: since,
      hostAt: sample.hostAt - (sample.at - since),
      title: `The hypervisor takes ${percent(share)} of the CPU for others${sharedKernelWords(context)}`,
      verdict: `${(share * sample.cores).toFixed(2)} of ${sample.cores} core${sample.cores === 1 ? '' : 's'} were wanted here and given to other guests of the hypervisor for ${spokenAge(sample.at - since)}; ${percent(Math.max(0, busy - share))} was had. Nothing on this host can change that: its neighbours do, or a limit of its size (credits of a burstable instance that are used up)`,
      detail: { share, cores: sample.cores, owner: 'steal' },
      evidence: [
        { type: 'samples', metric: 'system.cpu.utilization.steal', from: since - 60_000, to: sample.at },
      ],
      actions: [],
      momentary: false,
    },
  });
}

/** One thread that can use no more than one core, however many there are. The kernel moves it about, so it goes by process. */
function judgePegged(
  state: State,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { pegged } = state;
  if (sample.cores < 2) return;
  const top = movedGlance(sample).busiest;
  if (!pegged.open && (top?.cpu ?? 0) < 0.8) {
    if (pegged.key !== undefined) delete pegged.key;
    return;
  }
  const key = top ? `${top.pid}:${top.startTicks}` : undefined;
  if (key !== pegged.key && !(pegged.open && (top?.cpu ?? 0) < 0.9)) {
    if (pegged.open) outputs.push({ type: 'close', key: `core ${pegged.key}`, endedAt: sample.at });
    Object.assign(pegged, { open: false, key, busy: 0 });
    delete pegged.heldSince;
    delete pegged.clearSince;
  }
  const own = key === pegged.key ? (top?.cpu ?? 0) : 0;
  const look = own >= 0.93 && own <= 1.1 ? 'holds' : own >= 0.8 && own <= 1.2 ? 'between' : 'clear';
  if (look !== 'holds' && !pegged.open) delete pegged.heldSince;
  const change = takeLook(pegged, look, sample.at, {
    openMs: limit(context, 'peggedSeconds') * 1000,
    closeMs: 15_000,
  });
  if (change === 'closed')
    outputs.push({ type: 'close', key: `core ${pegged.key}`, endedAt: pegged.clearSince ?? sample.at });
  if (change !== 'opened' || !top) return;
  outputs.push({
    type: 'event',
    key: `core ${pegged.key}`,
    draft: {
      kind: 'cpu.saturated',
      severity: 'info',
      at: pegged.heldSince ?? sample.at,
      hostAt: sample.hostAt,
      title: `${processWords(top)} has used one of ${sample.cores} cores wholly for ${limit(context, 'peggedSeconds')} s`,
      verdict: `${processWords(top)} has used one whole core (${top.cpu.toFixed(2)}) for ${limit(context, 'peggedSeconds')} s, and can use no more of the ${sample.cores} there are if it is one thread that works: it has ${top.threads}`,
      detail: { owner: 'core', cores: sample.cores, ...processDetail(top, sample.bootId), share: top.cpu },
      evidence: [
        processEvidence(top, sample.bootId),
        {
          type: 'samples',
          metric: 'system.cpu.utilization.user',
          from: (pegged.heldSince ?? sample.at) - 60_000,
          to: sample.at,
        },
      ],
      actions: [],
      momentary: false,
    },
  });
}

/** All packets of a network card come to one core where it has one queue, or its queues are not spread: then that is the limit. */
function judgeInterrupts(
  state: State,
  sample: Sample,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { interrupts } = state;
  if (sample.cores < 2 || (!interrupts.open && sample.cpu.interrupt * sample.cores < 0.8)) {
    if (interrupts.heldSince !== undefined) delete interrupts.heldSince;
    return;
  }
  const most = sample.perCore.reduce((one, core) => Math.max(one, core.interrupt), 0);
  const change = takeLook(interrupts, levelOf(most, 0.9, 0.6), sample.at, {
    openMs: limit(context, 'peggedSeconds') * 1000,
    closeMs: 15_000,
  });
  if (change === 'closed')
    outputs.push({ type: 'close', key: 'interrupts', endedAt: interrupts.clearSince ?? sample.at });
  if (change !== 'opened') return;
  const core = sample.perCore.findIndex((one) => one.interrupt === most);
  const seconds = limit(context, 'peggedSeconds');
  outputs.push({
    type: 'event',
    key: 'interrupts',
    draft: {
      kind: 'cpu.saturated',
      severity: context.facts?.container ? 'info' : 'warning',
      at: interrupts.heldSince ?? sample.at,
      hostAt: sample.hostAt,
      title: `Core ${core} of ${sample.cores} has done nothing but answer interrupts for ${seconds} s${sharedKernelWords(context)}`,
      verdict: `Core ${core} of ${sample.cores} has spent ${percent(most)} of ${seconds} s on interrupts, mostly packets of the network, while the machine as a whole is ${percent(1 - sample.cpu.idle - sample.cpu.iowait)} busy: what one core cannot take is dropped. More queues of the card, or spreading them (RSS, RPS), help`,
      detail: { owner: 'interrupts', core, cores: sample.cores, share: most },
      evidence: [
        {
          type: 'samples',
          metric: 'system.cpu.utilization.system',
          from: (interrupts.heldSince ?? sample.at) - 60_000,
          to: sample.at,
        },
      ],
      actions: [],
      momentary: false,
    },
  });
}

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
    visible: `to processes in the table${top && top.cpu > 0 ? ` (most of it ${visibleText(programName(top), 40)}, pid ${top.pid}, ${top.cpu.toFixed(2)})` : ''}`,
    reaped: `to children that ended at once${reaper ? ` (of ${visibleText(programName(reaper), 40)}, pid ${reaper.pid})` : ''}`,
    unattributed: 'to nobody that can be seen',
    steal: 'to other guests of the hypervisor',
  };
  const parts = (['visible', 'reaped', 'unattributed', 'steal'] as const)
    .filter((owner) => cores[owner] >= 0.05)
    .sort((a, b) => cores[b] - cores[a])
    .map((owner) => `${cores[owner].toFixed(2)} ${words[owner]}`);
  return `${(share * sample.cores).toFixed(2)} of ${sample.cores} core${sample.cores === 1 ? '' : 's'} have been busy for ${Math.round(spanMs / 1000)} s: ${parts.join(', ')}`;
}
