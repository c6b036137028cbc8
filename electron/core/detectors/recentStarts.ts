import type { ProcessChange } from '../../../shared/model/process.ts';

const MOST = 512;
/** Twice as many as starts, so that nearly none is met on the way to another. */
const BUCKETS = 1024;

/** One start of a command, as it was first seen. */
export interface Start {
  pid: number;
  startTicks: number;
  cpuTicks: number;
  at: number;
}

/** What is kept of a start: eight numbers side by side, as much as a processor fetches at once. */
const NUMBERS = 8;
const [AT, PARENT, PARENT_START, PID, START, CPU, HASH, BEFORE] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/**
 * The last starts of a host, at most 512: who started what. Hosts start hundreds of processes a minute of which hardly one
 * is asked for again, so a start is a line of numbers in a ring, and nothing has to be forgotten.
 */
export class RecentStarts {
  /** How many there have been: the number of the next. */
  #next = 1;
  /** A line a start, by its number modulo `MOST`. */
  readonly #lines = new Float64Array(MOST * NUMBERS);
  readonly #commands: string[] = [];
  readonly #sleeps = new Uint8Array(MOST);
  /** The newest start of each bucket; each has the one before it in its bucket: numbers, 0 for none. */
  readonly #newest = new Uint32Array(BUCKETS);

  /** Gives the latest start before it of the same command by the same parent, if that is still known. */
  add(child: ProcessChange, parent: { pid: number; startTicks: number }, at: number): Start | undefined {
    const { command } = child;
    const hash = hashOf(parent.pid, command);
    const before = this.#latest(parent, command, hash);
    const number = this.#next++;
    const slot = number % MOST;
    const bucket = hash & (BUCKETS - 1);
    const line = slot * NUMBERS;
    const lines = this.#lines;
    lines[line + AT] = at;
    lines[line + PARENT] = parent.pid;
    lines[line + PARENT_START] = parent.startTicks;
    lines[line + PID] = child.pid;
    lines[line + START] = child.startTicks;
    lines[line + CPU] = child.cpuTicks;
    lines[line + HASH] = hash;
    lines[line + BEFORE] = this.#newest[bucket] ?? 0;
    this.#newest[bucket] = number;
    this.#commands[slot] = command;
    this.#sleeps[slot] = child.name === 'sleep' ? 1 : 0;
    return before;
  }

  #latest(parent: { pid: number; startTicks: number }, command: string, hash: number): Start | undefined {
    const oldest = this.#next - MOST;
    const lines = this.#lines;
    let number = this.#newest[hash & (BUCKETS - 1)] ?? 0;
    while (number > 0 && number >= oldest) {
      const slot = number % MOST;
      const line = slot * NUMBERS;
      if (
        lines[line + HASH] === hash &&
        lines[line + PARENT] === parent.pid &&
        lines[line + PARENT_START] === parent.startTicks &&
        this.#commands[slot] === command
      )
        return {
          pid: lines[line + PID] ?? 0,
          startTicks: lines[line + START] ?? 0,
          cpuTicks: lines[line + CPU] ?? 0,
          at: lines[line + AT] ?? 0,
        };
      number = lines[line + BEFORE] ?? 0;
    }
    return undefined;
  }

  /** How many a parent has started since then: of this command, of others, and of `sleep`. */
  startedBy(
    parent: { pid: number; startTicks: number },
    command: string,
    since: number,
  ): { own: number; others: number; sleeps: number } {
    const counts = { own: 0, others: 0, sleeps: 0 };
    const lines = this.#lines;
    for (let number = this.#next - 1; number > 0 && number > this.#next - 1 - MOST; number--) {
      const slot = number % MOST;
      const line = slot * NUMBERS;
      if ((lines[line + AT] ?? 0) < since) break;
      if (lines[line + PARENT] !== parent.pid || lines[line + PARENT_START] !== parent.startTicks) continue;
      if (this.#sleeps[slot] === 1) counts.sleeps++;
      else if (this.#commands[slot] === command) counts.own++;
      else counts.others++;
    }
    return counts;
  }
}

/** FNV-1a of the parent and at most 96 characters of the command: what differs is at the end more often than not. */
function hashOf(parentPid: number, command: string): number {
  let hash = 0x811c9dc5 ^ parentPid;
  for (let n = Math.max(0, command.length - 96); n < command.length; n++)
    hash = Math.imul(hash ^ command.charCodeAt(n), 0x01000193);
  return hash;
}
