import { plural } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessRow } from '../../../shared/model/process.ts';
import type { Evidence, SuggestedAction } from '../../../shared/model/timelineEvent.ts';
import type { DetectorContext, EventDraft, InvestigatedProcess } from './detector.ts';
import { spokenAge, spokenLife, spokenRate } from './respawnRole.ts';
import { describeTold, endingWords, spokenEndings, type ToldChildren } from './toldChildren.ts';

/** What is known of a loop. All names and lines are hostile text. Cores are means of the last ten seconds. */
export interface LoopFacts {
  severity: 'critical' | 'warning' | 'info';
  /** Its children live for seconds, and nobody tells how they end. */
  mayBeWork?: boolean;
  beganAt: number;
  role: string | undefined;
  command: string | undefined;
  supervisor: { pid: number; startTicks: number; name: string; command: string } | undefined;
  restarts: number;
  ratePerSecond: number;
  /** It pauses between: for how long, before its last starts, and how those before its newest ended, where the kernel tells. */
  slow?: { spanMs: number; pausesMs: number[]; statuses: (number | undefined)[] };
  pids: number[];
  pidStep: number | undefined;
  lifetimeMs: number | undefined;
  /** Of the last seconds, as the kernel told it; absent where it does not, or tells of others' children too. */
  told: ToldChildren | undefined;
  cpu:
    | {
        busy: number;
        visible: number;
        reaped: number;
        unattributed: number;
        parentReaped: number;
        own: number;
      }
    | undefined;
  holder: (InvestigatedProcess & { by: 'log' | 'pid_file' | 'listening_port' }) | undefined;
  bootId: string;
  lines: { path: string; text: string; at: number }[];
  newest: { pid: number; startTicks: number } | undefined;
}

export function describeLoop(facts: LoopFacts, context: DetectorContext): EventDraft {
  const { supervisor, holder, cpu } = facts;
  const { now } = context;
  const offset = context.facts?.clockOffsetMs ?? 0;
  const evidence: Evidence[] = facts.lines.map((l) => ({
    type: 'line',
    source: l.path,
    text: l.text,
    at: l.at,
  }));
  evidence.push({
    type: 'samples',
    metric: 'fireline.cpu.reaped',
    from: facts.beganAt - 60_000,
    to: now,
    note: 'CPU of children that died before a sample could see them',
  });
  evidence.push({ type: 'samples', metric: 'system.process.created', from: facts.beganAt - 60_000, to: now });
  if (supervisor) {
    evidence.push({
      type: 'process',
      identity: { bootId: facts.bootId, pid: supervisor.pid, startTicks: supervisor.startTicks },
      name: supervisor.name,
      command: supervisor.command,
      note: 'starts it',
    });
  }
  if (facts.told) {
    const source = 'the kernel, of forks and exits (process connector)';
    evidence.push({ type: 'line', source, text: describeTold(facts.told), at: now });
  }
  const actions: SuggestedAction[] = [];
  if (holder) {
    evidence.push({
      type: 'process',
      identity: holder.identity,
      name: holder.name,
      command: holder.command,
      note: holder.foundBy,
    });
    actions.push({
      action: 'process.kill',
      label: `Kill pid ${holder.identity.pid} (${visibleText(holder.name, 32).trim()})…`,
      host: context.host,
      arguments: { target: holder.identity, signal: 'TERM' },
    });
  }
  const lastLine = facts.lines.at(-1);
  return {
    kind: 'process.respawn_loop',
    severity: facts.severity,
    at: facts.beganAt,
    title: titleOf(facts, offset),
    verdict: verdictOf(facts, offset),
    detail: {
      ...(facts.command === undefined ? {} : { command: facts.command }),
      ...(facts.role === undefined ? {} : { process: facts.role }),
      restarts: facts.restarts,
      ratePerSecond: round(facts.ratePerSecond, facts.slow ? 4 : 2),
      ...(facts.slow ? { pausesMs: facts.slow.pausesMs.map((one) => Math.round(one)) } : {}),
      ...(facts.pids.length > 0 ? { pids: facts.pids } : {}),
      ...(facts.pidStep === undefined ? {} : { pidStep: facts.pidStep }),
      ...(supervisor
        ? {
            supervisor: {
              pid: supervisor.pid,
              startTicks: supervisor.startTicks,
              name: supervisor.name,
              command: supervisor.command,
            },
          }
        : {}),
      ...(cpu
        ? {
            cpu: {
              busyCores: round(cpu.busy, 3),
              visibleCores: round(cpu.visible, 3),
              reapedCores: round(cpu.reaped, 3),
              unattributedCores: round(cpu.unattributed, 3),
              /** Of busy CPU, what this loop's supervisor reaped. */
              reapedShare: share(cpu.parentReaped, cpu.busy),
              ownShare: share(cpu.own, cpu.busy),
            },
          }
        : {}),
      ...(facts.told
        ? {
            children: {
              overMs: facts.told.overMs,
              started: facts.told.started,
              executed: facts.told.executed,
              ended: facts.told.ended,
              endings: endingWords(facts.told),
              ...(facts.told.lost > 0 ? { lostEvents: facts.told.lost } : {}),
              ...(facts.told.oneIn > 1 ? { countedOneIn: facts.told.oneIn } : {}),
            },
          }
        : {}),
      ...(facts.lifetimeMs === undefined ? {} : { childLifetimeMs: facts.lifetimeMs }),
      ...(holder
        ? {
            staleHolder: {
              pid: holder.identity.pid,
              startTicks: holder.identity.startTicks,
              bootId: holder.identity.bootId,
              name: holder.name,
              command: holder.command,
              startedAt: holder.startedAt - offset,
              foundBy: holder.by,
              how: holder.foundBy,
              listeningPorts: holder.listeningPorts,
            },
          }
        : {}),
      ...(lastLine ? { reason: lastLine.text } : {}),
    },
    evidence,
    actions,
    momentary: false,
  };
}

