/** What a service manager says of one of its services. Names are hostile text. */
export interface ServiceLine {
  /** What it is called to its manager: `nginx.service`, supervisord's and upstart's `web`. */
  unit: string;
  /**
   * - `ended`: its process ended, which may be no failure
   * - `failed`; `gaveUp`: and it is not started again any more
   * - `restarts`: it is about to be started again by nobody's order; `respawns`: it failed, and this was done at once
   * - `started`; `stopping`, by somebody's order; `stopped`
   */
  says: 'ended' | 'failed' | 'gaveUp' | 'restarts' | 'respawns' | 'started' | 'stopping' | 'stopped';
  /** `exit-code`, `oom-kill`, `timeout`. */
  result?: string;
  /** `exits 1`, `is killed by SEGV`: how each of its processes ends, as one says it. */
  status?: string;
}

const NAME = String.raw`[A-Za-z0-9:_.\\@-]{1,255}\.(?:service|mount|socket|timer|path|swap|automount)`;
const OF_UNIT = new RegExp(`^(?:Unit )?(${NAME})(?::? )(.{1,200})`);
const GAVE_UP_OLD = new RegExp(`^start request repeated too quickly for (${NAME})`);
const DONE =
  /^(Stopping|Started|Finished|Mounted|Listening on|Activated swap|Set up automount|Stopped|Unmounted|Closed|Failed to start) (.{1,400})$/;
const NAMED = new RegExp(`^(${NAME})(?: - .*|\\.*)$`);

/**
 * A line of systemd's manager, without its stamp and tag. It calls what it starts by its description alone before version 249:
 * that is learned from the line after one of its unit (`NAME.service: Failed with result …`, `Failed to start DESCRIPTION.`).
 */
export class SystemdLines {
  readonly #called = new Map<string, string>();
  #last: { at: number; unit: string; restarts: boolean } | undefined;

  read(message: string, at: number): ServiceLine | undefined {
    const done = DONE.exec(message);
    if (done) return this.#done(done[1] ?? '', done[2] ?? '', at);
    this.#last = undefined;
    const tooQuickly = GAVE_UP_OLD.exec(message)?.[1];
    const [, unit = tooQuickly, text = ''] = OF_UNIT.exec(message) ?? [];
    if (unit === undefined) return undefined;
    const restarts = /^(?:Scheduled|.*schedul(?:ed|ing)) (?:immediate )?restart/i.test(text);
    this.#last = { at, unit, restarts };
    if (restarts) return { unit, says: 'restarts' };
    if (tooQuickly !== undefined || text.startsWith('Start request repeated too quickly'))
      return { unit, says: 'gaveUp' };
    const result = /^Failed with result '([a-z-]{1,40})'/.exec(text)?.[1];
    if (result !== undefined) return { unit, says: 'failed', result };
    // Before version 219 or so.
    if (text.startsWith('entered failed state')) return { unit, says: 'failed' };
    const ended = /^main process exited, code=(\w{1,10}), status=(\d{1,3})(?:\/(\w{1,20}))?/i.exec(text);
    if (!ended) return undefined;
    const [, code, number = '', name] = ended;
    return {
      unit,
      says: 'ended',
      status: code === 'exited' ? `exits ${number}` : `is killed by SIG${name ?? number}`,
    };
  }

  #done(verb: string, what: string, at: number): ServiceLine | undefined {
    const last = this.#last;
    this.#last = undefined;
    const description = what.replace(/\.+$/, '');
    const unit = NAMED.exec(what)?.[1];
    const neighbour = last && at - last.at <= NEIGHBOURING_MS ? last : undefined;
    const stops = /^(?:Stopped|Unmounted|Closed)/.test(verb);
    if (verb === 'Failed to start' || (stops && neighbour?.restarts)) {
      if (unit === undefined && neighbour && this.#called.size < MOST)
        this.#called.set(description, neighbour.unit);
      return undefined;
    }
    const known = unit ?? this.#called.get(description);
    if (known === undefined) return undefined;
    return { unit: known, says: verb === 'Stopping' ? 'stopping' : stops ? 'stopped' : 'started' };
  }
}

const NEIGHBOURING_MS = 2000;
const MOST = 500;

/** Of supervisord's own log, or of what it says to syslog: `INFO exited: web (exit status 1; not expected)`. */
export function readSupervisord(message: string): ServiceLine | undefined {
  const [, unit = '', how] =
    /^(?:INFO|WARN) exited: (\S{1,255}) \(((?:exit status \d{1,3}|terminated by \w{1,20})); not expected\)/.exec(
      message,
    ) ?? [];
  if (how !== undefined)
    return {
      unit,
      says: 'failed',
      status: how.replace('exit status', 'exits').replace('terminated by', 'is killed by'),
    };
  const gaveUp = /^(?:INFO|WARN) gave up: (\S{1,255}) entered FATAL state/.exec(message)?.[1];
  if (gaveUp !== undefined) return { unit: gaveUp, says: 'gaveUp' };
  const [, spawned, running, stopped] =
    /^(?:INFO|WARN) (?:spawned: '([^']{1,255})' with pid \d|success: (\S{1,255}) entered RUNNING state|stopped: (\S{1,255}) \()/.exec(
      message,
    ) ?? [];
  if (spawned !== undefined) return { unit: spawned, says: 'restarts' };
  if (running !== undefined) return { unit: running, says: 'started' };
  return stopped === undefined ? undefined : { unit: stopped, says: 'stopped' };
}

/** `web main process (1234) terminated with status 1`, `web main process ended, respawning`, `web respawning too fast, stopped`. */
export function readUpstart(message: string): ServiceLine | undefined {
  const [, unit = '', exit, signal, again] =
    /^([\w.@/-]{1,100}) (?:main process(?: \(\d{1,10}\))? (?:terminated with status (\d{1,3})|killed by (\w{3,9}) signal)|(main process ended, respawning|respawning too fast, stopped))$/.exec(
      message,
    ) ?? [];
  if (again !== undefined)
    return {
      unit,
      says: again.startsWith('respawning') ? 'gaveUp' : 'respawns',
    };
  if (exit !== undefined) return { unit, says: 'ended', status: `exits ${exit}` };
  return signal === undefined ? undefined : { unit, says: 'ended', status: `is killed by SIG${signal}` };
}
