import { visibleText } from '../../../shared/model/hostText.ts';
import { type Detector, NOTHING } from './detector.ts';
import { splitSyslog } from './syslogLine.ts';
import { kernelLine, logLine, type ToldLine } from './toldLine.ts';

interface Services {
  open: Map<string, { failures: number; result?: string; gaveUp: boolean; since: number }>;
  /** A unit's description to its name: systemd before 249 calls what it starts by its description alone. */
  called: Map<string, string>;
  /** The unit of the line before; whether it is about to be started again. */
  last?: { at: number; unit: string; restarts: boolean };
}

const UNIT = String.raw`([A-Za-z0-9:_.\\@-]{1,255}\.(?:service|mount|socket|timer|path|swap|automount))`;
const FAILED = new RegExp(`^${UNIT}: Failed with result '([a-z-]{1,40})'`);
/** systemd before 219 or so. */
const FAILED_OLD = new RegExp(`^Unit ${UNIT} entered failed state`);
const GAVE_UP = new RegExp(`^${UNIT}: Start request repeated too quickly`);
const GAVE_UP_OLD = new RegExp(`^start request repeated too quickly for ${UNIT}`);
const STARTED = new RegExp(`^(?:Started|Mounted|Listening on) ${UNIT}(?: - |\\.?$)`);
const STARTED_CALLED = /^(?:Started|Mounted|Listening on) (.{1,200}?)\.?$/;
const OF_UNIT = new RegExp(`^(?:Unit )?${UNIT}[: ]`);
const RESTARTS = /scheduled restart job|scheduling restart/i;
const FAILED_CALLED = /^Failed to start (.{1,200}?)\.?$/;
const STOPPED_CALLED = /^Stopped (.{1,200}?)\.?$/;
const NEIGHBOURING_MS = 2000;
const MOST = 500;

/**
 * A unit of systemd that failed, from the system's log where it is followed, or the kernel's, which has systemd's lines
 * early in the boot: `NAME.service: Failed with result 'exit-code'.`; it gave up with `Start request repeated too quickly`.
 * Over when systemd says `Started NAME.service`, or `Started DESCRIPTION.` of a unit that the lines beside its failure
 * call so.
 */
export const serviceFailed: Detector<Services> = {
  name: 'serviceFailed',
  takes: ['kernelLine', 'logLine'],
  thresholds: {},
  initial: () => ({ open: new Map(), called: new Map() }),
  reduce(state, input, context) {
    // Nearly all lines of followed logs are of something else.
    if (input.type === 'logLine' && !input.line.text.includes('systemd')) return NOTHING;
    const line = logLine(input) ?? kernelLine(input, context);
    const message = line && messageOfInit(line, input.type === 'kernelLine');
    if (!line || message === undefined) return NOTHING;
    learn(state, message, line.at);
    const started = startedUnit(state, message);
    if (started !== undefined)
      return state.open.delete(started) ? [{ type: 'close', key: started, endedAt: line.at }] : [];
    const gaveUp = (GAVE_UP.exec(message) ?? GAVE_UP_OLD.exec(message))?.[1];
    const failed = FAILED.exec(message);
    const unit = gaveUp ?? failed?.[1] ?? FAILED_OLD.exec(message)?.[1];
    if (unit === undefined || (state.open.size >= MOST && !state.open.has(unit))) return NOTHING;
    const known = state.open.get(unit) ?? { failures: 0, gaveUp: false, since: line.at };
    // "repeated too quickly" is followed by its own "Failed with result".
    if (gaveUp !== undefined) known.gaveUp = true;
    else known.failures++;
    if (failed?.[2] !== undefined) known.result = failed[2];
    state.open.set(unit, known);
    const { failures, result, since } = known;
    const times = failures > 1 ? `, ${failures} times` : '';
    return [
      {
        type: 'event',
        key: unit,
        draft: {
          kind: 'service.failed',
          severity: known.gaveUp ? 'critical' : 'warning',
          at: since,
          ...(line.hostAt === undefined ? {} : { hostAt: line.hostAt }),
          title: `${visibleText(unit, 80)} failed${times}${result === undefined ? '' : ` (${result})`}${known.gaveUp ? '; systemd gave up restarting it' : ''}`,
          detail: {
            unit: unit,
            failures,
            gaveUp: known.gaveUp,
            ...(result === undefined ? {} : { result }),
            past: line.past,
          },
          evidence: [line.evidence],
          actions: [],
          momentary: false,
        },
      },
    ];
  },
};

function startedUnit(state: Services, message: string): string | undefined {
  const named = STARTED.exec(message)?.[1];
  if (named !== undefined) return named;
  const description = STARTED_CALLED.exec(message)?.[1];
  return description === undefined ? undefined : state.called.get(description);
}

/** A description in the line after one of its unit: `NAME.service: Failed with result …`, `Failed to start DESCRIPTION.` */
function learn(state: Services, message: string, at: number): void {
  const { last } = state;
  delete state.last;
  const unit = (OF_UNIT.exec(message) ?? GAVE_UP_OLD.exec(message))?.[1];
  if (unit !== undefined) {
    state.last = { at, unit, restarts: RESTARTS.test(message) };
    return;
  }
  if (!last || at - last.at > NEIGHBOURING_MS || state.called.size >= MOST) return;
  const description = (FAILED_CALLED.exec(message) ??
    (last.restarts ? STOPPED_CALLED.exec(message) : null))?.[1];
  if (description !== undefined) state.called.set(description, last.unit);
}

/** Only what the manager itself wrote is believed. */
function messageOfInit(line: ToldLine, kernel: boolean): string | undefined {
  if (kernel) return /^systemd\[1\]: (.*)$/.exec(line.text)?.[1];
  const { tag, text } = splitSyslog(line.text);
  return tag === 'systemd' ? text : undefined;
}
