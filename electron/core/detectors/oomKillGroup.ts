import type { Evidence } from '../../../shared/model/timelineEvent.ts';
import type { KernelLine } from './detector.ts';
import { type OomLine, type OomScope, parseOomLine } from './oomKillLines.ts';

/** One kill as the log tells it, its lines joined. */
export interface LoggedKill {
  killer: 'kernel' | 'systemd-oomd' | 'earlyoom';
  process: string;
  pid?: number;
  scope: OomScope;
  limitCgroup?: string;
  taskCgroup?: string;
  limitBytes?: number;
  invoker?: string;
  score?: number;
  oomScoreAdj?: number;
  uid?: number;
  residentBytes?: number;
  anonymousBytes?: number;
  totalVirtualBytes?: number;
  /** systemd-oomd kills whole units. */
  processes?: number;
  reason?: string;
  lines: Extract<Evidence, { type: 'line' }>[];
  hostAt?: number;
  seenAt: number;
  backlog: boolean;
}

/** The lines of a kill that is not complete yet. */
export interface OomGroup {
  invoked?: Extract<OomLine, { type: 'invoked' }>;
  usage?: Extract<OomLine, { type: 'usage' }>;
  task?: Extract<OomLine, { type: 'task' }>;
  constraint?: Extract<OomLine, { type: 'constraint' }>;
  selected?: Extract<OomLine, { type: 'selected' }>;
  lines: LoggedKill['lines'];
  last: KernelLine;
}

/** Lines of one kill are written under one lock, microseconds apart; a table of tasks between them takes longer. */
const TOGETHER_MS = 2000;
/** The kernel writes the second line of the two-line forms at once; a follower may deliver it in another read. */
const COMPLETE_AFTER_MS = 700;
const MOST_LINES = 12;

/**
 * Takes one line into the group; `kills` are complete. `group` is what waits for more. Lines that have nothing to do
 * with a kill leave everything as it was.
 */
export function joinOomLine(
  group: OomGroup | undefined,
  line: KernelLine,
): { group: OomGroup | undefined; kills: LoggedKill[]; matched: boolean } {
  const parsed = parseOomLine(line.text);
  if (!parsed) return { group, kills: [], matched: false };
  const kills: LoggedKill[] = [];
  let open = group;
  const stale =
    open && (open.last.source !== line.source || Math.abs(timeOf(line) - timeOf(open.last)) > TOGETHER_MS);
  // A second trigger or a second choice starts another kill: what waited is told as it is.
  if (open && (stale || parsed.type === 'invoked' || (parsed.type === 'selected' && open.selected))) {
    kills.push(...completeOomGroup(open));
    open = undefined;
  }
  if (parsed.type === 'userspace') {
    kills.push(userspaceKill(parsed, line));
    return { group: open, kills, matched: true };
  }
  if (parsed.type === 'killed' && open?.constraint && open.constraint.pid !== parsed.pid) {
    // `memory.oom.group` kills further members after the chosen one, without a constraint line of their own.
    delete open.constraint;
  }
  open ??= { lines: [], last: line };
  open.last = line;
  if (open.lines.length < MOST_LINES) open.lines.push(evidenceOf(line));
  switch (parsed.type) {
    case 'invoked':
      open.invoked = parsed;
      break;
    case 'usage':
      open.usage = parsed;
      break;
    case 'task':
      open.task = parsed;
      break;
    case 'constraint':
      open.constraint = parsed;
      break;
    case 'selected':
      open.selected = parsed;
      break;
    case 'killed':
      kills.push(kernelKill(open, parsed));
      open = undefined;
      break;
  }
  return { group: open, kills, matched: true };
}

/** True once nothing more can be expected. */
export function isOomGroupDue(group: OomGroup, now: number): boolean {
  return now - group.last.seenAt >= COMPLETE_AFTER_MS;
}

/** The oldest form names its victim in one line; a trigger without a victim is no kill. */
export function completeOomGroup(group: OomGroup): LoggedKill[] {
  if (group.selected) {
    const { process, pid, scope } = group.selected;
    return [kernelKill(group, { type: 'killed', process, pid, scope })];
  }
  if (group.constraint) {
    const { process, pid, scope, uid } = group.constraint;
    return [kernelKill(group, { type: 'killed', process, pid, scope, uid })];
  }
  return [];
}

function kernelKill(group: OomGroup, killed: Extract<OomLine, { type: 'killed' }>): LoggedKill {
  const { invoked, usage, task, constraint, selected } = group;
  const scope =
    constraint?.scope ?? killed.scope ?? selected?.scope ?? (task || usage ? 'cgroup' : 'machine');
  const limitCgroup = constraint?.limitCgroup ?? task?.limitCgroup;
  const taskCgroup = constraint?.taskCgroup ?? task?.taskCgroup;
  const { type: _, scope: __, uid = constraint?.uid, ...figures } = killed;
  return {
    killer: 'kernel',
    ...figures,
    scope,
    ...(uid === undefined ? {} : { uid }),
    ...(limitCgroup === undefined ? {} : { limitCgroup }),
    ...(taskCgroup === undefined ? {} : { taskCgroup }),
    ...(usage && scope === 'cgroup' ? { limitBytes: usage.limitBytes } : {}),
    ...(invoked ? { invoker: invoked.invoker } : {}),
    ...(selected ? { score: selected.score } : {}),
    ...whenOf(group.last),
    lines: group.lines,
  };
}

function userspaceKill(parsed: Extract<OomLine, { type: 'userspace' }>, line: KernelLine): LoggedKill {
  const { type: _, cgroup, ...rest } = parsed;
  return {
    ...rest,
    scope: cgroup === undefined ? 'machine' : 'cgroup',
    ...(cgroup === undefined ? {} : { taskCgroup: cgroup }),
    ...whenOf(line),
    lines: [evidenceOf(line)],
  };
}

function whenOf(line: KernelLine): Pick<LoggedKill, 'hostAt' | 'seenAt' | 'backlog'> {
  return {
    ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt }),
    seenAt: line.seenAt,
    backlog: line.backlog,
  };
}

function evidenceOf(line: KernelLine): Extract<Evidence, { type: 'line' }> {
  return {
    type: 'line',
    source: line.source,
    text: line.text.slice(0, 4096),
    ...(line.hostAt === undefined ? {} : { at: line.hostAt }),
  };
}

function timeOf(line: KernelLine): number {
  return line.hostAt ?? line.seenAt;
}
