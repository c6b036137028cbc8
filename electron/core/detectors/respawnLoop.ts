import type { Sample } from '../../../shared/model/sample.ts';
import type { Detector, DetectorContext, DetectorOutput, InvestigatedProcess, LogLine } from './detector.ts';
import { describeEnd, describeLoop, type LoopFacts } from './respawnEvent.ts';
import {
  type Family,
  type FamilyFigures,
  type FamilyState,
  figuresOf,
  initialFamilies,
  stopFollowing,
  takeFamilies,
} from './respawnFamily.ts';
import { parseRefusal, type Refusal } from './respawnRefusal.ts';
import { isBuildTool, isDispatcher, isSupervisor, roleOf } from './respawnRole.ts';
import { type UnseenLoop, unseenLoops } from './respawnUnseen.ts';
import { mostlyCrash } from './toldChildren.ts';

/**
 * Tells of a command that is started again and again by the same parent, dies, and is started again.
 *
 * Seen from outside, a loop and honest work look alike: a shell that runs `grep` a thousand times, a CGI server, a
 * build. What sets a loop apart, all of it required:
 * - the same command line under the same parent (its pid and start time), three restarts within half a minute;
 * - one at a time: a pool of workers overlaps;
 * - it is most of what the parent starts: a build or a script starts many different things;
 * and at least one sign of trouble:
 * - it costs: the parent's reaped time (children too short to be seen count) and the visible instance together burn
 *   a share of a core. Paced loops (`sleep` between) must burn more. Programs whose trade is to start children (web
 *   servers, cron, builds, test runners) and compilers are not judged by cost;
 * - it says so: `Already running on PID:10078`, `Address already in use`;
 * - another process holds what it wants: a live pid-file owner or listener that is not the parent's child;
 * - its children crash, each of them, as the kernel tells (SIGSEGV, SIGABRT and their like);
 * - the parent is a known supervisor, whose only reason to start its child again is that it died.
 * So a cron job, `while sleep 1; do ps; done`, `make -j`, a forking server and `watch` are not loops, and a loop
 * without cost, words, holder or supervisor is not told of.
 *
 * Where the host's kernel tells of every fork and exit, rates and restarts are what it counted, and how the children ended
 * is said; and a supervisor of one child, all of whose children fail before a sample sees them, is a loop by that alone.
 *
 * Log lines alone are enough where the child is too short-lived to be seen at all and burns nothing: three that
 * name the same holder, or ten that complain of an address (nginx tries five times by itself).
 */
export const respawnLoop: Detector<RespawnState> = {
  name: 'respawnLoop',
  takes: ['sample', 'logLine', 'investigated', 'tick'],
  thresholds: {
    restarts: 3,
    /** Cores that the family must use to be told of without any other sign. */
    minimumCores: 0.25,
    /** The same, where the parent sleeps between restarts. */
    minimumPacedCores: 0.5,
    /** Cores from which cost alone is critical. */
    criticalCores: 0.5,
    minimumDominance: 0.6,
    quietSeconds: 10,
    /** Address complaints that are a loop without any process seen. */
    addressLinesAlone: 10,
    waitForAnswerMs: 1500,
  },
  initial: () => ({
    families: initialFamilies(),
    logs: new Map(),
    loops: new Map(),
    questions: 0,
    idleForks: 0,
  }),
  reduce(state, input, context) {
    switch (input.type) {
      case 'sample':
        takeFamilies(state.families, input.sample, state.loops.size > 0);
        state.sample = input.sample;
        learnIdleForks(state, input.sample);
        return judge(state, context, true);
      case 'logLine':
        return takeLog(state, input.line, context.now) ? judge(state, context, false) : [];
      case 'investigated':
        takeAnswer(state, input.question.id, input.answer.kind === 'processes' ? input.answer.processes : []);
        return judge(state, context, false);
      case 'tick':
        // What changes by time alone is an answer that is waited for, and a log that falls silent.
        return state.loops.size === 0 && state.logs.size === 0 ? [] : judge(state, context, false);
      default:
        return [];
    }
  },
};

export interface RespawnState {
  families: FamilyState;
  /** Refusals, by the log they are in. */
  logs: Map<string, RefusalLog>;
  loops: Map<string, Loop>;
  sample?: Sample;
  questions: number;
  /** Forks a second while nothing loops. */
  idleForks: number;
}

interface RefusalLog {
  path: string;
  lines: { at: number; text: string; refusal: Refusal }[];
  firstAt: number;
  lastAt: number;
  total: number;
}

