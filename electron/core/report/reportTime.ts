import { failure } from '../../../shared/contract/errors.ts';
import { isCalendarTime, isoTime } from '../../../shared/model/format.ts';

/** How a report writes times: UTC first, and beside it one named zone. */
export interface ReportTime {
  /** IANA name, as given. */
  timeZone: string;
  /** `2026-11-21 14:03:07` */
  utc(at: number): string;
  /** `14:03:07` */
  utcClock(at: number): string;
  /** `2026-11-21 14:03:07.123` */
  utcPrecise(at: number): string;
  /** `2026-11-21` */
  utcDay(at: number): string;
  /** `2026-11-21 15:03:07 GMT+1`, in the zone. */
  local(at: number): string;
  /** `15:03:07`, in the zone; with the day (`+1 d`) where it is another than in UTC. */
  localClock(at: number): string;
  /** True when the zone is UTC itself: then nothing is written twice. */
  isUtc: boolean;
}

/** Absent: this machine's zone, or UTC where it has none. Throws `bad_arguments` for one that is not an IANA name. */
export function reportTime(timeZone?: string): ReportTime {
  const zone = named(timeZone) ?? named(Intl.DateTimeFormat().resolvedOptions().timeZone) ?? 'UTC';
  let formatter: Intl.DateTimeFormat;
  try {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'shortOffset',
    });
  } catch {
    throw failure(
      'bad_arguments',
      `There is no time zone "${zone}".`,
      'Use an IANA name, such as Europe/Berlin or UTC.',
    );
  }
  const parts = (at: number) => {
    if (!isCalendarTime(at))
      return { day: isoTime(at).slice(0, 10), clock: isoTime(at).slice(11, 19), offset: '' };
    const found: Record<string, string> = {};
    for (const { type, value } of formatter.formatToParts(at)) found[type] = value;
    return {
      day: `${found['year']}-${found['month']}-${found['day']}`,
      clock: `${found['hour']}:${found['minute']}:${found['second']}`,
      offset: found['timeZoneName'] ?? '',
    };
  };
  return {
    timeZone: zone,
    isUtc: /^(Etc\/)?(UTC|GMT|UCT|Zulu|Universal|Greenwich)$/i.test(zone),
    utc: (at) => isoTime(at).slice(0, 19).replace('T', ' '),
    utcClock: (at) => isoTime(at).slice(11, 19),
    utcPrecise: (at) => isoTime(at).slice(0, 23).replace('T', ' '),
    utcDay: (at) => isoTime(at).slice(0, 10),
    local: (at) => {
      const { day, clock, offset } = parts(at);
      return `${day} ${clock} ${offset}`;
    },
    localClock: (at) => {
      const { day, clock } = parts(at);
      const days = Math.round((Date.parse(day) - Date.parse(isoTime(at).slice(0, 10))) / 86_400_000);
      return days === 0 || Number.isNaN(days) ? clock : `${clock} ${days > 0 ? '+' : '−'}${Math.abs(days)} d`;
    },
  };
}

/** Where TZ is a rule, a file's name or nonsense there is no name to be had, and not always a string. */
function named(zone: unknown): string | undefined {
  return typeof zone === 'string' && zone !== 'Etc/Unknown' ? zone : undefined;
}
