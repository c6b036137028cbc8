import { visibleText } from '../../../shared/model/hostText.ts';
import type { ProcessChange, ProcessRow } from '../../../shared/model/process.ts';
import { endOf } from '../../../shared/model/waitStatus.ts';
import { type Detector, type DetectorOutput, NOTHING } from './detector.ts';
import { isBuildTool, isDispatcher, roleOf, spokenAge } from './respawnRole.ts';
import { limit, processDetail, processEvidence } from './words.ts';

interface Gone {
  change: ProcessChange;
  at: number;
  livedMs: number;
  times: number;
}

interface State {
  bootId: string;
  /** Long-lived processes that ended lately, by their command. */
  gone: Map<string, Gone>;
}

const MOST = 200;

/**
 * A service that ran for long and now runs under another pid: it was restarted, or it died and something started it again.
 * For information: a deployment does that too. What comes again and again is a loop, and another detector's.
 */
export const pidChanged: Detector<State> = {
  name: 'pidChanged',
  takes: ['sample'],
  thresholds: { minimumAgeSeconds: 60, withinSeconds: 30 },
  initial: () => ({ bootId: '', gone: new Map() }),
  reduce(state, input, context) {
    if (input.type !== 'sample') return NOTHING;
    const { sample } = input;
    if (state.bootId !== sample.bootId) {
      state.gone.clear();
      state.bootId = sample.bootId;
      return NOTHING;
    }
    if (sample.changes.length === 0) return NOTHING;
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
    if (state.gone.size === 0) return NOTHING;
    const outputs: DetectorOutput[] = [];
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
      const role = visibleText(roleOf(row.command, row.name), 60);
      const { exitStatus } = old.change;
      const ended = exitStatus === undefined ? 'ended' : endOf(exitStatus, true);
      outputs.push({
        type: 'event',
        key: `${change.command.slice(0, 200)}`,
        draft: {
          kind: 'process.pid_changed',
          severity: 'info',
          at: sample.at,
          hostAt: sample.hostAt,
          title: `${role} is now pid ${row.pid}; pid ${old.change.pid} ${ended} after ${spokenAge(old.livedMs)}`,
          verdict: `${role} was started again: pid ${old.change.pid}, which had run for ${spokenAge(old.livedMs)}, ${ended}, and pid ${row.pid} runs the same command under the same parent (pid ${row.parentPid}) within ${Math.max(1, Math.round((sample.at - old.at) / 1000))} s`,
          detail: {
            ...processDetail(row, sample.bootId),
            previousPid: old.change.pid,
            previousStartTicks: old.change.startTicks,
            livedMs: Math.round(old.livedMs),
            ...(exitStatus === undefined ? {} : { exitStatus }),
          },
          evidence: [
            {
              type: 'process',
              identity: { bootId: sample.bootId, pid: old.change.pid, startTicks: old.change.startTicks },
              name: old.change.name,
              command: old.change.command,
              note: ended,
            },
            processEvidence(row, sample.bootId, 'runs now'),
          ],
          actions: [],
          momentary: true,
        },
      });
    }
    return outputs;
  },
};

/** Not what people and schedules start: shells, their commands, sessions. */
function isService(change: ProcessChange): boolean {
  const role = roleOf(change.command, change.name);
  return (
    change.command !== '' &&
    change.parentPid !== 2 &&
    !/^(?:sh|bash|dash|zsh|fish|sleep|sudo|su|sshd|sshd-session|login|agetty|tail|watch|top|less|cat|perl|awk|fireline.*)$/.test(
      change.name,
    ) &&
    !isDispatcher(change.name, change.command) &&
    !isBuildTool(role)
  );
}

/** The same parent, or whoever takes in orphans: pid 1. */
function sameFamily(row: ProcessRow, old: ProcessChange): boolean {
  return row.parentPid === old.parentPid || row.parentPid === 1 || old.parentPid === 1;
}
