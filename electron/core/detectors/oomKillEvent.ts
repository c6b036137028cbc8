import { asText, formatBytes, plural } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessIdentity } from '../../../shared/model/process.ts';
import type { Evidence } from '../../../shared/model/timelineEvent.ts';
import type { EventDraft } from './detector.ts';
import type { LoggedKill } from './oomKillGroup.ts';
import { spokenAge } from './respawnRole.ts';

/** A process of this host that is, or may be, the victim. */
export interface Victim {
  identity: ProcessIdentity;
  name: string;
  command: string;
  residentBytes: number;
}

/**
 * What is known of one kill.
 * `whose`: this host's own; a `neighbour`'s on the machine whose kernel this host shares.
 */
export interface OomKill {
  whose: 'own' | 'neighbour';
  /** Workbench clock. */
  at: number;
  hostAt?: number;
  logged?: LoggedKill;
  victim?: Victim;
  /** Kills that the counter showed with this one, if more than the log describes. */
  kills: number;
  undescribed: number;
  /** Set when the log did not tell: the kernel's counter did, between two samples that were so far apart. */
  counter?: { words: string; ofOwnCgroup: boolean; overMs: number };
  /** It was in the log before we came. */
  past: boolean;
  /** The log's pids are this host's own: it is not in a pid namespace. */
  samePids: boolean;
}

const CURVE_MS = 5 * 60_000;
/** Samples of a host that is out of breath come so late. */
const UNHEARD_MS = 15_000;

export function describeOomKill(kill: OomKill): EventDraft {
  const { logged, victim } = kill;
  const evidence: Evidence[] = [
    ...(logged?.lines ?? []),
    {
      type: 'samples',
      metric: 'system.memory.usage.used',
      from: kill.at - CURVE_MS,
      to: kill.at,
      ...(kill.counter === undefined ? {} : { note: kill.counter.words }),
    },
  ];
  if (victim) {
    evidence.push({
      type: 'process',
      identity: victim.identity,
      name: victim.name,
      command: victim.command,
      note: 'as last seen on this host, before it was killed',
    });
  }
  const cgroup = logged?.limitCgroup ?? logged?.taskCgroup;
  const residentBytes = logged?.residentBytes ?? victim?.residentBytes;
  const pid = logged ? logged.pid : victim?.identity.pid;
  const pidNamespace = namespaceOf(kill);
  return {
    kind: 'process.oom_killed',
    severity: severityOf(kill),
    at: kill.at,
    ...(kill.hostAt === undefined ? {} : { hostAt: kill.hostAt }),
    title: titleOf(kill, residentBytes),
    verdict: verdictOf(kill, residentBytes),
    detail: {
      process: logged?.process ?? victim?.name ?? 'unknown',
      ...(pid === undefined ? {} : { pid }),
      pidNamespace,
      ...(pidNamespace === 'machine' && victim ? { hostPid: victim.identity.pid } : {}),
      ...(residentBytes === undefined ? {} : { residentBytes }),
      ...(logged?.anonymousBytes === undefined ? {} : { anonymousBytes: logged.anonymousBytes }),
      ...(logged?.totalVirtualBytes === undefined ? {} : { totalVirtualBytes: logged.totalVirtualBytes }),
      // The machine's counter does not tell a cgroup's limit from the machine's own end.
      ...(logged ? { scope: logged.scope } : kill.counter?.ofOwnCgroup ? { scope: 'cgroup' } : {}),
      ...(cgroup === undefined ? {} : { cgroup }),
      ...(logged?.taskCgroup === undefined || logged.taskCgroup === cgroup
        ? {}
        : { taskCgroup: logged.taskCgroup }),
      ...(logged?.limitBytes === undefined ? {} : { limitBytes: logged.limitBytes }),
      ...(logged?.invoker === undefined ? {} : { invoker: logged.invoker }),
      ...(logged?.score === undefined ? {} : { score: logged.score }),
      ...(logged?.oomScoreAdj === undefined ? {} : { oomScoreAdj: logged.oomScoreAdj }),
      ...(logged?.uid === undefined ? {} : { uid: logged.uid }),
      ...(logged?.processes === undefined ? {} : { processes: logged.processes }),
      ...(logged?.reason === undefined ? {} : { reason: logged.reason }),
      ...(victim ? { command: victim.command } : {}),
      killer: logged?.killer ?? 'kernel',
      inferred: !logged,
      onThisHost: kill.whose === 'own',
      ...(kill.kills > 1 ? { kills: kill.kills, undescribed: kill.undescribed } : {}),
    },
    evidence,
    actions: [],
    momentary: true,
  };
}

