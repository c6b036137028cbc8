import { plural } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { type Detector, type DetectorOutput, type EventDraft, NOTHING } from './detector.ts';
import { spokenAge, spokenLife } from './respawnRole.ts';
import { readSupervisord, readUpstart, type ServiceLine, SystemdLines } from './serviceLine.ts';
import { splitSyslog } from './syslogLine.ts';
import { kernelLine, logLine, type ToldLine } from './toldLine.ts';

/** A service that failed, and is not yet known to stand; or stands since a few minutes. */
interface Failed {
  unit: string;
  manager: Manager;
  failures: number;
  result?: string;
  status?: string;
  gaveUp: boolean;
  /** Of the first failure and the latest. */
  since: number;
  failedAt: number;
  /** It is started again by its manager, not by somebody who looks after it. */
  byItself: boolean;
  /** Its latest start, while nothing worse is said. */
  startedAt?: number;
  restartsAt: number;
  longestLifeMs: number;
  /** It stands: kept for how long it lived, should it fail again. */
  over?: true;
}

type Manager = 'systemd' | 'supervisord' | 'upstart';

interface Services {
  /** By manager and name. */
  failed: Map<string, Failed>;
  /** Of those, how many were started again, and may fail again at once. */
  onTrial: number;
  systemd: SystemdLines;
  /** Services that somebody stops, and when that was said. */
  stopping: Map<string, number>;
  /** What was said lately, and where: the same lines are in the journal and in the logs that it is written to. */
  heard: { text: string; source: string; at: number }[];
  /** How the process of a service ended, where the line after it may say that this was a failure. */
  ended?: { key: string; status: string };
}

const MOST = 500;
/** What stood twice as long as ever before, and so long, stands. */
const STEADY_MS = 20_000;
const LONGEST_TRIAL_MS = 10 * 60_000;
const REMEMBERED_MS = 15 * 60_000;
/** Longer than systemd waits for one, mostly. */
const STOPPING_MS = 5 * 60_000;
const MOST_HEARD = 64;
const HEARD_MS = 20_000;
/** To stop what it is about to start again is a part of systemd's own restart. */
const RESTART_MS = 5000;

/**
 * A service that failed, as its manager says in a log that is followed, or, of systemd, in its journal and the kernel's log:
 * `NAME.service: Failed with result 'exit-code'.` (systemd), `exited: NAME (exit status 1; not expected)` (supervisord),
 * `NAME main process ended, respawning` (upstart). Over when its manager says that somebody started it. What the manager
 * itself starts again after each failure, in seconds or minutes, goes on until it stands for longer than it ever did.
 */
export const serviceFailed: Detector<Services> = {
  name: 'serviceFailed',
  takes: ['kernelLine', 'logLine', 'tick', 'reboot'],
  thresholds: {},
  initial: () => ({
    failed: new Map(),
    onTrial: 0,
    systemd: new SystemdLines(),
    stopping: new Map(),
    heard: [],
  }),
  reduce(state, input, context) {
    if (input.type === 'tick') return state.onTrial === 0 ? NOTHING : closeSteady(state, context.now);
    if (input.type === 'reboot') return closeAll(state, context.now);
    // Nearly all lines of followed logs are of something else.
    if (input.type === 'logLine' && !MAY_SAY.test(input.line.text)) return NOTHING;
    const line = logLine(input) ?? kernelLine(input, context);
    const source = input.type === 'logLine' ? input.line.path : 'journal';
    const said = line && read(state, line, source);
    return said ? take(state, line, said.manager, said.line) : NOTHING;
  },
};

const MAY_SAY = /systemd|supervisord|init: |(?:INFO|WARN) (?:exited|gave up|spawned|success|stopped): /;

