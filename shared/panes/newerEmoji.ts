/** What xterm asks about characters: their cells, in the second and third bit (UnicodeService of xterm.js). */
interface WidthProvider {
  readonly version: string;
  wcwidth(codepoint: number): 0 | 1 | 2;
  charProperties(codepoint: number, preceding: number): number;
}
interface UnicodeHandling {
  register(provider: WidthProvider): void;
  activeVersion: string;
}
/** xterm's addon of grapheme widths, and what it is loaded into. */
interface WidthAddon {
  activate(terminal: never): void;
  dispose(): void;
}

const VERSION = 'graphemes-newer-emoji';
const WIDTH_BITS = 6;
const TWO_CELLS = 2 << 1;
const JOINED = 1;
/** Above: how it joins with what follows; 0 for what joins with nothing. */
const KIND_SHIFT = 3;
const EMOJI_FROM = 0x1f000;
const EMOJI_TO = 0x1ffff;
const IS_EMOJI = /^\p{Emoji_Presentation}$/u;

/**
 * The addon's widths, with two cells for emoji that are newer than its tables (Unicode 14 and later: the melting face,
 * the mirror ball), as shells and editors count them: with one, what they draw behind such a one stands a cell off.
 */
export function withNewerEmoji(addon: WidthAddon): {
  activate(terminal: { unicode: UnicodeHandling }): void;
  dispose(): void;
} {
  return {
    activate({ unicode }) {
      unicode.register(widthsOf(addon));
      unicode.activeVersion = VERSION;
    },
    dispose: () => addon.dispose(),
  };
}

/** Parts a text into what stands in one cell or in two: the length of each in UTF-16 units, and its cells. */
export function createCellSplitter(addon: WidthAddon): (text: string) => { length: number; cells: number }[] {
  const widths = widthsOf(addon);
  return (text) => {
    const characters: { length: number; cells: number }[] = [];
    let before = 0;
    for (const sign of text) {
      const properties = widths.charProperties(sign.codePointAt(0) ?? 0, before);
      const cells = (properties & WIDTH_BITS) >> 1;
      const last = characters.at(-1);
      if (last && ((properties & JOINED) !== 0 || cells === 0)) {
        last.length += sign.length;
        last.cells = Math.max(last.cells, cells);
      } else {
        characters.push({ length: sign.length, cells });
      }
      before = properties;
    }
    return characters;
  };
}

function widthsOf(addon: WidthAddon): WidthProvider {
  const offered: WidthProvider[] = [];
  const collector = {
    unicode: { register: (one: WidthProvider) => offered.push(one), activeVersion: '' },
  };
  addon.activate(collector as never);
  const known = offered.find((one) => one.version === collector.unicode.activeVersion);
  if (!known) throw new Error('this version of the addon registers its widths elsewhere');
  return widened(known);
}

function widened(known: WidthProvider): WidthProvider {
  const isNewer = new Map<number, boolean>();
  const isWide = (codepoint: number) => {
    let newer = isNewer.get(codepoint);
    if (newer === undefined) {
      newer = IS_EMOJI.test(String.fromCodePoint(codepoint));
      isNewer.set(codepoint, newer);
    }
    return newer;
  };
  const plain = known.charProperties(0x61, 0);
  return {
    version: VERSION,
    wcwidth: (codepoint) =>
      codepoint >= EMOJI_FROM && codepoint <= EMOJI_TO && isWide(codepoint) ? 2 : known.wcwidth(codepoint),
    charProperties(codepoint, preceding) {
      // The addon's own short cut, here too: a second call for each letter was an eighth of the parser's time.
      if (codepoint >= 32 && codepoint < 127 && preceding >> KIND_SHIFT === 0) return plain;
      const properties = known.charProperties(codepoint, preceding);
      if (codepoint < EMOJI_FROM || codepoint > EMOJI_TO) return properties;
      if ((properties & JOINED) !== 0 || (properties & WIDTH_BITS) === TWO_CELLS || !isWide(codepoint))
        return properties;
      return (properties & ~WIDTH_BITS) | TWO_CELLS;
    },
  };
}
