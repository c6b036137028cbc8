import { visibleText } from '../../../shared/model/hostText.ts';
import { changeWords } from '../../../shared/profiling/changeWords.ts';
import { differs, type FlameTree } from '../../../shared/profiling/flameTree.ts';
import { shortFrame } from '../../../shared/profiling/frameName.ts';
import type { Surface } from '../../series/surface.ts';
import { colour } from '../../series/themeColours.ts';
import { flamePalette } from './flameColours.ts';

export const ROW_HEIGHT = 18;
/** Of narrower frames those that stand within as much are drawn as one; without text below the other. CSS pixels. */
const LEAST_WIDTH = 1.5;
const LEAST_TEXT = 28;

export type FoundFrames = readonly (readonly number[])[];

export interface FlameView {
  /** The frame that fills the width; the root shows all. */
  zoom: number;
  chosen: number | undefined;
  pointed: number | undefined;
  /** Frames that the search has found: of each depth, from left to right. */
  found: FoundFrames | undefined;
  scrollTop: number;
}

/**
 * Draws the rows that are in sight, the root at the top. A zoom is a stretch: nothing is laid out anew. What was found is
 * drawn over the others, however narrow it is.
 */
export function paintFlame({ context, width, height }: Surface, tree: FlameTree, view: FlameView): void {
  const { nodes, rows } = tree;
  const focus = nodes[view.zoom] ?? nodes[0];
  if (!focus) return;
  const colours = flamePalette(tree);
  const { x: origin, depth: focusDepth } = focus;
  const scale = width / Math.max(focus.width, 1e-9);
  context.font = FONT;
  context.textBaseline = 'middle';

  function drawRow(row: readonly number[], depth: number, alpha: number, found: string | undefined): void {
    const y = depth * ROW_HEIGHT - view.scrollTop;
    const end = (at: number) => {
      const node = nodes[row[at] ?? -1];
      return node ? (node.x + node.width - origin) * scale : Number.POSITIVE_INFINITY;
    };
    for (let at = firstIn(tree, row, origin); at < row.length; ) {
      const index = row[at] ?? 0;
      const node = nodes[index];
      if (!node) return;
      const left = Math.max(0, (node.x - origin) * scale);
      // By rounding a neighbour of what fills the width may begin just within it.
      if (left > width - 0.5) return;
      const wide = Math.min(width, end(at)) - left;
      const { fill, text } = colours(node);
      context.globalAlpha = alpha;
      context.fillStyle = found ?? fill;
      at++;
      if (wide < LEAST_WIDTH) {
        while (at < row.length && end(at) <= left + LEAST_WIDTH) at++;
        context.fillRect(left, y, LEAST_WIDTH, ROW_HEIGHT - 1);
        continue;
      }
      context.fillRect(left, y, drawnWidth(wide), ROW_HEIGHT - 1);
      if (wide < LEAST_TEXT) continue;
      context.fillStyle = text;
      context.globalAlpha = depth < focusDepth ? 0.7 : 1;
      context.fillText(fitted(labelOf(tree, index), wide - 8), left + 4, y + ROW_HEIGHT / 2);
    }
  }

  const firstRow = Math.max(0, Math.floor(view.scrollTop / ROW_HEIGHT));
  const lastRow = Math.min(rows.length - 1, Math.ceil((view.scrollTop + height) / ROW_HEIGHT));
  for (let depth = firstRow; depth <= lastRow; depth++) {
    const faint = depth < focusDepth || view.found !== undefined;
    drawRow(rows[depth] ?? [], depth, faint ? FAINT : 1, undefined);
    const found = view.found?.[depth];
    if (found) drawRow(found, depth, depth < focusDepth ? FAINT : 1, colour('--flame-found'));
  }
  context.globalAlpha = 1;
}

/** The outlines of what is pointed at and of what is chosen, for a canvas of their own: all else stays as it is drawn. */
export function paintMarks({ context, width, height }: Surface, tree: FlameTree, view: FlameView): void {
  const focus = tree.nodes[view.zoom] ?? tree.nodes[0];
  if (!focus) return;
  const scale = width / Math.max(focus.width, 1e-9);
  const marked = [
    [view.pointed, 1, colour('--flame-text')],
    [view.chosen, 2, colour('--accent')],
  ] as const;
  for (const [index, line, stroke] of marked) {
    const node = index === undefined ? undefined : tree.nodes[index];
    if (!node) continue;
    const y = node.depth * ROW_HEIGHT - view.scrollTop;
    const left = Math.max(0, (node.x - focus.x) * scale);
    const right = Math.min(width, (node.x + node.width - focus.x) * scale);
    if (y + ROW_HEIGHT < 0 || y > height || left >= width || right < 0) continue;
    context.strokeStyle = stroke;
    context.lineWidth = line;
    context.strokeRect(left + 1, y + 1, Math.max(1, drawnWidth(right - left) - 2), ROW_HEIGHT - 3);
  }
}

/** What others are found beside, and what the zoom is within. */
const FAINT = 0.45;

/** With a line between two where there is room for it. */
const drawnWidth = (wide: number) => (wide > 3 ? wide - 1 : Math.max(wide, LEAST_WIDTH));

const FONT = "11.5px 'Inter Variable', system-ui, sans-serif";

function labelOf(tree: FlameTree, index: number): string {
  const node = tree.nodes[index];
  if (!node) return '';
  const name = visibleText(shortFrame(node.name), 120);
  if (!tree.compared || index === 0) return name;
  // What may be chance is grey, and says nothing either.
  return differs(node.total, node.otherTotal, tree)
    ? `${changeWords(node.total - node.otherTotal)}  ${name}`
    : name;
}

/** Of a row, by bisection, the first that reaches beyond this place. */
function firstIn(tree: FlameTree, row: readonly number[], x: number): number {
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const node = tree.nodes[row[middle] ?? 0];
    if (node && node.x + node.width <= x + 1e-12) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of the interface's font a letter is 6.1 px wide in the mean; measuring each text would cost more than drawing it. */
function fitted(text: string, width: number): string {
  const most = Math.floor(width / 6.1);
  if (text.length <= most) return text;
  return most < 3 ? '' : `${text.slice(0, most - 1)}…`;
}

/** Which frame is drawn at a place of the canvas. */
export function frameAt(
  tree: FlameTree,
  view: Pick<FlameView, 'zoom' | 'scrollTop'>,
  place: { x: number; y: number; width: number },
): number | undefined {
  const focus = tree.nodes[view.zoom] ?? tree.nodes[0];
  const row = tree.rows[Math.floor((place.y + view.scrollTop) / ROW_HEIGHT)];
  if (!focus || !row) return undefined;
  const x = focus.x + (place.x / Math.max(1, place.width)) * focus.width;
  const index = row[firstIn(tree, row, x)];
  const node = index === undefined ? undefined : tree.nodes[index];
  return node && node.x <= x ? index : undefined;
}