/** Only what the manager itself wrote is believed. */
function read(
  state: Services,
  line: ToldLine,
  source: string,
): { manager: Manager; line: ServiceLine } | undefined {
  if (SUPERVISORD_STAMP.test(line.text)) return ofSupervisord(line.text);
  const ofSystemd = (message: string | undefined) =>
    message === undefined || heardElsewhere(state.heard, message, source, line.at)
      ? undefined
      : of('systemd', state.systemd.read(message, line.at));
  if (source === 'journal') return ofSystemd(/^systemd\[1\]: (.*)$/.exec(line.text)?.[1]);
  const { tag, text } = splitSyslog(line.text);
  switch (tag) {
    case 'systemd':
      return OF_A_USER.test(line.text) ? undefined : ofSystemd(text);
    case 'init':
      return of('upstart', readUpstart(text));
    case 'supervisord':
      return ofSupervisord(text);
    default:
      return undefined;
  }
}

/** What a person's own systemd says of the units of their session: `pulseaudio.service` has failed on many a server. */
const OF_A_USER = / systemd\[(?!1\])\d{1,10}\]: /;

function heardElsewhere(heard: Services['heard'], text: string, source: string, at: number): boolean {
  while (heard.length >= MOST_HEARD || at - (heard[0]?.at ?? at) > HEARD_MS) heard.shift();
  const same = heard.findIndex((one) => one.source !== source && one.text === text);
  if (same < 0) heard.push({ text, source, at });
  else heard.splice(same, 1);
  return same >= 0;
}

const SUPERVISORD_STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?=(?:INFO|WARN) )/;

const of = (manager: Manager, line: ServiceLine | undefined) => line && { manager, line };

const ofSupervisord = (text: string) =>
  of('supervisord', readSupervisord(text.replace(SUPERVISORD_STAMP, '')));

function take(
  state: Services,
  line: ToldLine,
  manager: Manager,
  { unit, says, result, status }: ServiceLine,
): readonly DetectorOutput[] {
  const key = manager === 'systemd' ? unit : `${manager}:${unit}`;
  const { failed } = state;
  const known = lately(failed.get(key), line.at);
  const endedSo = state.ended?.key === key ? state.ended.status : undefined;
  delete state.ended;
  switch (says) {
    case 'ended':
      if (status !== undefined) state.ended = { key, status };
      return NOTHING;
    case 'restarts':
      if (known) Object.assign(known, { byItself: true, restartsAt: line.at });
      return NOTHING;
    case 'stopping':
      if (state.stopping.size < MOST) state.stopping.set(key, line.at);
      return NOTHING;
    case 'started':
      state.stopping.delete(key);
      if (!known || known.over) return NOTHING;
      if (!known.byItself) return close(state, key, line.at);
      begin(state, known, line.at);
      return NOTHING;
    case 'stopped':
      state.stopping.delete(key);
      return known && line.at - known.restartsAt > RESTART_MS ? close(state, key, line.at) : NOTHING;
    case 'failed':
      // A JVM that is told to end exits 143.
      if (endsAsTold(state, key, result, line.at)) return NOTHING;
      break;
    case 'gaveUp':
    case 'respawns':
      break;
  }
  if (!known && failed.size >= MOST) forgetOver(failed);
  if (!known && failed.size >= MOST) return NOTHING;
  const one = known ?? newFailed(unit, manager, line.at);
  failed.set(key, one);
  if (one.startedAt !== undefined) {
    one.longestLifeMs = Math.max(one.longestLifeMs, line.at - one.startedAt);
    if (!one.over) state.onTrial--;
    delete one.startedAt;
  }
  delete one.over;
  // "repeated too quickly" is followed by its own "Failed with result".
  if (says === 'gaveUp') one.gaveUp = true;
  else one.failures++;
  one.failedAt = line.at;
  if (result !== undefined) one.result = result;
  const how = status ?? endedSo;
  if (how !== undefined) one.status = how;
  if (says === 'respawns') {
    one.byItself = true;
    begin(state, one, line.at);
  }
  return [{ type: 'event', key, draft: describe(one, line) }];
}

