import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../shared/base/clock.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import { Emitter } from '../../../shared/base/emitter.ts';
import type { HostFacts } from '../../../shared/model/host.ts';
import type { KernelLine } from '../detectors/detector.ts';
import type { Session } from '../sessions/session.ts';
import { InitLines } from './initLines.ts';
import {
  type KernelSource,
  linesOfRecord,
  type ParsedKernelLine,
  parseKernelLine,
  type WallContext,
} from './kernelLine.ts';
import { LineSplitter } from './lineSplitter.ts';
import { keepResident } from './residentCommand.ts';
import type { FollowerState, KernelLogFollower } from './sampler.types.ts';

export interface KernelLogOptions {
  clock: Clock;
  /** For the clock offset; lines are told without waiting for it. */
  facts: () => HostFacts | undefined;
}

/** A record of /dev/kmsg is at most 8,192 bytes; escapes make it four times as long. */
const MAXIMUM_LINE_BYTES = 32 * 1024;
/** Backlog of the sources that are not asked for all that they have. */
const BACKLOG_LINES = 200;

/**
 * Chooses the first source that this user may read, says which, and follows it until its stdin ends. `last` is the
 * newest line before the start: what comes up to it is backlog. No single quotes, backslashes or `!`: see
 * samplerScript.ts. A pipe ends in a builtin, so that the follower itself is the process that is stopped.
 */
const SCRIPT = [
  'T=$1; B=; while read -r k v; do if [ "$k" = btime ]; then B=$v; break; fi; done </proc/stat;',
  'read -r U </proc/sys/kernel/random/boot_id; W=$(date "+%s %z" 2>/dev/null); W=${W:--};',
  // What systemd itself says, in its own process beside the kernel's: the kernel's log has it of the first seconds only.
  'I="journalctl -q -b -o short-monotonic --no-pager _PID=1";',
  'init() { L=$($I -n 1 2>/dev/null | tail -n 1); case $L in "["*) echo "$T init ${B:--} ${U:--} $L"; exec $I -n 50 -f 2>/dev/null;; esac; };',
  // Followers in the background, ended with this shell: by their process ids, when stdin ends.
  'hold() { while read -r x; do :; done; kill $F $J 2>/dev/null; exit 0; };',
  'follow() { { "$@" 2>/dev/null & D=$!; trap "kill $D 2>/dev/null" TERM; wait $D; echo "$T ended"; } & F=$!; init & J=$!; hold; };',
  'poll() { while :; do sleep 3; dmesg -r | tail -n 200; done; };',
  'begin() { echo "$T source $1 ${B:--} ${U:--} $W"; };',
  'if dd if=/dev/kmsg bs=8192 count=1 >/dev/null 2>&1; then begin kmsg;',
  'echo "$T last $(dmesg -r 2>/dev/null | tail -n 1)"; follow dd if=/dev/kmsg bs=8192; fi;',
  // Kernels whose lines have no stamp (printk.time off, as in RHEL 6) are told from the log that syslog keeps.
  'if dmesg -r >/dev/null 2>&1; then case $(dmesg -r | tail -n 20) in ""|*"["*[0-9].[0-9]*"]"*) begin dmesg; echo "$T last $(dmesg -r | tail -n 1)"; dmesg -r | tail -n 200; follow poll;; esac; fi;',
  'L=$(journalctl -k -n 1 -o short-monotonic --no-pager 2>/dev/null | tail -n 1);',
  'case $L in "["*) begin journal; echo "$T last $L"; follow journalctl -k -f -n 200 -o short-monotonic --no-pager;; esac;',
  'for f in /var/log/kern.log /var/log/syslog /var/log/messages; do if [ -r "$f" ] && [ -f "$f" ]; then begin "syslog:$f"; echo "$T last $(tail -n 1 "$f")"; follow tail -n 200 -F "$f"; fi; done;',
  'R=; read -r R </proc/sys/kernel/dmesg_restrict; echo "$T none ${R:--} $(id -un 2>/dev/null)";',
  'case $($I -n 1 2>/dev/null | tail -n 1) in "["*) F=; init & J=$!; hold;; esac',
].join(' ');

