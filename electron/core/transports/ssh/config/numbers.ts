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

const SCALES = 'BKMGTPE';

/** `512M`, `1.5G` in bytes (scan_scaled in fmt_scaled.c). A part of a byte is left out, and what follows the unit. */
export function scaledNumber(text: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', unit = ''] =
    /^[ \t\n\v\f\r]*([+-]?)(\d{0,19})(?:\.(\d{0,19}))?(?:([bkmgtpe])(?![a-z\d]).*)?$/is.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const scale = 1024n ** BigInt(Math.max(0, SCALES.indexOf(unit.toUpperCase())));
  const value = BigInt(whole) * scale + (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  return value < 2n ** 63n ? (sign === '-' ? -value : value) : undefined;
}
