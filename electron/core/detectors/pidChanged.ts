import { formatClock } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessChange, ProcessRow } from '../../../shared/model/process.ts';
import type { Sample } from '../../../shared/model/sample.ts';
import { endOf } from '../../../shared/model/waitStatus.ts';
import { type Detector, type DetectorContext, type DetectorOutput, NOTHING } from './detector.ts';
import { isBuildTool, isDispatcher, roleOf, spokenAge } from './respawnRole.ts';
import { tableChange } from './tableChange.ts';
import { limit, processDetail, processEvidence } from './words.ts';

type Ended = Pick<ProcessChange, 'pid' | 'parentPid' | 'startTicks' | 'name' | 'command' | 'exitStatus'>;

interface Gone {
  change: Ended;
  at: number;
  livedMs: number;
  times: number;
}

interface State {
  bootId: string;
  /** Long-lived processes that ended lately, by their command. */
  gone: Map<string, Gone>;
  /** As the sample before was. */
  last?: Sample;
}

const MOST = 200;
/** A sample begins where the one before it ended, by the host's uptime; where it does not, nobody looked. */
const GAP_MS = 1500;

/**
 * A service that ran for long and now runs under another pid: it was restarted, or it died and something started it again.
 * For information: a deployment does that too. What comes again and again is a loop, and another detector's. Where nothing was
 * measured for a while, the processes before and after are compared, if the host has not been started anew.
 */
export const pidChanged: Detector<State> = {
  name: 'pidChanged',
  takes: ['sample'],
  thresholds: { minimumAgeSeconds: 60, withinSeconds: 30, gapSeconds: 600 },
  initial: () => ({ bootId: '', gone: new Map() }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    const { last } = state;
    state.last = sample;
    if (state.bootId !== sample.bootId) {
      state.gone.clear();
      state.bootId = sample.bootId;
      return NOTHING;
    }
    const gap = last && sample.uptimeMs - sample.intervalMs - last.uptimeMs > GAP_MS;
    const missed = gap ? acrossGap(last, sample, context) : NOTHING;
    if (sample.changes.length === 0) return missed;
    const hertz = context.facts?.ticksPerSecond ?? 100;
    const oldest = sample.at - limit(context, 'withinSeconds') * 1000;
    for (const change of sample.changes) {
      if (change.change !== 'exited') continue;
      const livedMs = sample.uptimeMs - (change.startTicks * 1000) / hertz;
      // Uptime may be a container's own: then the age cannot be told, and the process is left out.
      if (!(livedMs >= limit(context, 'minimumAgeSeconds') * 1000) || !isService(change)) continue;
      for (const [key, one] of state.gone) if (one.at < oldest) state.gone.delete(key);
      if (state.gone.size >= MOST) continue;
      state.gone.set(change.command, { change, at: sample.at, livedMs, times: 0 });
    }
    if (state.gone.size === 0) return missed;
    const outputs = [...missed];
    for (const change of sample.changes) {
      const old = change.change === 'started' ? state.gone.get(change.command) : undefined;
      if (!old || change.pid === old.change.pid) continue;
      state.gone.delete(change.command);
      if (old.at < oldest) continue;
      const alike = sample.table.filter((row) => row.command === change.command && row.state !== 'Z');
      // One of several workers alike, replaced by its master.
      if (alike.length !== 1) continue;
      const [row] = alike;
      if (!row || !sameFamily(row, old.change)) continue;
      const { exitStatus } = old.change;
      const ended = exitStatus === undefined ? 'ended' : endOf(exitStatus, true);
      outputs.push(
        restarted(sample, row, old.change, old.livedMs, {
          at: sample.at,
          title: `${ended} after ${spokenAge(old.livedMs)}`,
          verdict: `${ended}, and pid ${row.pid} runs the same command under the same parent (pid ${row.parentPid}) within ${Math.max(1, Math.round((sample.at - old.at) / 1000))} s`,
          note: ended,
        }),
      );
    }
    return outputs;
  },
};

/**
 * Services whose only process went and whose only process came while nobody looked. When the old one ended is not known; when the
 * new one started its own start time says. A job that runs now and then is one process before and another after, so only what had
 * run for longer than nobody looked counts.
 */
