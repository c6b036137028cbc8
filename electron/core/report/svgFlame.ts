import { plural } from '../../../shared/model/format.ts';
import { changeWords } from '../../../shared/profiling/changeWords.ts';
import { differs, type FlameTree } from '../../../shared/profiling/flameTree.ts';
import { type FrameKind, frameKind, shortFrame } from '../../../shared/profiling/frameName.ts';
import { escapeHtml } from './escapeHtml.ts';
import { visibleLine } from './hostText.ts';

/** A flame graph as far as a page shows it. Places and widths are shares of the whole. */
export interface FlamePicture {
  frames: PicturedFrame[];
  /** Of all that the profile has. */
  frameCount: number;
  compared: boolean;
}

interface PicturedFrame {
  name: string;
  depth: number;
  x: number;
  width: number;
  /** Of a comparison, where it is more than chance: how much more of the whole. */
  change?: number;
}

/** About 40 KB of SVG: what a page can hold and an eye can read. */
const MOST_FRAMES = 300;
const MOST_ROWS = 48;

/** The widest frames: none is wider than its caller, so that none stands without it. */
export function flamePicture(tree: FlameTree): FlamePicture {
  const frames = tree.nodes
    .filter(({ depth }) => depth < MOST_ROWS)
    .sort((a, b) => b.width - a.width || a.depth - b.depth)
    .slice(0, MOST_FRAMES)
    .map(({ name, depth, x, width, total, otherTotal }) => ({
      name,
      depth,
      x,
      width,
      ...(tree.compared && differs(total, otherTotal, tree) ? { change: total - otherTotal } : {}),
    }));
  return { frames, frameCount: tree.nodes.length, compared: tree.compared };
}

const WIDTH = 760;
const ROW = 15;

/** One SVG element, drawn for paper, the root at the top: nothing in it acts, and it needs nothing from elsewhere. */
export function svgFlame({ frames, compared }: FlamePicture, id: string, title: string): string {
  const rows = 1 + Math.max(0, ...frames.map(({ depth }) => depth));
  const drawn = frames.map((frame) => {
    const left = round(frame.x * WIDTH);
    const wide = Math.max(0.5, round(frame.width * WIDTH) - 0.6);
    const name = visibleLine(shortFrame(frame.name), 120);
    const change = frame.change === undefined ? '' : `${changeWords(frame.change)} `;
    const label = fitted(`${change}${name}`, wide - 6);
    const y = frame.depth * ROW;
    return `<rect x="${left}" y="${y}" width="${round(wide)}" height="${ROW - 1}" fill="${fillOf(frame, compared)}"/>${label === '' ? '' : `<text x="${round(left + 3)}" y="${y + 10.5}">${escapeHtml(label)}</text>`}`;
  });
  const hottest = frames
    .filter(({ depth }) => depth > 0)
    .sort((a, b) => b.depth - a.depth || b.width - a.width)[0];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${rows * ROW}" role="img" direction="ltr" aria-labelledby="${id}-title ${id}-description" font-family="-apple-system, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif" font-size="9.5" fill="#11161a">`,
    `<title id="${id}-title">${escapeHtml(visibleLine(title))}</title>`,
    `<desc id="${id}-description">${escapeHtml(`${rows} ${plural(rows, 'row')} of calls, the root at the top${hottest ? `; the deepest is ${visibleLine(hottest.name, 120)}` : ''}. The same as text follows.`)}</desc>`,
    ...drawn,
    '</svg>',
  ].join('');
}

const KINDS: Record<FrameKind, string> = {
  application: '#a9d3f2',
  library: '#c8d6e2',
  runtime: '#dde1e4',
  kernel: '#f2cf94',
  unknown: '#eceef0',
};
const MORE = ['#f8d4d0', '#f3aea7', '#ee8a80'];
const LESS = ['#d2e4f7', '#a8ccf2', '#7db3ee'];

function fillOf({ name, depth, change }: PicturedFrame, compared: boolean): string {
  if (!compared) return KINDS[depth === 0 ? 'runtime' : frameKind(name)];
  if (change === undefined) return '#e0e3e6';
  const size = Math.abs(change);
  return (change > 0 ? MORE : LESS)[size >= 0.2 ? 2 : size >= 0.05 ? 1 : 0] ?? '';
}

/** A letter is 5.2 px wide in the mean, one of the wide scripts twice that. */
function fitted(text: string, width: number): string {
  let used = 0;
  let kept = '';
  for (const letter of text) {
    used += (letter.codePointAt(0) ?? 0) >= 0x1100 ? 10.4 : 5.2;
    if (used > width) return kept.length < 3 ? '' : `${kept.slice(0, -1).toWellFormed()}…`;
    kept += letter;
  }
  return kept;
}

const round = (value: number) => Math.round(value * 10) / 10;
