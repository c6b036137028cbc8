import { visibleText } from '../../../shared/model/hostText.ts';

/** A title or name in the text; what a person reads in one glance. */
export const LINE_CHARACTERS = 400;
/** A block of evidence: some eighty lines. */
const BLOCK_CHARACTERS = 6000;

/** One line of hostile text, with everything that would act or hide made visible, and what was cut said. */
export function visibleLine(text: string, most = LINE_CHARACTERS): string {
  const { kept, cutBytes } = cut(text, most);
  return `${visibleText(kept, Number.POSITIVE_INFINITY)}${cutBytes > 0 ? ` … (cut, ${count(cutBytes)} bytes more)` : ''}`;
}

/** Hostile text of several lines: line breaks and tabs stay, everything else as `visibleLine`. */
export function visibleBlock(
  text: string,
  most = BLOCK_CHARACTERS,
): { text: string; note: string | undefined } {
  const { kept, cutBytes } = cut(text, most);
  const lines = kept
    .replace(/\r\n/g, '\n')
    .split('\n')
    .map((line) =>
      line
        .split('\t')
        .map((part) => visibleText(part, Number.POSITIVE_INFINITY))
        .join('\t'),
    );
  return {
    text: lines.join('\n'),
    note: cutBytes > 0 ? `cut, ${count(cutBytes)} bytes more; whole text in the JSON` : undefined,
  };
}

function cut(text: string, most: number): { kept: string; cutBytes: number } {
  if (text.length <= most) return { kept: text, cutBytes: 0 };
  // Not through the middle of a character.
  const end = /[\ud800-\udbff]/.test(text[most - 1] ?? '') ? most - 1 : most;
  return { kept: text.slice(0, end), cutBytes: Buffer.byteLength(text.slice(end), 'utf8') };
}

function count(number: number): string {
  return number.toLocaleString('en-GB');
}