/** Tells each line once, through every reconnect. */
export function followKernelLog(session: Session, options: KernelLogOptions): KernelLogFollower {
  const owned = new DisposableStore();
  const stateEmitter = owned.add(new Emitter<FollowerState>());
  const lineEmitter = owned.add(new Emitter<KernelLine>());
  const seen = new SeenLines();
  const init = new InitLines();
  let initBootedAt: number | undefined;
  let state: FollowerState = { kind: 'waiting' };
  let following: Following | undefined;
  let token = '';
  let splitter: LineSplitter | undefined;

  const setState = (next: FollowerState): void => {
    if (owned.isDisposed) return;
    state = next;
    stateEmitter.fire(next);
  };

  const line = (raw: string): void => {
    const marked = raw.indexOf(token);
    if (marked >= 0 && announced(raw.slice(marked + token.length + 1))) return;
    if (initLine(raw)) return;
    const told = following?.read(raw, seen, options);
    if (!told) return;
    for (const one of linesOfRecord(told.text)) lineEmitter.fire({ ...told, text: one });
  };

  const initLine = (raw: string): boolean => {
    const said = init.read(raw);
    if (!said) return false;
    const seenAt = options.clock.now();
    const hostAt = hostTime(said, said.backlog, seenAt, initBootedAt, options.facts());
    lineEmitter.fire({
      ...said,
      ...(hostAt !== undefined && { hostAt: Math.round(hostAt) }),
      seenAt,
      source: INIT_SOURCE,
    });
    return true;
  };

  const announced = (rest: string): boolean => {
    const [word, first = '', second = '', ...more] = rest.split(' ');
    if (word === 'source') {
      following = new Following(first, second, more, seen);
      setState({ kind: 'following', source: following.label });
    } else if (word === 'last') following?.backlogEndsWith(rest.slice(5));
    else if (word === 'none') setState(unavailable(first, second));
    else if (word === 'init') {
      initBootedAt = bootTime(first);
      init.begin(second, more.join(' '));
    } else if (word === 'ended') setState({ kind: 'waiting' });
    else return false;
    return true;
  };

  owned.add(
    keepResident(session, options.clock, {
      purpose: 'kernel log',
      argv: () => {
        token = `fireline-${randomBytes(8).toString('hex')}`;
        return ['sh', '-c', SCRIPT, 'fireline-kernel-log', token];
      },
      started: () => {
        following = undefined;
        splitter = new LineSplitter(MAXIMUM_LINE_BYTES, line);
      },
      output: (bytes) => splitter?.push(bytes),
      ended: () => {
        // The host has said why: it is asked again with the next connection.
        if (state.kind === 'unavailable') return false;
        setState({ kind: 'waiting' });
        return true;
      },
      lost: () => setState({ kind: 'waiting' }),
    }),
  );

  return {
    get state() {
      return state;
    },
    onState: stateEmitter.event,
    onLine: lineEmitter.event,
    dispose: () => owned.dispose(),
  };
}

/** Where lines of systemd's come from. */
const INIT_SOURCE = 'journalctl _PID=1';

function unavailable(restrict: string, user: string): FollowerState {
  const who = user === '' ? 'this user' : `"${user.slice(0, 64)}"`;
  return {
    kind: 'unavailable',
    reason:
      restrict === '1'
        ? `kernel.dmesg_restrict is 1 and ${who} may not read the kernel log`
        : `${who} may read neither /dev/kmsg, dmesg, the journal nor /var/log`,
    advice:
      'Add the user to the group adm or systemd-journal and reconnect, or set kernel.dmesg_restrict=0. OOM kills are still counted from /proc/vmstat.',
  };
}

/** Where this follower came from and what it has told, to tell nothing twice. */
class SeenLines {
  bootId = '';
  seq = -1;
  monotonicMs = -1;
  /** Raw lines that have the newest stamp. */
  atNewest = new Set<string>();
  lastRaw: string | undefined;
}

/** One start of the script: its source and where its backlog ends. */
class Following {
  readonly label: string;
  readonly #source: KernelSource;
  readonly #bootedAt: number | undefined;
  readonly #wall: WallContext | undefined;
  /** Lines that came while the link was down are news; those of before our first connection are not. */
  readonly #again: boolean;
  readonly #resumeAfter: string | undefined;
  #lastRaw = '';
  #lastMonotonicMs: number | undefined;
  #backlog = true;
  #lines = 0;
  #skipped: string[] = [];