/** A loop, or what may become one. Keyed by its family, or by the log where no family is seen. */
interface Loop {
  key: string;
  familyKey?: string;
  logPath?: string;
  beganAt: number;
  lastAt: number;
  /** What was last told, to tell a change from noise. */
  told?: { at: number; rate: number; share: number; holder: boolean; supervisor: boolean; severity: string };
  asked: Map<string, { at: number; what: string; answered: boolean }>;
  holder?: InvestigatedProcess & { by: 'log' | 'pid_file' | 'listening_port' };
  facts?: LoopFacts;
  open: boolean;
  restarts: number;
  countedAt: number;
  quietSince?: number;
  /** `lastAt` when the facts were last taken. */
  factsAt: number;
  /** The first refusals and the latest: evidence outlives the window that counts. */
  evidence: { path: string; text: string; at: number }[];
}

const LOG_WINDOW_MS = 30_000;
const MOST_LOG_LINES = 200;
const RETELL_MS = 10_000;
const FORGET_LOOP_MS = 60_000;
/** A gap in the samples says nothing of quiet. */
const GAP_MS = 4000;

function learnIdleForks(state: RespawnState, sample: Sample): void {
  let busy = false;
  if (state.loops.size > 0)
    for (const loop of state.loops.values()) busy ||= loop.open || sample.at - loop.lastAt < 5000;
  const { forksPerSecond } = sample.processes;
  if (!busy) state.idleForks += (forksPerSecond - state.idleForks) * 0.2;
}

function takeLog(state: RespawnState, line: LogLine, now: number): boolean {
  const refusal = parseRefusal(line.text);
  if (!refusal) return false;
  const log = state.logs.get(line.path) ?? {
    path: line.path,
    lines: [],
    firstAt: now,
    lastAt: now,
    total: 0,
  };
  if (now - log.lastAt > LOG_WINDOW_MS) Object.assign(log, { lines: [], firstAt: now, total: 0 });
  log.lines.push({ at: line.seenAt, text: line.text.slice(0, 1000), refusal });
  if (log.lines.length > MOST_LOG_LINES) log.lines.shift();
  log.lastAt = now;
  log.total++;
  state.logs.set(line.path, log);
  if (state.logs.size > 64) state.logs.delete(state.logs.keys().next().value ?? '');
  return true;
}

function takeAnswer(state: RespawnState, id: string, processes: InvestigatedProcess[]): void {
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

function judge(state: RespawnState, context: DetectorContext, sampled: boolean): DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  const { now } = context;
  const unseen = sampled && state.sample ? unseenLoops(state.sample, state.families.told) : [];
  if (
    unseen.length === 0 &&
    state.families.families.size === 0 &&
    state.logs.size === 0 &&
    state.loops.size === 0
  )
    return outputs;
  for (const [path, log] of state.logs) {
    log.lines = log.lines.filter((l) => now - l.at <= LOG_WINDOW_MS);
    if (log.lines.length === 0) state.logs.delete(path);
  }
  const plausible = plausibleFamilies(state, context);
  const logOf = assignLogs(state, plausible, now);
  for (const [family, figures] of plausible) {
    judgeFamily(state, family, figures, logOf.get(family.key), context, outputs);
  }
  for (const one of unseen) {
    const { pid, startTicks } = one.parent;
    if (!plausible.some(([{ parent }]) => parent.pid === pid && parent.startTicks === startTicks))
      judgeUnseen(state, one, context, outputs);
  }
  const taken = new Set([...logOf.values()].map((l) => l.path));
  for (const log of state.logs.values()) {
    if (!taken.has(log.path)) judgeLog(state, log, context, outputs);
  }
  if (sampled) closeQuiet(state, context, outputs);
  for (const [key, loop] of state.loops) {
    if (!loop.open && now - loop.lastAt > FORGET_LOOP_MS) state.loops.delete(key);
  }
  return outputs;
}

/** Families that look like a loop, signs apart; the one seen most first. */
function plausibleFamilies(state: RespawnState, context: DetectorContext): [Family, FamilyFigures][] {
  const { now } = context;
  const found: [Family, FamilyFigures][] = [];
  for (const family of state.families.families.values()) {
    if (family.seen < 2 || now - family.overlapAt < LOG_WINDOW_MS || now - family.lastAt > LOG_WINDOW_MS)
      continue;
    if (family.name === 'sleep') continue;
    const figures = figuresOf(state.families, family, now, {
      idleForks: state.idleForks,
      hertz: context.facts?.ticksPerSecond ?? 100,
    });
    if (figures.recent < 2 || figures.dominance < numberOf(context, 'minimumDominance')) continue;
    found.push([family, figures]);
  }
  return found.sort((a, b) => b[1].recent - a[1].recent);
}

