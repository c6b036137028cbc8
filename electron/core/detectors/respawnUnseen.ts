import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import type { DetectorContext, DetectorOutput } from './detector.ts';
import { baseOf } from './respawnRole.ts';
import { newLoop, type RespawnState } from './respawnState.ts';
import { countRestarts, tell } from './respawnTelling.ts';
import { type ToldChildren, type ToldTick, toldChildren } from './toldChildren.ts';
import { limit, rowOf } from './words.ts';

/** A supervisor whose child dies before any sample sees it: known by what the kernel tells alone. */
export interface UnseenLoop {
  parent: ProcessRow;
  /** What it supervises, by its own arguments. Hostile text. */
  role: string | undefined;
  /** Of those that failed: what runit's `finish` scripts and their like do between is none of it. */
  told: ToldChildren;
  /** In this tick. */
  failed: number;
  ratePerSecond: number;
}

const WINDOW_MS = 30_000;
/** A child that lives longer is seen by samples. */
const LONGEST_MS = 3_000;
const LEAST_FAILED = 3;

/**
 * Only of supervisors of one child, whose only reason to start it again is that it died: what others' children exit with
 * is their own affair (a script's `grep` that finds nothing exits 1). And only where they fail: of runit's `finish`
 * scripts and their like, that exit 0, each service has one.
 */
export function unseenLoops(sample: Sample, ticks: readonly ToldTick[]): readonly UnseenLoop[] {
  if (!sample.kernelEvents) return NONE;
  const found: UnseenLoop[] = [];
  for (const row of sample.kernelEvents.children) {
    const parent = rowOf(sample, row.parentPid);
    if (!parent || !SUPERVISORS_OF_ONE.has(parent.name)) continue;
    // From its first child on: a rate over the quiet before would be too low.
    const first = ticks.find(
      ({ at, events }) =>
        at > sample.at - WINDOW_MS && events.children.some((one) => one.parentPid === parent.pid),
    );
    const told = first && toldChildren(ticks, parent.pid, first.at);
    if (!told) continue;
    const failed = told.endings.filter((one) => one.status !== 0);
    const count = failed.reduce((sum, one) => sum + one.count, 0);
    if (count < LEAST_FAILED || count < 0.4 * told.ended) continue;
    if (failed.some((one) => one.longestMs !== undefined && one.longestMs > LONGEST_MS)) continue;
    const role = baseOf(parent.command.split(' ').filter((word) => word !== '')[1] ?? '');
    found.push({
      parent,
      role: role === '' ? undefined : role,
      told: { ...told, started: count, executed: count, ended: count, endings: failed },
      failed: row.endings.reduce((sum, one) => sum + (one.status === 0 ? 0 : one.count), 0),
      // The first of them came at some time in its tick, which is long on a host that is out of breath.
      ratePerSecond:
        ((count - 1) * 1000) / Math.max(1000, told.overMs - first.intervalMs / failedIn(first, parent.pid)),
    });
  }
  return found;
}

function failedIn({ events }: ToldTick, parentPid: number): number {
  const endings = events.children.find((one) => one.parentPid === parentPid)?.endings ?? [];
  return Math.max(
    1,
    endings.reduce((sum, one) => sum + (one.status === 0 ? 0 : one.count), 0),
  );
}

const NONE: readonly UnseenLoop[] = [];

const SUPERVISORS_OF_ONE = new Set(['supervise', 'runsv', 's6-supervise']);

/** A supervisor of one child that is told of already: what it starts besides, as runit's `finish`, is a part of that. */
export function isToldOf(
  state: RespawnState,
  parent: { pid: number; startTicks: number; name: string },
  key: string,
): boolean {
  if (!SUPERVISORS_OF_ONE.has(parent.name)) return false;
  for (const [other, { open, facts }] of state.loops) {
    const { supervisor } = facts ?? {};
    if (
      open &&
      other !== key &&
      supervisor?.pid === parent.pid &&
      supervisor.startTicks === parent.startTicks
    )
      return true;
  }
  return false;
}

export const unseenKey = (parent: { pid: number; startTicks: number }) =>
  `unseen:${parent.pid}:${parent.startTicks}`;

/** A supervisor whose children no sample sees. */
export function judgeUnseen(
  state: RespawnState,
  { parent, role, told, failed, ratePerSecond }: UnseenLoop,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { now } = context;
  const key = unseenKey(parent);
  const loop = state.loops.get(key) ?? newLoop(key, now - told.overMs);
  state.loops.set(key, loop);
  // At first all that led to it.
  const known = loop.restarts === 0 ? told.ended : loop.restarts + failed;
  countRestarts(loop, known, undefined, failed > 0 ? now : loop.lastAt);
  if (!loop.open && loop.restarts < limit(context, 'restarts')) return;
  loop.open = true;
  const { balance } = state.sample ?? {};
  const reaped = balance?.reapers.find((one) => one.pid === parent.pid)?.cores ?? 0;
  tell(
    loop,
    {
      severity: 'warning',
      beganAt: loop.beganAt,
      role: role ?? 'its child',
      command: undefined,
      supervisor: {
        pid: parent.pid,
        startTicks: parent.startTicks,
        name: parent.name,
        command: parent.command,
      },
      restarts: loop.restarts,
      ratePerSecond,
      pids: [],
      pidStep: undefined,
      lifetimeMs: undefined,
      told,
      cpu: balance ? { ...balance, parentReaped: reaped, own: reaped } : undefined,
      holder: loop.holder,
      bootId: state.families.bootId,
      lines: [...loop.evidence],
      newest: undefined,
    },
    context,
    outputs,
  );
}
