import { visibleText } from '../../../shared/model/hostText.ts';
import { changeWords } from '../../../shared/profiling/changeWords.ts';
import { differs, type FlameTree } from '../../../shared/profiling/flameTree.ts';
import { shortFrame } from '../../../shared/profiling/frameName.ts';
import type { Surface } from '../../series/frameLoop.ts';
import { colour } from '../../series/themeColours.ts';
import { flamePalette } from './flameColours.ts';

export const ROW_HEIGHT = 18;
/** Narrower than this, frames are drawn as one with their neighbours; without text below the other. */
const LEAST_WIDTH = 0.6;
const LEAST_TEXT = 28;

export interface FlameView {
  /** The frame that fills the width; the root shows all. */
  zoom: number;
  chosen: number | undefined;
  pointed: number | undefined;
  /** Frames that the search has found. */
  found: ReadonlySet<number> | undefined;
  scrollTop: number;
}

/** Draws the rows that are in sight, the root at the top. A zoom is a stretch: nothing is laid out anew. */
export function paintFlame({ context, width, height }: Surface, tree: FlameTree, view: FlameView): void {
  const { nodes, rows } = tree;
  const focus = nodes[view.zoom] ?? nodes[0];
  if (!focus) return;
  const colours = flamePalette(tree);
  const accent = colour('--accent');
  const found = colour('--flame-found');
  const gap = colour('--surface');
  const scale = width / Math.max(focus.width, 1e-9);
  context.font = FONT;
  context.textBaseline = 'middle';
  const firstRow = Math.max(0, Math.floor(view.scrollTop / ROW_HEIGHT));
  const lastRow = Math.min(rows.length - 1, Math.ceil((view.scrollTop + height) / ROW_HEIGHT));
  for (let depth = firstRow; depth <= lastRow; depth++) {
    const row = rows[depth] ?? [];
    const y = depth * ROW_HEIGHT - view.scrollTop;
    let drawnTo = Number.NEGATIVE_INFINITY;
    for (let at = firstIn(tree, row, focus.x); at < row.length; at++) {
      const index = row[at] ?? 0;
      const node = nodes[index];
      if (!node) continue;
      const left = Math.max(0, (node.x - focus.x) * scale);
      if (left >= width) break;
      const right = Math.min(width, (node.x + node.width - focus.x) * scale);
      const wide = right - left;
      // What is too narrow to see is drawn once a pixel, so that the shape stays whole.
      if (wide < LEAST_WIDTH && right < drawnTo + 1) continue;
      drawnTo = right;
      const { fill, text } = colours(node);
      context.globalAlpha = depth < focus.depth || (view.found && !view.found.has(index)) ? 0.45 : 1;
      context.fillStyle = view.found?.has(index) ? found : fill;
      const drawn = Math.max(1, wide > 3 ? wide - 1 : wide);
      context.fillRect(left, y, drawn, ROW_HEIGHT - 1);
      if (wide >= LEAST_TEXT) {
        context.fillStyle = text;
        context.globalAlpha = depth < focus.depth ? 0.7 : 1;
        context.fillText(fitted(labelOf(tree, index), wide - 8), left + 4, y + ROW_HEIGHT / 2);
      }
      if (index === view.chosen || index === view.pointed) {
        context.globalAlpha = 1;
        context.strokeStyle = index === view.chosen ? accent : text;
        context.lineWidth = index === view.chosen ? 2 : 1;
        context.strokeRect(left + 1, y + 1, Math.max(1, drawn - 2), ROW_HEIGHT - 3);
      }
    }
  }
  context.globalAlpha = 1;
  context.fillStyle = gap;
}

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