export function describeEnd(
  facts: LoopFacts,
  restarts: number,
  endedAt: number,
  standing: ProcessRow | undefined,
  supervisorGone: boolean,
): EventDraft {
  const role = visibleText(facts.role ?? 'the command', 64);
  const after = `after ${restarts} restart${restarts === 1 ? '' : 's'} in ${spokenAge(endedAt - facts.beganAt)}`;
  const title = standing
    ? `${role} stays up as pid ${standing.pid}, ${after}`
    : supervisorGone && facts.supervisor
      ? `${role} is no longer restarted: ${visibleText(facts.supervisor.name, 32)} (pid ${facts.supervisor.pid}) is gone, ${after}`
      : `${role} is no longer restarted, ${after}`;
  return {
    kind: 'process.respawn_loop_ended',
    severity: 'recovered',
    at: endedAt,
    title,
    detail: {
      ...(facts.command === undefined ? {} : { command: facts.command }),
      restarts,
      durationMs: Math.max(0, endedAt - facts.beganAt),
      ...(standing ? { pid: standing.pid } : {}),
      supervisorGone,
    },
    evidence: [
      { type: 'samples', metric: 'fireline.cpu.reaped', from: facts.beganAt - 60_000, to: endedAt + 10_000 },
      ...(standing
        ? [
            {
              type: 'process' as const,
              identity: { bootId: facts.bootId, pid: standing.pid, startTicks: standing.startTicks },
              name: standing.name,
              command: standing.command,
              note: 'stands',
            },
          ]
        : []),
    ],
    actions: [],
    momentary: true,
  };
}

/** The line of the timeline. */
function titleOf(facts: LoopFacts, offset: number): string {
  const { supervisor, holder, cpu } = facts;
  const role = visibleText(facts.role ?? 'a command', 64);
  const rate = facts.slow
    ? ` ${timesIn(facts.restarts, facts.slow.spanMs)}`
    : facts.ratePerSecond > 0
      ? ` ${paceWords(facts.ratePerSecond)}`
      : ` ${facts.restarts} ${plural(facts.restarts, 'time')}`;
  const who = supervisor
    ? `${visibleText(supervisor.name, 32).trim()} (pid ${supervisor.pid}) restarts ${role}`
    : `${role} is restarted`;
  const own = share(cpu?.own ?? 0, cpu?.busy ?? 0);
  const owns = own >= 0.05 ? ` and owns ${Math.round(own * 100)} % of busy CPU` : '';
  if (!holder) return `${who}${rate}${owns}`;
  const age = facts.beganAt - (holder.startedAt - offset);
  return `${who}${rate}${owns}; pid ${holder.identity.pid} (${visibleText(holder.name, 32).trim()}), started ${spokenAge(age)} earlier, holds it`;
}

