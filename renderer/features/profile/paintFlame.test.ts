import { beforeAll, expect, it, vi } from 'vitest';
import { buildFlameTree } from '../../../shared/profiling/flameTree.ts';
import type { Surface } from '../../series/surface.ts';
import { type FlameView, frameAt, paintFlame, paintMarks, ROW_HEIGHT } from './paintFlame.ts';

/** Two hundred functions of a pixel's twentieth each, beside one that takes all the rest. */
const NARROW = 200;
const WIDTH = 1000;
const stacks = new Map<string, number>([['main;busy', NARROW * 99]]);
for (let n = 0; n < NARROW; n++) stacks.set(`main;rare${String(n).padStart(3, '0')}`, 1);
const tree = buildFlameTree({ stacks, samples: NARROW * 100 });
const rare = tree.nodes.findIndex(({ name }) => name === 'rare150');

interface Drawn {
  fill: string;
  x: number;
  width: number;
}

function drawing() {
  const fills: Drawn[] = [];
  const outlines: { x: number; width: number }[] = [];
  const context = {
    fillStyle: '',
    fillRect(x: number, _y: number, width: number) {
      fills.push({ fill: this.fillStyle, x, width });
    },
    fillText: () => {},
    strokeRect: (x: number, _y: number, width: number) => outlines.push({ x, width }),
  };
  const surface = { context, width: WIDTH, height: 200 } as unknown as Surface;
  return { surface, fills, outlines };
}

const view: FlameView = { zoom: 0, chosen: undefined, pointed: undefined, found: undefined, scrollTop: 0 };

beforeAll(() => {
  vi.stubGlobal('document', { documentElement: {} });
  vi.stubGlobal('getComputedStyle', () => ({ getPropertyValue: (token: string) => token }));
  vi.stubGlobal('MutationObserver', class {});
});

it('frames that are narrower than a pixel are drawn together, and fill the place that they have', () => {
  const { surface, fills } = drawing();
  paintFlame(surface, tree, view);
  expect(tree.nodes).toHaveLength(NARROW + 3);
  expect(fills.length).toBeLessThan(3 + WIDTH / 100);
  const last = fills.at(-1);
  expect((last?.x ?? 0) + (last?.width ?? 0)).toBeGreaterThanOrEqual(WIDTH - 1);
});

it('one of them is still found by the search, by the keyboard, by the pointer, and by a zoom', () => {
  const found = tree.rows.map((row) => row.filter((index) => index === rare));
  const search = drawing();
  paintFlame(search.surface, tree, { ...view, found });
  const place = ((tree.nodes[rare]?.x ?? 0) + (tree.nodes[rare]?.width ?? 0) / 2) * WIDTH;
  const lit = search.fills.filter(({ fill }) => fill === '--flame-found');
  expect(lit).toHaveLength(1);
  expect(Math.abs((lit[0]?.x ?? 0) - place)).toBeLessThan(1);
  const keys = drawing();
  paintMarks(keys.surface, tree, { ...view, chosen: rare });
  expect(Math.abs((keys.outlines[0]?.x ?? 0) - place)).toBeLessThan(3);
  expect(frameAt(tree, view, { x: place, y: 2 * ROW_HEIGHT + 1, width: WIDTH })).toBe(rare);
  const zoomed = drawing();
  paintFlame(zoomed.surface, tree, { ...view, zoom: rare });
  const whole = zoomed.fills.at(-1);
  expect(whole?.x).toBe(0);
  expect(whole?.width).toBeCloseTo(WIDTH - 1);
});