/**
 * Which family a log's refusals belong to: the one whose command the log's path or the refusal names, else the
 * busiest. A log that no family explains stays alone.
 */
function assignLogs(
  state: RespawnState,
  plausible: [Family, FamilyFigures][],
  now: number,
): Map<string, RefusalLog> {
  const assigned = new Map<string, RefusalLog>();
  for (const log of state.logs.values()) {
    const free = plausible.filter(([f]) => !assigned.has(f.key) && now - f.lastAt < GAP_MS * 2);
    const text = `${log.path} ${log.lines.at(-1)?.text ?? ''}`;
    const named = free.find(([f]) => {
      const role = roleOf(f.command, f.name);
      return role.length > 2 && (text.includes(role) || f.command.includes(log.path));
    });
    const chosen = named ?? free[0];
    if (chosen) assigned.set(chosen[0].key, log);
  }
  return assigned;
}

function judgeFamily(
  state: RespawnState,
  family: Family,
  figures: FamilyFigures,
  log: RefusalLog | undefined,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { now } = context;
  const role = roleOf(family.command, family.name);
  // A loop that its log told of first keeps its key when the family is seen.
  const byLog = log ? state.loops.get(`log:${log.path}`) : undefined;
  const free = byLog && !state.families.families.has(byLog.familyKey ?? '') ? byLog : undefined;
  const unseen = state.loops.get(unseenKey(family.parent));
  const loop = state.loops.get(family.key) ?? free ?? unseen ?? newLoop(family.key, family.firstAt);
  loop.familyKey = family.key;
  state.loops.set(family.key, loop);
  if (log) {
    loop.logPath = log.path;
    // While no sample shows the family, its log must not tell of another loop.
    state.loops.set(`log:${log.path}`, loop);
  }

  const logRate = log ? rateOfLog(log) : undefined;
  // The log counts starts; forks count whatever a start forks besides.
  const rate = (figures.told && figures.ratePerSecond) ?? logRate ?? figures.ratePerSecond;
  const seen = family.seen - 1;
  countRestarts(
    loop,
    Math.max(seen, log ? log.total - 1 : 0, figures.restarts ?? 0),
    // A log that says each refusal counts by itself, as the kernel does; only what nobody counts is estimated.
    logRate === undefined && figures.restarts === undefined ? rate : undefined,
    Math.max(family.lastAt, log?.lastAt ?? 0),
  );

  const refused = log !== undefined && log.lines.length >= 2;
  const least = numberOf(context, figures.paced ? 'minimumPacedCores' : 'minimumCores');
  const judgedByCost =
    !isDispatcher(family.parent.name, family.parent.command) &&
    !isBuildTool(role) &&
    !isBuildTool(family.name);
  // A parent that ignores SIGCHLD reaps nothing: its children's time is what nobody owns.
  const unowned =
    figures.cpu.parentReaped < 0.01 && (figures.ratePerSecond ?? 0) > 2 ? figures.cpu.unattributed : 0;
  const cost = figures.cpu.own + unowned;
  const costs = judgedByCost && cost >= least;
  const supervised = isSupervisor(family.parent.name, family.parent.command);
  const mayHold = refused || supervised || (judgedByCost && cost >= least / 2);

  if (loop.restarts >= 2 && mayHold) ask(state, loop, family, log, now, outputs);
  const restarts = numberOf(context, 'restarts');
  // As where the log is alone: each start that says another one runs has failed, the first too.
  const failed = log?.lines.at(-1)?.refusal.kind === 'running' ? log.total : 0;
  const enough =
    failed >= restarts || (loop.restarts >= restarts && (figures.recent >= 3 || (refused && log.total >= 3)));
  const crashes = figures.told !== undefined && mostlyCrash(figures.told);
  const signs = refused || costs || supervised || crashes || loop.holder !== undefined;
  if (!loop.open) {
    if (!enough || !signs || now - loop.lastAt > GAP_MS * 2) return;
    if (awaiting(loop, now, numberOf(context, 'waitForAnswerMs'))) return;
    loop.open = true;
  }
  const critical =
    refused || loop.holder !== undefined || (costs && cost >= numberOf(context, 'criticalCores'));
  tell(
    loop,
    {
      severity: critical ? 'critical' : 'warning',
      beganAt: loop.beganAt,
      role,
      command: family.command,
      supervisor: family.parent,
      restarts: loop.restarts,
      ratePerSecond: rate ?? 0,
      pids: family.instances.slice(-12).map((i) => i.pid),
      pidStep: figures.pidStep,
      lifetimeMs: figures.lifetimeMs,
      told: figures.told,
      cpu: { ...figures.cpu, own: cost },
      holder: loop.holder,
      bootId: state.families.bootId,
      lines: keepEvidence(loop, log),
      newest: family.instances.at(-1),
    },
    context,
    outputs,
  );
}

