import type { Sample } from '../../../shared/model/sample.ts';
import type { DetectorOutput, InvestigatedProcess } from './detector.ts';
import type { RefusalLog } from './refusalLog.ts';
import type { Family } from './respawnFamily.ts';
import type { Loop, RespawnState } from './respawnState.ts';

/** Asks the host who holds what the loop wants: each question once a loop. */
export function askForHolder(
  state: RespawnState,
  loop: Loop,
  family: Family | undefined,
  log: RefusalLog | undefined,
  now: number,
  outputs: DetectorOutput[],
): void {
  const pids = new Set<number>();
  const ports = new Set<number>();
  for (const { refusal } of log?.lines.slice(-20) ?? []) {
    if (refusal.pid !== undefined) pids.add(refusal.pid);
    if (refusal.port !== undefined) ports.add(refusal.port);
  }
  const id = () => `respawn:${++state.questions}`;
  const fresh = (what: string) =>
    loop.asked.size < 8 && ![...loop.asked.values()].some((q) => q.what === what);
  const put = (what: string, question: Extract<DetectorOutput, { type: 'ask' }>['question']) => {
    loop.asked.set(question.id, { at: now, what, answered: false });
    outputs.push({ type: 'ask', question });
  };
  if (pids.size > 0) {
    const what = `holder ${[...pids].sort().join()}`;
    if (fresh(what)) put(what, { id: id(), kind: 'holder', pids: [...pids].slice(0, 8) });
  }
  if (ports.size > 0) {
    const what = `listeners ${[...ports].sort().join()}`;
    if (fresh(what)) put(what, { id: id(), kind: 'listeners', ports: [...ports].slice(0, 8) });
  }
  if (family && pids.size === 0 && fresh('pidFiles')) {
    put('pidFiles', { id: id(), kind: 'pidFiles', command: family.command });
  }
}

/** An answer may still come. */
export function awaiting(loop: Loop, now: number, mostMs: number): boolean {
  return !loop.holder && [...loop.asked.values()].some((q) => !q.answered && now - q.at < mostMs);
}

export function takeAnswer(state: RespawnState, id: string, processes: InvestigatedProcess[]): void {
  for (const loop of state.loops.values()) {
    const question = loop.asked.get(id);
    if (!question) continue;
    question.answered = true;
    const by = question.what.startsWith('holder')
      ? 'log'
      : question.what.startsWith('listeners')
        ? 'listening_port'
        : 'pid_file';
    const family = loop.familyKey === undefined ? undefined : state.families.families.get(loop.familyKey);
    // The log's word goes before a port's, and that before a pid file's.
    if (loop.holder && ORDER.indexOf(loop.holder.by) <= ORDER.indexOf(by)) continue;
    const holder = processes
      .filter((p) => canHold(p, family, state.sample))
      .sort((a, b) => a.startedAt - b.startedAt)[0];
    if (holder) loop.holder = { ...holder, by };
  }
}

const ORDER = ['log', 'listening_port', 'pid_file'];

/** A holder stood before the loop began and is neither the supervisor nor one of its children. */
function canHold(
  process: InvestigatedProcess,
  family: Family | undefined,
  sample: Sample | undefined,
): boolean {
  const { pid, startTicks } = process.identity;
  if (pid <= 2 || process.parentPid === 2) return false;
  if (!family) return true;
  if (pid === family.parent.pid) return false;
  if (family.instances.some((i) => i.pid === pid && i.startTicks === startTicks)) return false;
  // Pid 1 has orphans beside its services: there only the age tells.
  if (process.parentPid === family.parent.pid && family.parent.pid !== 1) return false;
  const oldest = family.instances[0];
  if (oldest && startTicks >= oldest.startTicks) return false;
  return !isAncestor(pid, family.parent.pid, sample);
}

function isAncestor(pid: number, of: number, sample: Sample | undefined): boolean {
  const parents = new Map(sample?.table.map((r) => [r.pid, r.parentPid]));
  for (let at = parents.get(of), n = 0; at !== undefined && at > 1 && n < 64; at = parents.get(at), n++) {
    if (at === pid) return true;
  }
  return false;
}
