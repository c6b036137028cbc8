import type { CpuBalance } from '../../../shared/model/sample.ts';

export interface BalanceInput {
  /** Growth of user + nice + system + interrupts of the whole machine, clock ticks. */
  busyTicks: number;
  /** Clock ticks that one core has in the interval. */
  ticksPerCore: number;
  /** Processes whose times grew; for a new one everything that it has. */
  grown: readonly GrownProcess[];
  exits: readonly ExitedProcess[];
  /** The parent of a live process, undefined when it is not in the table. */
  parentOf: (pid: number) => number | undefined;
}

export interface GrownProcess {
  pid: number;
  startTicks: number;
  name: string;
  command: string;
  cpuTicks: number;
  /** Growth of cutime + cstime. */
  reapedTicks: number;
}

export interface ExitedProcess {
  pid: number;
  parentPid: number;
  /** cpu + reaped ticks that it had already shown: its reaper is now credited with them again. */
  shownTicks: number;
}

const MOST_REAPERS = 8;

/**
 * Where the busy time went. `visible`: growth of processes that live. `reaped`: growth of cutime + cstime of their
 * parents, less what the dead had shown while they lived. What nobody shows is `unattributed` (a parent that ignores
 * SIGCHLD is credited with nothing; hidden processes; kernel accounting). The parts are cut so that they sum to `busy`.
 */
export function cpuBalance(input: BalanceInput): CpuBalance {
  const { grown, exits, parentOf } = input;
  const cores = (ticks: number): number => (input.ticksPerCore > 0 ? ticks / input.ticksPerCore : 0);

  const credit = new Map<number, { process: GrownProcess; ticks: number }>();
  for (const process of grown) {
    if (process.reapedTicks > 0) credit.set(process.pid, { process, ticks: process.reapedTicks });
  }
  const dead = new Map(exits.map((exit) => [exit.pid, exit]));
  for (const exit of exits) {
    let left = exit.shownTicks;
    // Who reaped it: its parent, else an ancestor that took the orphan: a subreaper, at last pid 1.
    let ancestor: number | undefined = exit.parentPid;
    for (let steps = 0; left > 0 && steps < 64 && ancestor !== undefined && ancestor > 0; steps += 1) {
      const entry = credit.get(ancestor);
      if (entry) {
        const taken = Math.min(entry.ticks, left);
        entry.ticks -= taken;
        left -= taken;
      }
      if (ancestor === 1) break;
      ancestor = dead.get(ancestor)?.parentPid ?? parentOf(ancestor) ?? 1;
    }
  }

  const busy = Math.max(0, input.busyTicks);
  const shown = grown.reduce((sum, process) => sum + Math.max(0, process.cpuTicks), 0);
  const visible = Math.min(shown, busy);
  const credited = [...credit.values()].reduce((sum, entry) => sum + entry.ticks, 0);
  const reaped = Math.min(credited, busy - visible);
  const scale = credited > 0 ? reaped / credited : 0;
  return {
    busy: cores(busy),
    visible: cores(visible),
    reaped: cores(reaped),
    unattributed: cores(busy - visible - reaped),
    reapers: [...credit.values()]
      .filter((entry) => entry.ticks > 0 && scale > 0)
      .sort((a, b) => b.ticks - a.ticks)
      .slice(0, MOST_REAPERS)
      .map(({ process, ticks }) => ({
        pid: process.pid,
        startTicks: process.startTicks,
        name: process.name,
        command: process.command,
        cores: cores(ticks * scale),
      })),
  };
}
