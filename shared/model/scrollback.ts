/** One row of a terminal as it was printed, from the recording. */
export interface ScrollbackLine {
  text: string;
  /** When its first character came, epoch ms by this machine's clock. */
  at: number;
  /** It goes on from the row above: the terminal's width broke it. */
  wrapped?: true;
  /** Of the text from its start: length in UTF-16 units, foreground, background, flags; and again. Absent: all plain. */
  runs?: number[];
}

/** Colours of a run: -1 the terminal's own, 0…255 of its palette, else RGB_COLOUR plus 0xRRGGBB. */
export const RGB_COLOUR = 0x1000000;
export const STYLE_FLAGS = {
  bold: 1,
  dim: 2,
  italic: 4,
  underline: 8,
  inverse: 16,
  invisible: 32,
  strikethrough: 64,
} as const;

/** Rows [first, end) can be read; a row keeps its number while the pane is open. */
export interface ScrollbackPart {
  first: number;
  end: number;
  /** Of the terminal, now. */
  columns: number;
  /** What is older than `first` is in the recording alone. */
  cut: boolean;
  from: number;
  lines: ScrollbackLine[];
}

export interface ScrollbackHit {
  /** Row and place of its first character. */
  line: number;
  column: number;
  /** In UTF-16 units; it may go on in the rows that wrap. */
  length: number;
  at: number;
  /** The row, cut where it is very long. */
  text: string;
}

export interface ScrollbackHits {
  /** The newest, in the order in which they were printed. */
  hits: ScrollbackHit[];
  /** All there are, at most SEARCH_MOST. */
  total: number;
  first: number;
  end: number;
}

export const SEARCH_MOST = 10_000;
