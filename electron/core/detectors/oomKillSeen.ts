import type { Sample } from '../../../shared/model/sample.ts';
import type { DetectorContext } from './detector.ts';
import { goneProcesses, rememberSample } from './goneProcess.ts';
import type { Victim } from './oomKillEvent.ts';
import {
  isShared,
  type Kill,
  NEAR_MS,
  numberOf,
  type OomKillState,
  type Rise,
  riseFor,
} from './oomKillState.ts';

/** What went is asked for until a counter that rose has been decided on. */
const REMEMBER_MS = 4 * NEAR_MS;

/** Counters that rose, and processes that went. */
export function takeSample(state: OomKillState, sample: Sample, context: DetectorContext): void {
  const machine = sample.oomKills;
  const own = sample.cgroup?.oomKills;
  const last = state.seen.at(-1)?.sample;
  state.watchingSince ??= context.now;
  if (state.boot !== sample.bootId) {
    state.boot = sample.bootId;
    state.rises = [];
    state.seen = [];
  } else {
    for (const rise of state.rises) rise.samplesAfter++;
    const ownRise = own === undefined ? 0 : own - (last?.cgroup?.oomKills ?? own);
    const machineRise = machine === undefined ? 0 : machine - (last?.oomKills ?? machine);
    if (last && (ownRise > 0 || machineRise > 0)) {
      const shared = isShared(state, context);
      const useOwn = shared && own !== undefined && last.cgroup?.oomKills !== undefined;
      const count = useOwn ? ownRise : machineRise;
      if (count > 0) {
        const away = sample.at - last.at > 3 * NEAR_MS;
        state.rises.push({
          key: `counter:${++state.count}`,
          count,
          from: last.at,
          to: sample.at,
          // Without a log there is nothing to wait for: the line revises it if it comes all the same.
          decideBy: context.now + (away ? 5000 : state.logReadable ? numberOf(context, 'waitForLogMs') : 0),
          ownCgroup: useOwn,
          certain: useOwn || !shared,
          described: 0,
          told: false,
          samplesAfter: 0,
        });
      }
    }
  }
  const limitBytes = sample.cgroup?.memoryLimitBytes;
  const holder =
    limitBytes === undefined ? undefined : sample.cgroups?.find((one) => one.memoryLimitBytes === limitBytes);
  if (holder) state.holder = holder.path;
  rememberSample(state.seen, sample, REMEMBER_MS);
}

/** The process that a line tells of, as it was seen on this host. */
export function findVictim(state: OomKillState, kill: Kill, shared: boolean): Victim | undefined {
  const { process, pid, residentBytes } = kill.logged;
  if (pid === undefined) return undefined;
  const near = goneProcesses(state.seen).filter(
    (g) =>
      !g.claimed &&
      isSameName(g.name, process) &&
      kill.logged.seenAt >= Math.min(g.after, g.at - NEAR_MS) &&
      kill.logged.seenAt <= g.at + NEAR_MS,
  );
  let found = near.find((g) => g.identity.pid === pid);
  if (!found && !shared) {
    // Still in the table: its pid is enough where pids are the machine's.
    const row = state.seen.at(-1)?.sample.table.find((r) => r.pid === pid && isSameName(r.name, process));
    if (row) {
      return {
        identity: { bootId: state.boot, pid, startTicks: row.startTicks },
        name: row.name,
        command: row.command,
        residentBytes: row.residentBytes,
      };
    }
  }
  if (!found && shared) {
    // Its memory may have grown since it was last read, the faster the nearer the limit; the own counter settles it.
    const least = (residentBytes ?? 0) * (riseFor(state, kill)?.certain ? 0 : 0.3);
    found = near.filter((g) => g.residentBytes >= least).sort((a, b) => b.residentBytes - a.residentBytes)[0];
  }
  if (found) found.claimed = true;
  return found;
}

/** `comm` holds 15 bytes; the log of some kernels holds a thread's name of the same length. */
export function isSameName(a: string, b: string): boolean {
  return a === b || a.slice(0, 15) === b.slice(0, 15);
}

/** Who most likely died where no line says so. */
export function largestGone(state: OomKillState, rise: Rise, context: DetectorContext) {
  const least = numberOf(context, 'minimumVictimMiB') * 1024 * 1024;
  return goneProcesses(state.seen)
    .filter(
      (g) => !g.claimed && g.residentBytes >= least && g.at >= rise.from - 100 && g.at <= rise.to + NEAR_MS,
    )
    .sort((a, b) => b.residentBytes - a.residentBytes)[0];
}
