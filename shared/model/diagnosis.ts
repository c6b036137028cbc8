import type { EventId } from './timelineEvent.ts';

/** What an engineer would type by hand to look at a host or a process: read-only, one click each. */
export interface Diagnosis {
  id: DiagnosisId;
  label: string;
  about: 'host' | 'process' | 'erlang';
  /** One line: what it shows. */
  shows: string;
  /** Said before it is run: what it costs the host. Absent: next to nothing. */
  cost?: string;
}

export const DIAGNOSES = [
  {
    id: 'connections',
    label: 'Connections',
    about: 'host',
    shows: 'TCP by process, state and remote end, with Recv-Q and Send-Q; listeners with their backlog',
  },
  {
    id: 'services',
    label: 'Services',
    about: 'host',
    shows: 'Services of systemd, runit, daemontools, upstart; what failed',
  },
  {
    id: 'logs',
    label: 'Logs',
    about: 'host',
    shows: 'The last lines of the journal or syslog, and the kernel’s warnings',
  },
  {
    id: 'disk',
    label: 'Disk',
    about: 'host',
    shows: 'File systems, and deleted files that are still held open',
  },
  {
    id: 'large-files',
    label: 'Largest files',
    about: 'host',
    shows: 'The largest files of the root file system and of /var, /srv, /home, /tmp',
    cost: 'It walks the file systems for up to 20 seconds, at idle IO priority where there is ionice.',
  },
  {
    id: 'memory',
    label: 'Memory',
    about: 'host',
    shows: 'free, the largest processes, slab and shared memory',
  },
  {
    id: 'limits',
    label: 'Control groups',
    about: 'host',
    shows: 'Limits, use and throttling of the control groups that hold processes',
  },
  {
    id: 'machine',
    label: 'Machine',
    about: 'host',
    shows: 'Kernel, system, uptime, reboots, mounts, sysctls of TCP and memory',
  },
  {
    id: 'open-files',
    label: 'Open files',
    about: 'process',
    shows: 'What its descriptors are, counted by kind, against its limit',
  },
  {
    id: 'process-limits',
    label: 'Limits',
    about: 'process',
    shows: 'Its resource limits, control groups and OOM score',
  },
  {
    id: 'memory-map',
    label: 'Memory map',
    about: 'process',
    shows: 'Its memory by kind, and the largest mappings',
  },
  {
    id: 'threads',
    label: 'Threads and stack',
    about: 'process',
    shows: 'Its threads by state, what they wait for, and kernel stacks where they may be read',
  },
  {
    id: 'process-logs',
    label: 'Its logs',
    about: 'process',
    shows: 'The last lines of the log files that it holds open',
  },
  {
    id: 'system-calls',
    label: 'System calls',
    about: 'process',
    shows: 'strace -c for five seconds: which calls, how many, which fail',
    cost: 'strace stops the process at every system call for five seconds: a busy one runs several times slower meanwhile.',
  },
  {
    id: 'erlang-top',
    label: 'Erlang top',
    about: 'erlang',
    shows: 'Its Erlang processes by reductions, memory and message queue',
  },
  {
    id: 'erlang-nodes',
    label: 'Erlang nodes',
    about: 'erlang',
    shows: 'nodes(connected), visible and hidden, and what the node says of itself',
  },
] as const satisfies readonly (Omit<Diagnosis, 'id'> & { id: string })[];

export type DiagnosisId = (typeof DIAGNOSES)[number]['id'];

/** What came of one. `output` is hostile text from the host; epoch ms by the workbench's clock. */
export interface DiagnosisResult {
  title: string;
  command: string;
  output: string;
  exitCode?: number;
  startedAt: number;
  tookMs: number;
  /** More was printed than is kept. */
  truncated: boolean;
  /** Where it is kept, on the timeline. */
  event: EventId;
  /** Services that were seen, for who wants to restart one. */
  services?: SeenService[];
  /** Deleted files that are held open, the largest first. */
  deletedFiles?: DeletedFile[];
}

export interface SeenService {
  manager: 'systemd' | 'runit' | 'daemontools' | 'upstart';
  name: string;
  state: 'up' | 'down' | 'failed' | 'changing';
  words: string;
}

export interface DeletedFile {
  pid: number;
  startTicks: number;
  process: string;
  descriptor: number;
  inode: number;
  bytes: number;
  path: string;
}
