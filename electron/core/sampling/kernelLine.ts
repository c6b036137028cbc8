/**
 * One line of the kernel's log, in each form that hosts keep it. Pure; what does not parse is `undefined`.
 *
 * - `kmsg`: `prio,seq,usec,flags[,…];text`, continuation lines start with a space and are not lines of the log
 *   (Documentation/ABI/testing/dev-kmsg)
 * - `dmesg`: `<prio>[ seconds.micros] text`, sometimes with `[ T123]` after the stamp
 * - `journal`: `[seconds.micros] host kernel: text` (journalctl -o short-monotonic)
 * - `syslog`: `Oct  3 22:19:59 host kernel: [28441.944401] text`, or with an ISO 8601 stamp, the second stamp optional;
 *   busybox writes `host kern.info kernel:`, and RFC 5424 `<6>1 STAMP host kernel - - - text`
 */
export type KernelSource = 'kmsg' | 'dmesg' | 'journal' | 'syslog';

export interface ParsedKernelLine {
  /** Hostile: a thread's name may hold anything. */
  text: string;
  /** kmsg only: counts up from boot. */
  seq?: number;
  monotonicMs?: number;
  /** The line's own wall clock, epoch ms, where it is whole or the zone and year could be supplied. */
  wallAt?: number;
}

/** What the host says of its clock when the follower starts; a syslog stamp has neither year nor zone. */
export interface WallContext {
  /** Host clock, epoch ms. */
  now: number;
  /** East of UTC. */
  zoneMinutes: number;
}

export function parseKernelLine(
  source: KernelSource,
  raw: string,
  wall: WallContext | undefined,
): ParsedKernelLine | undefined {
  switch (source) {
    case 'kmsg': {
      const m = /^\d{1,10},(\d{1,19}),(\d{1,19}),[^;]{0,200};(.*)$/s.exec(raw);
      if (!m) return undefined;
      return { text: unescapeKmsg(m[3] ?? ''), seq: Number(m[1]), monotonicMs: Number(m[2]) / 1000 };
    }
    case 'dmesg': {
      const m = /^(?:<\d{1,4}>)?\[ *(\d{1,12}\.\d{1,9})\](?:\[ *[TC]\d+\])? ?(.*)$/s.exec(raw);
      if (!m) return undefined;
      return { text: m[2] ?? '', monotonicMs: Number(m[1]) * 1000 };
    }
    case 'journal': {
      const m = /^\[ *(\d{1,12}\.\d{1,9})\] \S+ kernel: (.*)$/s.exec(raw);
      if (!m) return undefined;
      return { text: m[2] ?? '', monotonicMs: Number(m[1]) * 1000 };
    }
    case 'syslog':
      return parseSyslog(raw, wall);
  }
}

/**
 * A record of the kernel's log may hold several lines. A line break in the name of a process is none of them: it is shown
 * as /proc/PID/stat shows it, or a process could hide how it ended by its name.
 */
export function linesOfRecord(text: string): string[] {
  if (!text.includes('\n')) return [text];
  const joined = text.replaceAll('\n', '\\n');
  return NAMES_A_PROCESS.test(joined) ? [joined] : text.split('\n');
}

/** Where the break is within the name, which has at most fifteen bytes. */
const NAMES_A_PROCESS =
  /^(?:oom-kill:constraint=.*,task=.{0,30}\\n|.{0,80}\bKill(?:ed)? process \d+(?:, UID \d+,)? \(.{0,14}\\n|.{0,14}\\n.{0,14} invoked oom-killer: |.{0,14}\\n.{0,14}\[\d+\]: segfault at |traps: .{0,14}\\n|INFO: task .{0,14}\\n.{0,14}:\d+ blocked )/;

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

function parseSyslog(raw: string, wall: WallContext | undefined): ParsedKernelLine | undefined {
  const m =
    /^(?:<\d{1,3}>)?(?:1 )?(?:([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?|(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d))) (?:\S+ )??(?:[a-z0-9]{3,8}\.[a-z]{3,7} )?kernel(?::| - - -) ?(?:\[ *(\d{1,12}\.\d{1,9})\] ?)?(.*)$/s.exec(
      raw,
    );
  if (!m) return undefined;
  const [, month, day, hour, minute, second, iso, stamp, text = ''] = m;
  const wallAt = iso ? Date.parse(iso) : withoutYear(month, [day, hour, minute, second].map(Number), wall);
  return {
    text,
    ...(stamp !== undefined && { monotonicMs: Number(stamp) * 1000 }),
    ...(wallAt !== undefined && Number.isFinite(wallAt) && { wallAt }),
  };
}

function withoutYear(
  month: string | undefined,
  [day = 1, hour = 0, minute = 0, second = 0]: number[],
  wall: WallContext | undefined,
): number | undefined {
  const index = MONTHS.indexOf(month ?? '?') / 3;
  if (!wall || !Number.isInteger(index)) return undefined;
  const at = (year: number) => Date.UTC(year, index, day, hour, minute, second) - wall.zoneMinutes * 60_000;
  const year = new Date(wall.now).getUTCFullYear();
  // The newest year that does not put it more than a day ahead.
  return [year + 1, year, year - 1].map(at).find((time) => time <= wall.now + 86_400_000);
}

/** /dev/kmsg prints bytes that are not printable as `\xHH`, and a backslash so too. */
function unescapeKmsg(text: string): string {
  if (!text.includes('\\x')) return text;
  const bytes: number[] = [];
  const source = Buffer.from(text, 'utf8');
  for (let index = 0; index < source.length; index += 1) {
    const hex = source[index] === 0x5c ? source.subarray(index, index + 4).toString('latin1') : '';
    if (/^\\x[0-9a-f]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex.slice(2), 16));
      index += 3;
    } else {
      bytes.push(source[index] ?? 0);
    }
  }
  return Buffer.from(bytes).toString('utf8');
}
