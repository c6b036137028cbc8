/**
 * What makes a process itself. A bare pid is never an identity.
 * `startTicks`: field 22 of /proc/PID/stat, clock ticks since boot.
 */
export interface ProcessIdentity {
  bootId: string;
  pid: number;
  startTicks: number;
}

/** One process as of the latest tick. Text is hostile: it comes from the host. */
export interface ProcessRow {
  pid: number;
  parentPid: number;
  startTicks: number;
  /** Field 3 of /proc/PID/stat: R S D Z T t X I. */
  state: string;
  /** `comm`, at most 15 bytes, as the kernel holds it. */
  name: string;
  /** The command line with arguments joined by spaces, cut at 4,096 bytes; empty for kernel threads. */
  command: string;
  user: string;
  threads: number;
  /** Share of one core over the last interval in which it was read: 1 is one whole core. */
  cpu: number;
  /** user + system, clock ticks since it started. */
  cpuTicks: number;
  residentBytes: number;
  virtualBytes: number;
  /** Of what is resident, that of files and shared memory; known of the few largest, looked at every ten ticks. */
  sharedBytes?: number;
  /** Open files, looked at every ten ticks; absent where the host does not say. */
  openFiles?: number;
  /** Its limit of them; known where it has a hundred or more. */
  openFilesLimit?: number;
  /** Epoch milliseconds by the host's clock. */
  startedAt: number;
}

/** A process that appeared or went between two ticks. */
export interface ProcessChange {
  change: 'started' | 'exited';
  pid: number;
  parentPid: number;
  startTicks: number;
  name: string;
  command: string;
  /** Of an exit, as of wait(2), see waitStatus.ts: known where the host's kernel tells of exits. */
  exitStatus?: number;
  /** Last known; for an exit, what it held at its last reading. */
  residentBytes: number;
  cpuTicks: number;
}
