/**
 * Makes text from a host safe to show on one line of an interface: what would be invisible, would move other text
 * about (bidirectional controls, UTS #39 and CVE-2021-42574) or would act (control characters) becomes visible.
 * C0 controls and DEL become their pictures (␛, ␊, ␡); everything else without a glyph becomes its code point (‹U+202E›).
 * The result has at most `maximumLength` characters of the original, then `…`. It is text, still to be escaped for
 * markup by whoever writes markup (React does).
 */
export function visibleText(text: string, maximumLength = 4096): string {
  let shown = '';
  let count = 0;
  // By code point: a lone surrogate arrives as itself. The slice bounds the work on a line of megabytes.
  for (const character of text.slice(0, maximumLength * 2 + 2)) {
    if (count === maximumLength) return `${shown}…`;
    shown += picture(character);
    count++;
  }
  return text.length > maximumLength * 2 + 2 ? `${shown}…` : shown;
}

/** Text of several lines (a command's output, a script): as `visibleText`, but line breaks and tabs stay. */
export function visibleLines(text: string, maximumLength = 20_000): string {
  const cut = text.length > maximumLength;
  const lines = text.slice(0, maximumLength).split(/\r\n|\n/);
  const shown = lines.map((line) =>
    line
      .split('\t')
      .map((part) => visibleText(part, maximumLength))
      .join('\t'),
  );
  return cut ? `${shown.join('\n')}…` : shown.join('\n');
}

/**
 * Format characters (Cf: bidirectional, zero-width, tags), C1 controls, line and paragraph separators, lone surrogates,
 * letters that are drawn blank (Hangul fillers), the combining grapheme joiner, and supplementary variation selectors.
 */
const WITHOUT_GLYPH =
  /^(?:[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u115F\u1160\u3164\uFFA0]|\u034F|\u17B4|\u17B5|[\u180B-\u180F]|[\u{E0000}-\u{E0FFF}])$/u;

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code < 0x7f) return character;
  if (code === 0x7f) return '\u2421';
  return WITHOUT_GLYPH.test(character)
    ? `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
    : character;
}