function judgeLog(
  state: RespawnState,
  log: RefusalLog,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { now } = context;
  const key = `log:${log.path}`;
  const loop = state.loops.get(key) ?? newLoop(key, log.firstAt);
  if (loop.familyKey !== undefined && state.families.families.has(loop.familyKey)) {
    if (loop.open) {
      countRestarts(loop, log.total, rateOfLog(log), log.lastAt);
      return;
    }
    // No sample shows that family now: another supervisor may have taken its place, and its log is not to wait.
    state.loops.delete(loop.familyKey);
    delete loop.familyKey;
  }
  state.loops.set(key, loop);
  loop.logPath = log.path;
  const last = log.lines.at(-1);
  if (!last) return;
  const { kind } = last.refusal;
  const least = kind === 'running' ? numberOf(context, 'restarts') : numberOf(context, 'addressLinesAlone');
  countRestarts(loop, log.total, rateOfLog(log), log.lastAt);
  if (log.total >= 2) ask(state, loop, undefined, log, now, outputs);
  if (!loop.open) {
    // A moment more for the family to be seen: it makes a better event.
    const moment = loop.holder ? 500 : 1500;
    if (log.total < least || now - log.lastAt > GAP_MS || now - log.firstAt < moment) return;
    if (awaiting(loop, now, numberOf(context, 'waitForAnswerMs'))) return;
    loop.open = true;
  }
  const { balance } = state.sample ?? {};
  tell(
    loop,
    {
      severity: loop.holder ? 'critical' : 'warning',
      beganAt: log.firstAt,
      role: loop.holder ? roleOf(loop.holder.command, loop.holder.name) : undefined,
      command: loop.holder?.command,
      supervisor: undefined,
      restarts: loop.restarts,
      ratePerSecond: rateOfLog(log) ?? 0,
      pids: [],
      pidStep: undefined,
      lifetimeMs: undefined,
      told: undefined,
      cpu: balance ? { ...balance, parentReaped: 0, own: 0 } : undefined,
      holder: loop.holder,
      bootId: state.families.bootId,
      lines: keepEvidence(loop, log),
      newest: undefined,
    },
    context,
    outputs,
  );
}

const unseenKey = (parent: { pid: number; startTicks: number }) =>
  `unseen:${parent.pid}:${parent.startTicks}`;

