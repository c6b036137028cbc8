/**
 * A whole number from 0 to `most`, with blanks and a sign before it where strtonum(3) takes them. `undefined` for
 * anything else.
 */
export function wholeNumber(text: string, most = 0x7fff_ffff): number | undefined {
  if (!/^[ \t\n\v\f\r]*[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= 0 && value <= most ? value + 0 : undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** `90`, `1m30s` in seconds (sshd_config(5), TIME FORMATS; convtime in misc.c). */
export function secondsOf(text: string): number | undefined {
  // No digit may follow those of a number, or a long one that is wrong at its end is tried in every division.
  if (!/^([ \t]*[+-]?\d+(?!\d)[smhdw]?)+$/i.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.toLowerCase().matchAll(/([+-]?\d+)([smhdw]?)/g)) {
    const part = Number(number) * (UNITS[unit || 's'] ?? 1);
    if (part < 0) return undefined;
    total += part;
  }
  return total <= 0x7fff_ffff ? total : undefined;
}
