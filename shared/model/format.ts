/**
 * Numbers as people read them: at most three significant digits, the unit apart so that it can be set smaller.
 * What is not known (`undefined`, NaN) is an en dash, never zero.
 */
export interface Formatted {
  number: string;
  unit: string;
}

const UNKNOWN: Formatted = { number: '–', unit: '' };
const SPACE = '\u00a0';

/** `15.3 GiB` as one string, with a space that does not break. */
export function asText(formatted: Formatted): string {
  if (formatted.unit === '') return formatted.number;
  return formatted.unit === '%' ? `${formatted.number}%` : `${formatted.number}${SPACE}${formatted.unit}`;
}

/** Three significant digits at most, no exponent, no trailing noise: 0.042, 1.25, 12.5, 125, 1250 (only when told nothing better). */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.0005) return value < 0 ? '-0' : '0';
  if (size < 0.9995) return trim(value.toFixed(3));
  if (size < 9.995) return value.toFixed(2);
  if (size < 99.95) return value.toFixed(1);
  return value.toFixed(0);
}

function trim(text: string): string {
  return text.replace(/\.?0+$/, '');
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Binary units, as `free -h` and the kernel count. Steps at 1000 so that no number has four digits. */
export function formatBytes(bytes: number | undefined): Formatted {
  if (bytes === undefined || !Number.isFinite(bytes)) return UNKNOWN;
  let value = bytes;
  let step = 0;
  while (Math.abs(value) >= 999.5 && step < BINARY.length - 1) {
    value /= 1024;
    step++;
  }
  return { number: step === 0 ? value.toFixed(0) : threeDigits(value), unit: BINARY[step] ?? 'B' };
}

export function formatBytesPerSecond(rate: number | undefined): Formatted {
  const { number, unit } = formatBytes(rate);
  return unit === '' ? UNKNOWN : { number, unit: `${unit}/s` };
}

/** `share` 0…1 as per cent; one decimal below 100, as `top` has it. */
export function formatShare(share: number | undefined): Formatted {
  if (share === undefined || !Number.isFinite(share)) return UNKNOWN;
  const percent = share * 100;
  return { number: Math.abs(percent) < 99.95 ? percent.toFixed(1) : percent.toFixed(0), unit: '%' };
}

/** Whole per cents, where space is short. */
export function formatWholeShare(share: number | undefined): Formatted {
  if (share === undefined || !Number.isFinite(share)) return UNKNOWN;
  return { number: (share * 100).toFixed(0), unit: '%' };
}

const DECIMAL = ['', 'k', 'M', 'G', 'T'];

/** Counts: 42, 999, 1.23 k, 12.3 k. */
export function formatCount(count: number | undefined): Formatted {
  if (count === undefined || !Number.isFinite(count)) return UNKNOWN;
  let value = count;
  let step = 0;
  while (Math.abs(value) >= 999.5 && step < DECIMAL.length - 1) {
    value /= 1000;
    step++;
  }
  const whole = step === 0 && Number.isInteger(value);
  return { number: whole ? String(value) : threeDigits(value), unit: DECIMAL[step] ?? '' };
}

/** The noun after a count: `1 process`, `2 processes`; where it takes more than an s, its plural is given. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}

/** Events a second: 0.4 /s, 125 /s, 1.2 k/s. */
export function formatPerSecond(rate: number | undefined): Formatted {
  const { number, unit } = formatCount(rate);
  return number === UNKNOWN.number ? UNKNOWN : { number, unit: `${unit}/s` };
}

/** Loads and cores: two decimals, as `uptime` prints them, as long as three digits allow. */
export function formatLoad(value: number | undefined): Formatted {
  if (value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const size = Math.abs(value);
  return { number: value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0), unit: '' };
}

export function formatCores(value: number | undefined): Formatted {
  const { number } = formatLoad(value);
  return number === UNKNOWN.number ? UNKNOWN : { number, unit: value === 1 ? 'core' : 'cores' };
}

/** Milliseconds of work or latency: 0.42 ms, 12.5 ms, 1.25 s. */
export function formatMilliseconds(milliseconds: number | undefined): Formatted {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return UNKNOWN;
  return Math.abs(milliseconds) < 999.5
    ? { number: threeDigits(milliseconds), unit: 'ms' }
    : { number: threeDigits(milliseconds / 1000), unit: 's' };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units: `0 s`, `42 s`, `4 min 02 s`, `3 h 12 min`, `5 d 4 h`. Negative times count as zero. */
export function formatDuration(milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return UNKNOWN.number;
  const time = Math.max(0, milliseconds);
  if (time < MINUTE) return `${Math.floor(time / SECOND)} s`;
  if (time < HOUR) return `${Math.floor(time / MINUTE)} min ${two((time % MINUTE) / SECOND)} s`;
  if (time < DAY) return `${Math.floor(time / HOUR)} h ${two((time % HOUR) / MINUTE)} min`;
  return `${Math.floor(time / DAY)} d ${Math.floor((time % DAY) / HOUR)} h`;
}

/** One unit, for columns: `42 s`, `4 min`, `3 h`, `12 d`. */
export function formatAge(milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return UNKNOWN.number;
  const time = Math.max(0, milliseconds);
  if (time < MINUTE) return `${Math.floor(time / SECOND)} s`;
  if (time < HOUR) return `${Math.floor(time / MINUTE)} min`;
  if (time < 2 * DAY) return `${Math.floor(time / HOUR)} h`;
  return `${Math.floor(time / DAY)} d`;
}

/** Years of four digits, 0 to 9999. */
const EARLIEST = Date.UTC(2000, 0) - 730_485 * DAY;
const LATEST = Date.UTC(10_000, 0) - 1;

/** False for what a host's clock, or a damaged record, may say and no calendar has. */
export function isCalendarTime(epochMs: number): boolean {
  return epochMs >= EARLIEST && epochMs <= LATEST;
}

/** `2026-11-21T14:03:07.123Z`; question marks in the same places for what is no time of a calendar. */
export function isoTime(epochMs: number): string {
  return isCalendarTime(epochMs) ? new Date(epochMs).toISOString() : '????-??-??T??:??:??.???Z';
}

/** `14:03:07`, in the zone given or the reader's own. */
export function formatClock(epochMs: number, timeZone?: string): string {
  return clock(timeZone).format(epochMs);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs about 50 times what using it does. */
function clock(timeZone: string | undefined): Intl.DateTimeFormat {
  const key = timeZone ?? '';
  const known = clocks.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  });
  clocks.set(key, made);
  return made;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}