function severityOf(kill: OomKill): EventDraft['severity'] {
  // A neighbour's limit is its own affair; when the machine itself ran out, this host was lucky.
  if (kill.whose === 'neighbour') {
    return kill.logged?.scope === 'machine' && kill.logged.killer === 'kernel' && !kill.past
      ? 'warning'
      : 'info';
  }
  return kill.past ? 'warning' : 'critical';
}

function namespaceOf(kill: OomKill): 'machine' | 'host' | 'unknown' {
  if (!kill.logged) return kill.victim ? 'host' : 'unknown';
  if (kill.logged.pid === undefined) return 'unknown';
  if (kill.samePids || kill.victim?.identity.pid === kill.logged.pid) return 'host';
  return kill.victim || kill.whose === 'neighbour' ? 'machine' : 'unknown';
}

function titleOf(kill: OomKill, residentBytes: number | undefined): string {
  const { logged, victim } = kill;
  const held = residentBytes === undefined ? '' : ` holding ${asText(formatBytes(residentBytes))}`;
  const others = kill.undescribed > 0 ? `; ${kill.undescribed} more killed, not named in the log` : '';
  if (!logged) {
    if (!victim) {
      const many = kill.kills > 1 ? `${kill.kills} processes were` : 'a process was';
      return kill.whose === 'own'
        ? `Out of memory: ${many} killed; which of them is not known (inferred from the kernel's counter)`
        : `Out of memory: ${many} killed on the machine that this host shares (inferred from the kernel's counter)`;
    }
    return `Out of memory: ${visibleText(victim.name, 64)} (pid ${victim.identity.pid}) killed${held} (inferred: it went as the kernel's counter rose)${others}`;
  }
  const name = visibleText(logged.process, 64);
  const by = logged.killer === 'kernel' ? '' : ` by ${logged.killer}`;
  const many =
    logged.processes === undefined
      ? ''
      : ` (${logged.processes} ${plural(logged.processes, 'process', 'processes')})`;
  const what = `Out of memory${by}: ${name}${many}${pidWords(kill)} killed${held}${placeWords(logged)}`;
  if (kill.whose === 'neighbour') return `${what}, on the machine that this host shares`;
  return `${what}${others}`;
}

/** Who went, what it held, whose limit it was and how that is known. */
function verdictOf(kill: OomKill, residentBytes: number | undefined): string {
  const { logged, victim } = kill;
  const parts = [titleOf(kill, residentBytes)];
  if (logged?.invoker !== undefined && logged.invoker !== logged.process)
    parts.push(`${visibleText(logged.invoker, 64)} asked for the memory that was not there`);
  if (logged?.scope === 'machine' && logged.killer === 'kernel') parts.push('the whole machine had run out');
  if (logged?.score !== undefined)
    parts.push(
      `its OOM score was ${logged.score}${logged.oomScoreAdj ? ` (adjusted by ${logged.oomScoreAdj})` : ''}`,
    );
  if (kill.counter && kill.counter.overMs > UNHEARD_MS)
    parts.push(
      `it was at some time in the ${spokenAge(kill.counter.overMs)} before, in which nothing was heard of this host`,
    );
  if (victim)
    parts.push(`it ran “${visibleText(victim.command === '' ? victim.name : victim.command, 160)}”`);
  return parts.join('; ');
}

function pidWords(kill: OomKill): string {
  const pid = kill.logged?.pid;
  if (pid === undefined) return '';
  switch (namespaceOf(kill)) {
    case 'host':
      return ` (pid ${pid})`;
    case 'machine':
      return kill.victim
        ? ` (pid ${kill.victim.identity.pid}, on the machine ${pid})`
        : ` (pid ${pid} on the machine)`;
    case 'unknown':
      return ` (pid ${pid} in the kernel log)`;
  }
}

function placeWords(logged: LoggedKill): string {
  const cgroup = logged.limitCgroup ?? logged.taskCgroup;
  if (logged.scope === 'machine' || cgroup === undefined) return '';
  const limit = logged.limitBytes === undefined ? '' : ` (limit ${asText(formatBytes(logged.limitBytes))})`;
  return ` in cgroup ${visibleText(cgroup, 120)}${limit}`;
}