function acrossGap(last: Sample, sample: Sample, context: DetectorContext): DetectorOutput[] {
  const gapMs = sample.uptimeMs - sample.intervalMs - last.uptimeMs;
  if (gapMs > limit(context, 'gapSeconds') * 1000) return [];
  const ageOf = (row: Pick<ProcessRow, 'startTicks'>, uptimeMs: number) =>
    uptimeMs - (row.startTicks * 1000) / (context.facts?.ticksPerSecond ?? 100);
  const told = new Set(sample.changes.map((change) => change.pid));
  const runs = (table: Sample['table'], command: string) =>
    table.filter((row) => row.command === command && row.state !== 'Z');
  const outputs: DetectorOutput[] = [];
  for (const old of tableChange(last.table, sample.table).gone) {
    const livedMs = ageOf(old, last.uptimeMs);
    if (!(livedMs >= Math.max(gapMs, limit(context, 'minimumAgeSeconds') * 1000)) || !isService(old))
      continue;
    const [row, ...others] = runs(sample.table, old.command);
    if (!row || others.length > 0 || told.has(old.pid) || told.has(row.pid) || !sameFamily(row, old))
      continue;
    if (runs(last.table, old.command).length !== 1) continue;
    const ageMs = ageOf(row, sample.uptimeMs);
    // It was there before, under another name: programs that call exec, and those that write their own title.
    if (!(ageMs >= 0) || ageMs > sample.uptimeMs - last.uptimeMs) continue;
    const at = Math.round(sample.at - ageMs);
    const between = `between ${formatClock(last.at, 'UTC')} and ${formatClock(at, 'UTC')} UTC`;
    outputs.push(
      restarted(sample, row, old, livedMs, {
        at,
        title: `ended ${between}, while nothing was measured`,
        verdict: `ended ${between}, when nothing was measured, and pid ${row.pid} runs the same command under the same parent (pid ${row.parentPid}) since then`,
        note: `ended ${between}`,
      }),
    );
  }
  return outputs;
}

/** @param words of the old process, each but the note after its pid */
function restarted(
  sample: Sample,
  row: ProcessRow,
  old: Ended,
  livedMs: number,
  words: { at: number; title: string; verdict: string; note: string },
): DetectorOutput {
  const role = visibleText(roleOf(row.command, row.name), 60);
  return {
    type: 'event',
    key: `${row.command.slice(0, 200)}`,
    draft: {
      kind: 'process.pid_changed',
      severity: 'info',
      at: words.at,
      hostAt: sample.hostAt - (sample.at - words.at),
      title: `${role} is now pid ${row.pid}; pid ${old.pid} ${words.title}`,
      verdict: `${role} was started again: pid ${old.pid}, which had run for ${spokenAge(livedMs)}, ${words.verdict}`,
      detail: {
        ...processDetail(row, sample.bootId),
        previousPid: old.pid,
        previousStartTicks: old.startTicks,
        livedMs: Math.round(livedMs),
        ...(old.exitStatus === undefined ? {} : { exitStatus: old.exitStatus }),
      },
      evidence: [
        {
          type: 'process',
          identity: { bootId: sample.bootId, pid: old.pid, startTicks: old.startTicks },
          name: old.name,
          command: old.command,
          note: words.note,
        },
        processEvidence(row, sample.bootId, 'runs now'),
      ],
      actions: [],
      momentary: true,
    },
  };
}

/** Not what people and schedules start: shells, their commands, sessions, and what systemd starts with a person's first one. */
function isService(change: Ended): boolean {
  const role = roleOf(change.command, change.name);
  return (
    change.command !== '' &&
    change.parentPid !== 2 &&
    !/^(?:sh|bash|dash|zsh|fish|sleep|sudo|su|sshd|sshd-session|login|agetty|tail|watch|top|less|cat|perl|awk|systemd|\(sd-pam\)|fireline.*)$/.test(
      change.name,
    ) &&
    !isDispatcher(change.name, change.command) &&
    !isBuildTool(role)
  );
}

/** The same parent, or whoever takes in orphans: pid 1. */
function sameFamily(row: ProcessRow, old: Ended): boolean {
  return row.parentPid === old.parentPid || row.parentPid === 1 || old.parentPid === 1;
}