function endsAsTold(state: Services, key: string, result: string | undefined, at: number): boolean {
  const stoppingAt = state.stopping.get(key);
  state.stopping.delete(key);
  return (
    stoppingAt !== undefined &&
    at - stoppingAt < STOPPING_MS &&
    (result === 'exit-code' || result === 'signal')
  );
}

const newFailed = (unit: string, manager: Manager, at: number): Failed => ({
  unit,
  manager,
  failures: 0,
  gaveUp: false,
  since: at,
  failedAt: at,
  byItself: false,
  restartsAt: Number.NEGATIVE_INFINITY,
  longestLifeMs: 0,
});

function forgetOver(failed: Map<string, Failed>): void {
  for (const [key, { over }] of failed) if (over) failed.delete(key);
}

const lately = (one: Failed | undefined, at: number) =>
  one?.over && at - one.failedAt > REMEMBERED_MS ? undefined : one;

function begin(state: Services, one: Failed, at: number): void {
  if (one.startedAt === undefined) state.onTrial++;
  one.startedAt = at;
}

function close(state: Services, key: string, endedAt: number): DetectorOutput[] {
  const one = state.failed.get(key);
  if (one?.startedAt !== undefined && !one.over) state.onTrial--;
  state.failed.delete(key);
  return [{ type: 'close', key, endedAt }];
}

function closeSteady(state: Services, now: number): DetectorOutput[] {
  const outputs: DetectorOutput[] = [];
  for (const [key, one] of state.failed) {
    const { startedAt, longestLifeMs } = one;
    const trialMs = Math.min(LONGEST_TRIAL_MS, Math.max(STEADY_MS, 2 * longestLifeMs));
    if (startedAt === undefined || one.over || now - startedAt < trialMs) continue;
    one.over = true;
    state.onTrial--;
    outputs.push({ type: 'close', key, endedAt: startedAt });
  }
  return outputs;
}

/** After a reboot none of them has failed yet. */
function closeAll(state: Services, now: number): DetectorOutput[] {
  return [...state.failed.keys()].flatMap((key) => close(state, key, now));
}

function describe(one: Failed, line: ToldLine): EventDraft {
  const { unit, manager, failures, result, status, gaveUp, since, failedAt, longestLifeMs } = one;
  const name = visibleText(unit, 80);
  const spanMs = failedAt - since;
  const often = `${failures} ${plural(failures, 'time')}${spanMs >= 60_000 ? ` in ${spokenAge(spanMs)}` : ''}`;
  const how = result ?? status;
  const again = one.byItself && !gaveUp && failures > 1;
  const parts = [`${name} failed${failures > 1 ? ` ${often}` : ''}`];
  if (status !== undefined)
    parts.push(
      `its process ${status}${longestLifeMs > 0 ? `, after ${spokenLife(longestLifeMs)} at most` : ''}`,
    );
  if (again)
    parts.push(
      `${manager} starts it again each time${spanMs >= 60_000 ? `, every ${spokenAge(spanMs / (failures - 1))}` : ''}`,
    );
  if (gaveUp) parts.push(`${manager} gave up restarting it`);
  return {
    kind: 'service.failed',
    severity: gaveUp ? 'critical' : 'warning',
    at: since,
    ...(line.hostAt === undefined || failures > 1 ? {} : { hostAt: line.hostAt }),
    title: `${name} failed${failures > 1 ? `, ${often}` : ''}${how === undefined ? '' : ` (${how})`}${gaveUp ? `; ${manager} gave up restarting it` : ''}`,
    ...(status !== undefined || again ? { verdict: parts.join('; ') } : {}),
    detail: {
      unit,
      failures,
      gaveUp,
      ...(manager === 'systemd' ? {} : { manager }),
      ...(result === undefined ? {} : { result }),
      ...(status === undefined ? {} : { status }),
      past: line.past,
    },
    evidence: [line.evidence],
    actions: [],
    momentary: false,
  };
}
