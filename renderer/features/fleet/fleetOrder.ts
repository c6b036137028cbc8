import { describeLink } from '../../../shared/model/describeLink.ts';
import type { HostId, LinkState, SamplerState } from '../../../shared/model/host.ts';
import type { Severity } from '../../../shared/model/timelineEvent.ts';
import { severityRank } from './openTrouble.ts';

export interface FleetEntry {
  id: HostId;
  severity: Severity | undefined;
  link: LinkState;
  sampler: SamplerState;
  /** Share of the machine, NaN when not known. */
  busy: number;
}

const TONE_RANK = { critical: 3, warning: 2, busy: 1, plain: 0 } as const;
/** Hosts within a fifth of each other are equally busy: the order is not to change with every tick. */
const BUSY_STEPS = 5;

/** Worst first: open events, then the link, then busy CPU; equals stay in the order of the workspace. */
export function fleetOrder(entries: readonly FleetEntry[]): HostId[] {
  return entries
    .map((entry, index) => ({ entry, index }))
    .sort(
      (a, b) =>
        severityRank(b.entry.severity) - severityRank(a.entry.severity) ||
        linkRank(b.entry) - linkRank(a.entry) ||
        busyStep(b.entry.busy) - busyStep(a.entry.busy) ||
        a.index - b.index,
    )
    .map(({ entry }) => entry.id);
}

function linkRank({ link, sampler }: FleetEntry): number {
  return TONE_RANK[describeLink(link, sampler).tone];
}

function busyStep(busy: number): number {
  return Number.isFinite(busy) ? Math.floor(Math.min(0.999, Math.max(0, busy)) * BUSY_STEPS) : 0;
}

/** Keeps the order that is on the screen; hosts that came stand at the end, those that went are left out. */
export function heldOrder(shown: readonly HostId[], present: readonly HostId[]): HostId[] {
  const here = new Set(present);
  const before = new Set(shown);
  return [...shown.filter((id) => here.has(id)), ...present.filter((id) => !before.has(id))];
}
