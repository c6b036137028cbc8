import type { ProcessChange } from '../../../shared/model/process.ts';

const MOST = 512;
const BUCKETS = 256;

/** One start of a command, as it was first seen. */
export interface Start {
  pid: number;
  startTicks: number;
  cpuTicks: number;
  at: number;
}

/**
 * The last starts of a host, at most 512: who started what. Hosts start hundreds of processes a minute of which hardly one
 * is asked for again, so a start is a line of numbers in a ring, and nothing has to be forgotten.
 */
export class RecentStarts {
  /** How many there have been: the number of the next. */
  #next = 1;
  /** By number modulo `MOST`. */
  readonly #at = new Float64Array(MOST);
  readonly #parent = new Float64Array(MOST);
  readonly #parentStart = new Float64Array(MOST);
  readonly #pid = new Float64Array(MOST);
  readonly #start = new Float64Array(MOST);
  readonly #cpu = new Float64Array(MOST);
  readonly #commands: string[] = [];
  readonly #hash = new Int32Array(MOST);
  readonly #sleeps = new Uint8Array(MOST);
  /** The newest start of each bucket, and of each start the one before it in its bucket: numbers, 0 for none. */
  readonly #newest = new Float64Array(BUCKETS);
  readonly #before = new Float64Array(MOST);

  add(child: ProcessChange, parent: { pid: number; startTicks: number }, at: number): void {
    const number = this.#next++;
    const slot = number % MOST;
    const hash = hashOf(parent.pid, child.command);
    const bucket = hash & (BUCKETS - 1);
    this.#hash[slot] = hash;
    this.#at[slot] = at;
    this.#parent[slot] = parent.pid;
    this.#parentStart[slot] = parent.startTicks;
    this.#pid[slot] = child.pid;
    this.#start[slot] = child.startTicks;
    this.#cpu[slot] = child.cpuTicks;
    this.#commands[slot] = child.command;
    this.#sleeps[slot] = child.name === 'sleep' ? 1 : 0;
    this.#before[slot] = this.#newest[bucket] ?? 0;
    this.#newest[bucket] = number;
  }

  /** The latest start of the same command by the same parent that is still known. */
  latest(parent: { pid: number; startTicks: number }, command: string): Start | undefined {
    const oldest = this.#next - MOST;
    const hash = hashOf(parent.pid, command);
    let number = this.#newest[hash & (BUCKETS - 1)] ?? 0;
    while (number > 0 && number >= oldest) {
      const slot = number % MOST;
      if (
        this.#hash[slot] === hash &&
        this.#parent[slot] === parent.pid &&
        this.#parentStart[slot] === parent.startTicks &&
        this.#commands[slot] === command
      )
        return {
          pid: this.#pid[slot] ?? 0,
          startTicks: this.#start[slot] ?? 0,
          cpuTicks: this.#cpu[slot] ?? 0,
          at: this.#at[slot] ?? 0,
        };
      number = this.#before[slot] ?? 0;
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
    for (let number = this.#next - 1; number > 0 && number > this.#next - 1 - MOST; number--) {
      const slot = number % MOST;
      if ((this.#at[slot] ?? 0) < since) break;
      if (this.#parent[slot] !== parent.pid || this.#parentStart[slot] !== parent.startTicks) continue;
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
