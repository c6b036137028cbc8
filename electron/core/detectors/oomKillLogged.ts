import type { DetectorContext, KernelLine, LogLine } from './detector.ts';
import { completeOomGroup, isOomGroupDue, joinOomLine, type LoggedKill } from './oomKillGroup.ts';
import { type Kill, numberOf, type OomKillState } from './oomKillState.ts';
import { splitSyslog } from './syslogLine.ts';

const REMEMBER_MS = 15 * 60_000;
const MOST_KILLS = 500;
const SAME_KILL_MS = 10_000;
/** earlyoom asks a process that does not go again after ten seconds, and again. */
const ASKED_AGAIN_MS = 60_000;
/** A follower that catches up after a stall is minutes late; a clock that is further off is wrong. */
const MOST_LAG_MS = 5 * 60_000;

/** Watched logs can be syslog: only what the kernel or a known killer wrote there is believed. */
export function fromLog(line: LogLine): KernelLine | undefined {
  if (!/kill|oom/i.test(line.text.slice(0, 8192))) return undefined;
  const { tag, text } = splitSyslog(line.text);
  if (tag !== 'kernel' && tag !== 'systemd-oomd' && tag !== 'earlyoom' && tag !== 'systemd') return undefined;
  return { text, seenAt: line.seenAt, source: line.path, backlog: false };
}

export function takeLine(state: OomKillState, line: KernelLine, context: DetectorContext): void {
  const joined = joinOomLine(state.group, line);
  state.group = joined.group;
  for (const kill of joined.kills) addKill(state, kill, context);
}

/** A group of lines whose end has not come is taken as it is after a while. */
export function takeDueGroup(state: OomKillState, context: DetectorContext): void {
  if (!state.group || !isOomGroupDue(state.group, context.now)) return;
  const waited = completeOomGroup(state.group);
  state.group = undefined;
  for (const kill of waited) addKill(state, kill, context);
}

function addKill(state: OomKillState, logged: LoggedKill, context: DetectorContext): void {
  const at = workbenchTime(logged, context);
  const again = state.kills.find((k) => isSameKill(k, logged, at));
  if (again) {
    // The same kill by another way (syslog beside the kernel log, the backlog after a reconnect): what is new is kept.
    const { lines: _, backlog: __, seenAt: ___, hostAt: ____, killer: _____, ...more } = logged;
    const before = again.logged;
    again.logged = { ...more, ...before };
    again.changed ||= Object.keys(again.logged).length > Object.keys(before).length && again.told !== 'never';
    return;
  }
  const old = logged.backlog && context.now - at > numberOf(context, 'backlogMinutes') * 60_000;
  // A line of the backlog without a time may be of last year.
  const never = old || (logged.backlog && logged.hostAt === undefined);
  state.kills.push({
    key: `kill:${++state.count}`,
    logged,
    at,
    told: never ? 'never' : 'no',
    decideBy: context.now + numberOf(context, 'waitForSampleMs'),
    reviseBy: 0,
    counted: logged.killer !== 'kernel',
    kills: 1,
    undescribed: 0,
    changed: false,
  });
  state.kills = state.kills.filter((k) => context.now - k.logged.seenAt <= REMEMBER_MS).slice(-MOST_KILLS);
}

function isSameKill(kill: Kill, logged: LoggedKill, at: number): boolean {
  const a = kill.logged;
  if (a.killer !== logged.killer) return false;
  if (a.pid === undefined || logged.pid === undefined) {
    // systemd-oomd and the manager name the unit, one by its path and one by its name.
    return a.process === logged.process && Math.abs(kill.at - at) < SAME_KILL_MS;
  }
  const within = a.killer === 'kernel' ? SAME_KILL_MS : ASKED_AGAIN_MS;
  return a.pid === logged.pid && a.process === logged.process && Math.abs(kill.at - at) < within;
}

function workbenchTime(logged: LoggedKill, context: DetectorContext): number {
  if (logged.hostAt === undefined) return logged.seenAt;
  const at = Math.min(logged.hostAt - (context.facts?.clockOffsetMs ?? 0), logged.seenAt);
  // Monotonic stamps leave out time asleep, so their wall time can be hours off: a live line was written just now.
  return !logged.backlog && logged.seenAt - at > MOST_LAG_MS ? logged.seenAt : at;
}