  constructor(
    source: string,
    bootSeconds: string,
    [bootId = '', seconds = '', zone = '']: string[],
    seen: SeenLines,
  ) {
    const [kind = '', path = ''] = source.split(':');
    this.#source = kind === 'kmsg' || kind === 'dmesg' || kind === 'journal' ? kind : 'syslog';
    this.label =
      this.#source === 'kmsg'
        ? '/dev/kmsg'
        : this.#source === 'journal'
          ? 'journalctl -k'
          : this.#source === 'dmesg'
            ? 'dmesg'
            : path;
    this.#bootedAt = bootTime(bootSeconds);
    const east = /^([+-])(\d\d)(\d\d)$/.exec(zone);
    if (/^\d{1,12}$/.test(seconds) && east) {
      const minutes = (Number(east[2]) * 60 + Number(east[3])) * (east[1] === '-' ? -1 : 1);
      this.#wall = { now: Number(seconds) * 1000, zoneMinutes: minutes };
    }
    this.#again = seen.bootId !== '' && seen.bootId === bootId;
    if (!this.#again) {
      seen.seq = -1;
      seen.monotonicMs = -1;
      seen.atNewest.clear();
    }
    this.#resumeAfter = this.#again && this.#source === 'syslog' ? seen.lastRaw : undefined;
    seen.bootId = bootId;
  }

  backlogEndsWith(raw: string): void {
    this.#lastRaw = raw;
    const source = this.#source === 'kmsg' ? 'dmesg' : this.#source;
    this.#lastMonotonicMs = parseKernelLine(source, raw, undefined)?.monotonicMs;
  }

  read(raw: string, seen: SeenLines, options: KernelLogOptions): KernelLine | undefined {
    const backlog = this.#isBacklog(raw);
    const parsed = parseKernelLine(this.#source, raw, this.#wall);
    if (!parsed || this.#wasSeen(parsed, raw, seen)) return undefined;
    const seenAt = options.clock.now();
    const hostAt = hostTime(parsed, backlog, seenAt, this.#bootedAt, options.facts());
    return {
      text: parsed.text,
      ...(parsed.monotonicMs !== undefined && { monotonicMs: parsed.monotonicMs }),
      ...(hostAt !== undefined && { hostAt: Math.round(hostAt) }),
      seenAt,
      source: this.label,
      backlog: backlog && !this.#again,
    };
  }

  #isBacklog(raw: string): boolean {
    if (!this.#backlog) return false;
    this.#lines += 1;
    const parsed = parseKernelLine(this.#source, raw, undefined);
    if (this.#source === 'syslog') {
      if (raw === this.#lastRaw || this.#lines >= BACKLOG_LINES) this.#backlog = false;
      return true;
    }
    if (parsed?.monotonicMs === undefined) return true;
    // dmesg prints microseconds, and so does kmsg.
    if (this.#lastMonotonicMs !== undefined && parsed.monotonicMs <= this.#lastMonotonicMs + 0.0005)
      return true;
    this.#backlog = false;
    return false;
  }

  #wasSeen(parsed: ParsedKernelLine, raw: string, seen: SeenLines): boolean {
    if (parsed.seq !== undefined) {
      if (parsed.seq <= seen.seq) return true;
      seen.seq = parsed.seq;
      return false;
    }
    if (this.#source === 'syslog') {
      if (this.#resumeAfter !== undefined && this.#backlogHolds(raw)) return true;
      seen.lastRaw = raw;
      return false;
    }
    const stamp = parsed.monotonicMs ?? 0;
    if (stamp < seen.monotonicMs || (stamp === seen.monotonicMs && seen.atNewest.has(raw))) return true;
    if (stamp > seen.monotonicMs) seen.atNewest.clear();
    seen.monotonicMs = stamp;
    seen.atNewest.add(raw);
    return false;
  }

  /** True until the last line of before the reconnect has passed. */
  #backlogHolds(raw: string): boolean {
    if (this.#skipped.length > 0 || !this.#backlog) return false;
    if (raw === this.#resumeAfter) this.#skipped.push(raw);
    return true;
  }
}

const bootTime = (seconds: string) => (/^\d{1,12}$/.test(seconds) ? Number(seconds) * 1000 : undefined);

/**
 * The stamp counts from boot, by a clock that stands still in suspend and may drift: a line that comes live and
 * claims to be more than five seconds off happened now.
 */
function hostTime(
  { monotonicMs, wallAt }: Pick<ParsedKernelLine, 'monotonicMs' | 'wallAt'>,
  backlog: boolean,
  seenAt: number,
  bootedAt: number | undefined,
  facts: HostFacts | undefined,
): number | undefined {
  const boot = facts?.bootedAt ?? bootedAt;
  const stamped = boot !== undefined && monotonicMs !== undefined ? boot + monotonicMs : undefined;
  if (wallAt !== undefined)
    return stamped !== undefined && Math.abs(stamped - wallAt) < 2_000 ? stamped : wallAt;
  if (backlog || !facts) return stamped;
  const now = seenAt + facts.clockOffsetMs;
  return stamped === undefined || Math.abs(stamped - now) > 5_000 ? now : stamped;
}