/** All that is known, in the order of the questions: who, how fast, at what cost, how each ends, who holds what it wants. */
function verdictOf(facts: LoopFacts, offset: number): string {
  const { supervisor, holder, cpu } = facts;
  const role = visibleText(facts.role ?? 'a command', 64);
  const rate = facts.slow
    ? timesIn(facts.restarts, facts.slow.spanMs)
    : facts.ratePerSecond > 0
      ? `${paceWords(facts.ratePerSecond)} (${facts.restarts} ${plural(facts.restarts, 'time')} so far)`
      : `${facts.restarts} ${plural(facts.restarts, 'time')} so far`;
  const own = share(cpu?.own ?? 0, cpu?.busy ?? 0);
  const owns = own >= 0.05 ? ` and owns ${Math.round(own * 100)} % of busy CPU` : '';
  const parts = [
    supervisor
      ? `pid ${supervisor.pid} (${visibleText(supervisor.name, 32).trim()}) restarts ${role} ${rate}${owns}`
      : `${role} is restarted ${rate}${owns}`,
  ];
  const endings = facts.told ? spokenEndings(facts.told) : facts.slow && endingsOf(facts.slow.statuses);
  if (endings !== undefined) parts.push(endings);
  if ((endings === undefined || facts.slow) && facts.lifetimeMs !== undefined && facts.lifetimeMs > 0)
    parts.push(`each child ends after about ${spokenLife(facts.lifetimeMs)}`);
  if (facts.slow?.pausesMs.some((one) => one >= 2000)) parts.push(pausesWords(facts.slow.pausesMs));
  if (holder) {
    const who = `pid ${holder.identity.pid} (${visibleText(holder.name, 32).trim()})`;
    const age = `started ${spokenAge(facts.beganAt - (holder.startedAt - offset))} earlier`;
    const ports = holder.listeningPorts.slice(0, 3);
    const what =
      ports.length > 0
        ? `port${ports.length > 1 ? 's' : ''} ${ports.join(', ')} ${ports.length > 1 ? 'are' : 'is'} held by`
        : 'its place is held by';
    const found = holder.by === 'listening_port' ? '' : ` (${visibleText(holder.foundBy, 120)})`;
    parts.push(`${what} ${who}, ${age}${found}`);
  } else if (facts.lines.length > 0) {
    parts.push('its log says that another one stands, which was not found');
  }
  if (facts.mayBeWork)
    parts.push('how they end is not to be seen here: work that is done again and again looks the same');
  return parts.join('; ');
}

/** `6.1×/s`, `every 11 s`. */
const paceWords = (perSecond: number) =>
  perSecond < 0.15 ? `every ${spokenAge(1000 / perSecond)}` : `${spokenRate(perSecond)}×/s`;

const timesIn = (restarts: number, spanMs: number) =>
  `${restarts} ${plural(restarts, 'time')} in ${spokenAge(spanMs)}`;

function pausesWords(pausesMs: number[]): string {
  const words = pausesMs.map(spokenAge);
  const alike = Math.max(...pausesMs) - Math.min(...pausesMs) <= 0.15 * Math.max(...pausesMs);
  return alike
    ? `with a pause of ${words.at(-1)} before each`
    : `with pauses of ${words.join(', ')} before the last`;
}

function endingsOf(statuses: (number | undefined)[]): string | undefined {
  const known = statuses.filter((one) => one !== undefined);
  const counts = [...Map.groupBy(known, (status) => status)];
  return spokenEndings({
    ended: known.length,
    endings: counts
      .map(([status, { length: count }]) => ({ status, count }))
      .sort((a, b) => b.count - a.count),
  });
}

function share(part: number, whole: number): number {
  return whole <= 0 ? 0 : round(Math.min(1, part / whole), 3);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
