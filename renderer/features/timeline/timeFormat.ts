import { isoTime } from '../../../shared/model/format.ts';

/** Clock time of the person at the screen, `14:03:07`; the day is added when it is not today. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB', { hour12: false });
  return sameDay(date, new Date(now)) ? time : `${date.toLocaleDateString('en-CA')} ${time}`;
}

/** `14:03:07.412` in UTC, as reports and logs write it. */
export function utcTime(at: number): string {
  return isoTime(at).replace('T', ' ').replace('Z', ' UTC');
}

/** `00:42:10`, hours grow without bound. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((p) => String(p).padStart(2, '0')).join(':');
}

function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}
