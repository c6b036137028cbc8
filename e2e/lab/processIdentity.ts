import { readdirSync, readFileSync } from 'node:fs';

/** A pid alone may name another process later: the start time, in clock ticks since boot, tells them apart. */
export interface ProcessIdentity {
  pid: number;
  startTicks: string;
}

/** Undefined when there is no such process. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const startTicks = statFields(pid)?.[19];
  return startTicks === undefined ? undefined : { pid, startTicks };
}

/** False for a zombie too: it has ended and waits only for its parent to read how. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  const fields = statFields(identity.pid);
  return fields?.[19] === identity.startTicks && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** A process as the machine sees it, with the pid that its own namespace gave it. */
export interface SeenProcess {
  pid: number;
  innerPid: number;
  parentPid: number;
  name: string;
  /** One letter, as in /proc/PID/stat: `T` is stopped, `Z` a zombie. */
  state: string;
  argv: string[];
}

export function seeProcess(pid: number): SeenProcess | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '';
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return {
      pid,
      innerPid: Number(field('NSpid').split(/\s+/).at(-1)),
      parentPid: Number(field('PPid')),
      name: field('Name'),
      state: field('State').charAt(0),
      argv: argv.slice(0, -1),
    };
  } catch {
    return undefined;
  }
}

/** Every process of the machine whose argument vector holds exactly this argument. */
export function processesWithArgument(argument: string): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => seeProcess(pid)?.argv.includes(argument));
}

/** Fields of /proc/PID/stat from the third (state) on: the name in field 2 may hold spaces and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .trim()
      .split(' ');
  } catch {
    return undefined;
  }
}