/** A supervisor whose children no sample sees. */
function judgeUnseen(
  state: RespawnState,
  { parent, role, told, started }: UnseenLoop,
  context: DetectorContext,
  outputs: DetectorOutput[],
): void {
  const { now } = context;
  const key = unseenKey(parent);
  const loop = state.loops.get(key) ?? newLoop(key, now - told.overMs);
  state.loops.set(key, loop);
  // At first all that led to it.
  const known = loop.restarts === 0 ? told.started - 1 : loop.restarts + started;
  countRestarts(loop, known, undefined, started > 0 ? now : loop.lastAt);
  if (!loop.open && loop.restarts < numberOf(context, 'restarts')) return;
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
      ratePerSecond: told.overMs > 0 ? (told.started * 1000) / told.overMs : 0,
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

function newLoop(key: string, beganAt: number): Loop {
  return {
    key,
    beganAt,
    lastAt: beganAt,
    asked: new Map(),
    open: false,
    restarts: 0,
    countedAt: beganAt,
    factsAt: 0,
    evidence: [],
  };
}

const FIRST_LINES = 2;
const LAST_LINES = 2;

function keepEvidence(loop: Loop, log: RefusalLog | undefined): Loop['evidence'] {
  for (const line of log?.lines ?? []) {
    if (line.at <= (loop.evidence.at(-1)?.at ?? 0)) continue;
    loop.evidence.push({ path: log?.path ?? '', text: line.text, at: line.at });
    if (loop.evidence.length > FIRST_LINES + LAST_LINES) loop.evidence.splice(FIRST_LINES, 1);
  }
  return [...loop.evidence];
}

/** Restarts never count down; between looks they are counted by the rate. */
function countRestarts(loop: Loop, atLeast: number, rate: number | undefined, lastAt: number): void {
  const estimated =
    rate === undefined || lastAt <= loop.lastAt ? 0 : Math.floor(((lastAt - loop.countedAt) / 1000) * rate);
  // What was counted covers the time until now: it is not estimated again.
  if (atLeast > loop.restarts || estimated > 0) loop.countedAt = lastAt;
  loop.restarts = Math.max(loop.restarts + estimated, atLeast);
  loop.lastAt = Math.max(loop.lastAt, lastAt);
}

function rateOfLog(log: RefusalLog): number | undefined {
  const own = log.lines.filter((l) => l.refusal.kind === 'running');
  const first = own[0];
  const last = own.at(-1);
  if (!first || !last || own.length < 3) return undefined;
  // Lines arrive in bursts, as the file is read: less than a second of them says too much.
  return ((own.length - 1) * 1000) / Math.max(1000, last.at - first.at);
}

/** Each question once a loop. */
function ask(
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

function awaiting(loop: Loop, now: number, mostMs: number): boolean {
  return !loop.holder && [...loop.asked.values()].some((q) => !q.answered && now - q.at < mostMs);
}

/** Tells when it is new, when it changed in what matters, and otherwise now and then. */
function tell(loop: Loop, facts: LoopFacts, context: DetectorContext, outputs: DetectorOutput[]): void {
  // Nothing happened since: the figures of a window that drains would belittle what was.
  if (loop.told && loop.lastAt <= loop.factsAt) return;
  loop.factsAt = loop.lastAt;
  const share = facts.cpu && facts.cpu.busy > 0 ? facts.cpu.own / facts.cpu.busy : 0;
  const { told } = loop;
  loop.facts = facts;
  const rateMoved = told && Math.abs(facts.ratePerSecond - told.rate) > 0.3 * Math.max(told.rate, 0.2);
  const news =
    !told ||
    told.holder !== (facts.holder !== undefined) ||
    told.supervisor !== (facts.supervisor !== undefined) ||
    told.severity !== facts.severity ||
    (context.now - told.at > 2000 && (rateMoved || Math.abs(share - told.share) > 0.2)) ||
    context.now - told.at > RETELL_MS;
  if (!news) return;
  loop.told = {
    at: context.now,
    rate: facts.ratePerSecond,
    share,
    holder: facts.holder !== undefined,
    supervisor: facts.supervisor !== undefined,
    severity: facts.severity,
  };
  outputs.push({ type: 'event', key: loop.key, draft: describeLoop(facts, context) });
}

/** Quiet is only what samples saw: a host that does not answer is not quiet. */
function closeQuiet(state: RespawnState, context: DetectorContext, outputs: DetectorOutput[]): void {
  const { now } = context;
  const ticks = state.families.ticks;
  const gap = (ticks.at(-1)?.at ?? 0) - (ticks.at(-2)?.at ?? 0) > GAP_MS;
  for (const loop of new Set(state.loops.values())) {
    if (!loop.open) continue;
    const { facts } = loop;
    const reaped = ticks.at(-1)?.reapers.find((r) => r.pid === facts?.supervisor?.pid)?.cores ?? 0;
    if (reaped >= 0.05 || gap) loop.quietSince = now;
    const since = Math.max(loop.lastAt, loop.quietSince ?? 0);
    const period = facts && facts.ratePerSecond > 0 ? 1000 / facts.ratePerSecond : 1000;
    if (now - since < Math.max(numberOf(context, 'quietSeconds') * 1000, 3 * period)) continue;
    const standing = state.sample?.table.find(
      (r) => r.pid === facts?.newest?.pid && r.startTicks === facts.newest.startTicks && r.state !== 'Z',
    );
    const parentGone =
      facts?.supervisor !== undefined &&
      !state.sample?.table.some(
        (r) => r.pid === facts.supervisor?.pid && r.startTicks === facts.supervisor.startTicks,
      );
    outputs.push({
      type: 'close',
      key: loop.key,
      endedAt: since,
      ...(facts ? { recovery: describeEnd(facts, loop.restarts, since, standing, parentGone) } : {}),
    });
    forgetLoop(state, loop);
  }
}

/** What comes after its end is another loop, and counts from nothing: one refusal more is not a loop again. */
function forgetLoop(state: RespawnState, loop: Loop): void {
  const family = loop.familyKey === undefined ? undefined : state.families.families.get(loop.familyKey);
  if (family) stopFollowing(state.families, family);
  if (loop.logPath !== undefined && state.loops.get(`log:${loop.logPath}`) === loop)
    state.logs.delete(loop.logPath);
  for (const [key, one] of state.loops) if (one === loop) state.loops.delete(key);
}

function numberOf(context: DetectorContext, name: string): number {
  const value = context.thresholds[name] ?? respawnLoop.thresholds[name];
  return typeof value === 'number' ? value : 0;
}
