import { describe, expect, it } from 'vitest';
import type { PaneId } from '../model/pane.ts';
import { ARRANGEMENTS, arrange, nextArrangement } from './arrangements.ts';
import { type Direction, rectangles, separators } from './geometry.ts';
import { type LayoutAction, panesOf, pruneLayout, reduceLayout } from './layout.ts';
import { type LayoutNode, type LayoutState, layoutStateSchema } from './layoutState.ts';

const id = (name: string) => name as PaneId;
const EMPTY: LayoutState = { windows: [], activeWindow: '' };
const run = (state: LayoutState, ...actions: LayoutAction[]) => actions.reduce(reduceLayout, state);
const opened = (...panes: string[]) =>
  run(EMPTY, {
    type: 'openWindow',
    id: 'w1',
    name: 'one',
    panes: panes.map(id),
    arrangement: 'even-horizontal',
  });

function active(state: LayoutState) {
  const window = state.windows.find((w) => w.id === state.activeWindow);
  if (!window) throw new Error('no active window');
  return window;
}

/** Places as `left,top width×height` in per cent. */
function places(state: LayoutState): Record<string, string> {
  const percent = (share: number) => Math.round(share * 100);
  return Object.fromEntries(
    [...rectangles(active(state).root)].map(([pane, r]) => [
      pane,
      `${percent(r.left)},${percent(r.top)} ${percent(r.width)}×${percent(r.height)}`,
    ]),
  );
}

describe('splitting and closing', () => {
  it('gives the new pane half, to the right or below, and the focus', () => {
    const right = run(opened('a'), { type: 'split', direction: 'row', added: id('b') });
    expect(places(right)).toEqual({ a: '0,0 50×100', b: '50,0 50×100' });
    const below = run(right, { type: 'split', direction: 'column', added: id('c') });
    expect(places(below)).toEqual({ a: '0,0 50×100', b: '50,0 50×50', c: '50,50 50×50' });
    expect(active(below)).toMatchObject({ active: 'c', lastActive: 'b' });
  });

  it('keeps a row flat: a pane split along its row is a sibling, and nobody else gets smaller', () => {
    const state = run(opened('a', 'b'), { type: 'split', pane: id('a'), direction: 'row', added: id('c') });
    expect(active(state).root).toMatchObject({ kind: 'split', direction: 'row', children: { length: 3 } });
    expect(places(state)).toEqual({ a: '0,0 25×100', c: '25,0 25×100', b: '50,0 50×100' });
  });

  it('lets the neighbours take the space of a closed pane, and collapses what has one child', () => {
    const state = run(
      opened('a', 'b'),
      { type: 'split', pane: id('b'), direction: 'column', added: id('c') },
      { type: 'close', pane: id('c') },
    );
    expect(places(state)).toEqual({ a: '0,0 50×100', b: '50,0 50×100' });
    // The focus goes back to where it was before the pane that closed.
    expect(active(state).active).toBe('a');
    expect(active(run(state, { type: 'close', pane: id('a') })).root).toEqual({ kind: 'pane', pane: 'b' });
  });

  it('closes a window with its last pane and shows the one before', () => {
    const two = run(opened('a'), { type: 'openWindow', id: 'w2', name: 'two', panes: [id('b')] });
    expect(two.activeWindow).toBe('w2');
    const one = run(two, { type: 'close', pane: id('b') });
    expect(one.windows.map((w) => w.id)).toEqual(['w1']);
    expect(one.activeWindow).toBe('w1');
    expect(run(one, { type: 'close', pane: id('a') })).toEqual({ windows: [], activeWindow: '' });
  });

  it('does nothing for panes that are unknown or already there', () => {
    const state = opened('a', 'b');
    expect(run(state, { type: 'close', pane: id('x') })).toBe(state);
    expect(run(state, { type: 'split', pane: id('x'), direction: 'row', added: id('y') })).toBe(state);
    expect(run(state, { type: 'split', pane: id('a'), direction: 'row', added: id('b') })).toBe(state);
    expect(run(state, { type: 'openWindow', id: 'w9', name: '', panes: [id('a')] })).toBe(state);
  });

  it('drops panes that are gone after a restart', () => {
    const state = run(opened('a', 'b', 'c'), { type: 'openWindow', id: 'w2', name: '', panes: [id('d')] });
    const kept = pruneLayout(state, (pane) => pane === 'b');
    expect(kept.windows.flatMap((w) => panesOf(w.root))).toEqual(['b']);
    expect(kept.activeWindow).toBe('w1');
  });
});

describe('focus', () => {
  // a | b
  //   | c
  const state = run(
    opened('a', 'b'),
    { type: 'split', pane: id('b'), direction: 'column', added: id('c') },
    { type: 'focus', pane: id('a') },
  );
  const go = (from: LayoutState, ...directions: Direction[]) =>
    active(run(from, ...directions.map((direction) => ({ type: 'focusDirection', direction }) as const)))
      .active;

  it('goes by where panes are, and prefers the one that was used last', () => {
    expect(go(state, 'right')).toBe('c');
    expect(go(run(state, { type: 'focus', pane: id('b') }, { type: 'focus', pane: id('a') }), 'right')).toBe(
      'b',
    );
    expect(go(state, 'right', 'up')).toBe('b');
    expect(go(state, 'right', 'left')).toBe('a');
  });

  it('wraps round the edge of the window', () => {
    expect(go(state, 'left')).toBe('c');
    expect(go(run(state, { type: 'focus', pane: id('b') }), 'up')).toBe('c');
    expect(go(opened('a'), 'left')).toBe('a');
  });

  it('goes in order, back, and to the last one', () => {
    expect(active(run(state, { type: 'focusNext' })).active).toBe('b');
    expect(active(run(state, { type: 'focusPrevious' })).active).toBe('c');
    expect(active(run(state, { type: 'focusNext' }, { type: 'focusLast' })).active).toBe('a');
  });

  it('brings the window of a pane to the front', () => {
    const two = run(opened('a'), { type: 'openWindow', id: 'w2', name: '', panes: [id('b')] });
    const back = run(two, { type: 'focus', pane: id('a') });
    expect(back).toMatchObject({ activeWindow: 'w1', lastWindow: 'w2' });
    expect(run(back, { type: 'lastWindow' }).activeWindow).toBe('w2');
    expect(run(back, { type: 'nextWindow' }).activeWindow).toBe('w2');
    expect(run(back, { type: 'previousWindow' }).activeWindow).toBe('w2');
  });
});

describe('zoom', () => {
  it('is taken back by itself, by a split and by walking to another pane', () => {
    const zoomed = run(opened('a', 'b'), { type: 'zoom' });
    expect(active(zoomed).zoomed).toBe('a');
    expect(active(run(zoomed, { type: 'zoom' })).zoomed).toBeUndefined();
    expect(active(run(zoomed, { type: 'focusDirection', direction: 'right' })).zoomed).toBeUndefined();
    expect(active(run(zoomed, { type: 'split', direction: 'row', added: id('c') })).zoomed).toBeUndefined();
  });

  it('goes with the focus when the focus moves in order', () => {
    expect(active(run(opened('a', 'b'), { type: 'zoom' }, { type: 'focusNext' })).zoomed).toBe('b');
  });

  it('means nothing for a pane that is alone', () => {
    const state = opened('a');
    expect(run(state, { type: 'zoom' })).toBe(state);
  });
});

describe('sizes', () => {
  it('moves the far border, or the near one of the last pane, by a share of the window', () => {
    const state = opened('a', 'b');
    expect(places(run(state, { type: 'resize', direction: 'right', amount: 0.1 }))).toEqual({
      a: '0,0 60×100',
      b: '60,0 40×100',
    });
    expect(places(run(state, { type: 'resize', pane: id('b'), direction: 'right', amount: 0.1 }))).toEqual({
      a: '0,0 60×100',
      b: '60,0 40×100',
    });
    expect(places(run(state, { type: 'resize', pane: id('b'), direction: 'left', amount: 0.1 }))).toEqual({
      a: '0,0 40×100',
      b: '40,0 60×100',
    });
    expect(run(state, { type: 'resize', direction: 'down', amount: 0.1 })).toBe(state);
  });

  it('counts in shares of the window in nested splits too', () => {
    const state = run(opened('a', 'b'), {
      type: 'split',
      pane: id('b'),
      direction: 'column',
      added: id('c'),
    });
    const nested = run(state, { type: 'split', pane: id('c'), direction: 'row', added: id('d') });
    const wider = run(nested, { type: 'resize', pane: id('c'), direction: 'right', amount: 0.1 });
    expect(places(wider)['c']).toBe('50,50 35×50');
  });

  it('puts a dragged line where it is told and leaves the other panes alone', () => {
    const state = run(opened('a', 'b', 'c'), { type: 'moveSeparator', path: [], index: 0, position: 0.5 });
    expect(places(state)).toEqual({ a: '0,0 50×100', b: '50,0 17×100', c: '67,0 33×100' });
    const pushed = run(state, { type: 'moveSeparator', path: [], index: 0, position: 0.99 });
    expect(places(pushed)).toMatchObject({ b: '62,0 5×100', c: '67,0 33×100' });
    expect(run(state, { type: 'moveSeparator', path: [], index: 2, position: 0.5 })).toBe(state);
    expect(run(state, { type: 'moveSeparator', path: [0], index: 0, position: 0.5 })).toBe(state);
    expect(run(state, { type: 'moveSeparator', path: [], index: 0, position: Number.NaN })).toBe(state);
  });

  it('lists every line with its place', () => {
    const state = run(opened('a', 'b'), {
      type: 'split',
      pane: id('b'),
      direction: 'column',
      added: id('c'),
    });
    expect(
      separators(active(state).root).map(({ path, index, direction, position }) => ({
        path,
        index,
        direction,
        position,
      })),
    ).toEqual([
      { path: [], index: 0, direction: 'row', position: 0.5 },
      { path: [1], index: 0, direction: 'column', position: 0.5 },
    ]);
  });
});

describe('moving panes', () => {
  it('swaps, rotates, breaks out and replaces', () => {
    const state = opened('a', 'b', 'c');
    const order = (s: LayoutState) => panesOf(active(s).root).join('');
    expect(order(run(state, { type: 'swapNext' }))).toBe('bac');
    expect(order(run(state, { type: 'swapPrevious' }))).toBe('cba');
    expect(order(run(state, { type: 'swap', pane: id('a'), with: id('c') }))).toBe('cba');
    const rotated = run(state, { type: 'rotate' });
    expect(order(rotated)).toBe('bca');
    expect(active(rotated).active).toBe('b');
    const broken = run(state, { type: 'break', id: 'w2', name: 'b', pane: id('b') });
    expect(broken.windows.map((w) => panesOf(w.root).join(''))).toEqual(['ac', 'b']);
    expect(broken.activeWindow).toBe('w2');
    const replaced = run(state, { type: 'replace', pane: id('a'), by: id('z') });
    expect(order(replaced)).toBe('zbc');
    expect(active(replaced).active).toBe('z');
  });

  it('renames a window', () => {
    expect(active(run(opened('a'), { type: 'renameWindow', name: 'x'.repeat(300) })).name).toHaveLength(200);
  });
});

describe('arrangements', () => {
  const four = ['a', 'b', 'c', 'd'].map(id);
  const shape = (node: LayoutNode) =>
    Object.fromEntries(
      [...rectangles(node)].map(([p, r]) => [
        p,
        [r.left, r.top, r.width, r.height].map((n) => Math.round(n * 100)).join(' '),
      ]),
    );

  it('are tmux’s five', () => {
    expect(shape(arrange('even-horizontal', four))).toEqual({
      a: '0 0 25 100',
      b: '25 0 25 100',
      c: '50 0 25 100',
      d: '75 0 25 100',
    });
    expect(shape(arrange('even-vertical', four))['d']).toBe('0 75 100 25');
    expect(shape(arrange('main-horizontal', four))).toMatchObject({ a: '0 0 100 60', b: '0 60 33 40' });
    expect(shape(arrange('main-vertical', four))).toMatchObject({ a: '0 0 60 100', b: '60 0 40 33' });
    expect(shape(arrange('tiled', four))).toEqual({
      a: '0 0 50 50',
      b: '50 0 50 50',
      c: '0 50 50 50',
      d: '50 50 50 50',
    });
  });

  it('tile two side by side and five as three over two that fill the row', () => {
    expect(shape(arrange('tiled', four.slice(0, 2)))).toEqual({ a: '0 0 50 100', b: '50 0 50 100' });
    expect(shape(arrange('tiled', [...four, id('e')]))).toMatchObject({
      c: '67 0 33 50',
      d: '0 50 50 50',
      e: '50 50 50 50',
    });
  });

  it('follow one another from any layout, for any number of panes', () => {
    for (const panes of [four.slice(0, 2), four.slice(0, 3), four, [...four, id('e')]]) {
      let state = run(EMPTY, {
        type: 'openWindow',
        id: 'w',
        name: '',
        panes,
        arrangement: 'even-horizontal',
      });
      const seen = new Set<string>();
      for (let i = 0; i < 10; i++) {
        seen.add(JSON.stringify(active(state).root));
        state = run(state, { type: 'nextArrangement' });
        expect(new Set(panesOf(active(state).root))).toEqual(new Set(panes));
      }
      const distinct = new Set(ARRANGEMENTS.map((name) => JSON.stringify(arrange(name, panes))));
      expect(seen).toEqual(distinct);
    }
    expect(nextArrangement(arrange('tiled', four))).toBe('even-horizontal');
  });
});

describe('whatever is done, in any order', () => {
  /** mulberry32: small, and the same on every machine. */
  function random(seed: number): () => number {
    let a = seed;
    return () => {
      a = (a + 0x6d2b79f5) | 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function check(state: LayoutState): void {
    const all = state.windows.flatMap((w) => panesOf(w.root));
    expect(new Set(all).size).toBe(all.length);
    if (state.windows.length > 0) expect(state.windows.some((w) => w.id === state.activeWindow)).toBe(true);
    for (const window of state.windows) {
      const own = panesOf(window.root);
      expect(own).toContain(window.active);
      if (window.zoomed !== undefined) expect(window.zoomed).toBe(window.active);
      if (window.lastActive !== undefined) {
        expect(own).toContain(window.lastActive);
        expect(window.lastActive).not.toBe(window.active);
      }
      checkNode(window.root);
      const area = [...rectangles(window.root).values()].reduce((sum, r) => sum + r.width * r.height, 0);
      expect(area).toBeCloseTo(1, 6);
    }
    expect(layoutStateSchema.safeParse(state).success).toBe(true);
  }

  function checkNode(node: LayoutNode): void {
    if (node.kind === 'pane') return;
    expect(node.children.length).toBeGreaterThanOrEqual(2);
    for (const child of node.children) {
      expect(child.weight).toBeGreaterThan(0);
      if (child.node.kind === 'split') expect(child.node.direction).not.toBe(node.direction);
      checkNode(child.node);
    }
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('every layout is whole and can be saved (seed %i)', (seed) => {
    const next = random(seed);
    const pick = <T>(from: readonly T[]): T => {
      const one = from[Math.floor(next() * from.length)];
      if (one === undefined) throw new Error('nothing to pick from');
      return one;
    };
    let made = 0;
    let state = EMPTY;
    for (let step = 0; step < 400; step++) {
      const all = state.windows.flatMap((w) => panesOf(w.root));
      const pane = all.length > 0 ? pick(all) : id('none');
      const direction = pick(['left', 'right', 'up', 'down'] as const);
      const action = pick<LayoutAction>([
        { type: 'openWindow', id: `w${made}`, name: 'w', panes: [id(`p${made++}`)] },
        { type: 'split', pane, direction: pick(['row', 'column'] as const), added: id(`p${made++}`) },
        { type: 'split', direction: pick(['row', 'column'] as const), added: id(`p${made++}`) },
        { type: 'close', pane },
        { type: 'focus', pane },
        { type: 'focusDirection', direction },
        { type: 'focusNext' },
        { type: 'focusPrevious' },
        { type: 'focusLast' },
        { type: 'zoom' },
        { type: 'zoom', pane },
        { type: 'resize', direction, amount: next() },
        {
          type: 'moveSeparator',
          path: next() < 0.5 ? [] : [Math.floor(next() * 3)],
          index: Math.floor(next() * 4),
          position: next() * 1.4 - 0.2,
        },
        { type: 'swap', pane, with: all.length > 0 ? pick(all) : pane },
        { type: 'swapNext' },
        { type: 'rotate' },
        { type: 'arrange', arrangement: pick(ARRANGEMENTS) },
        { type: 'nextArrangement' },
        { type: 'break', id: `w${made++}`, name: 'b' },
        { type: 'replace', pane, by: id(`p${made++}`) },
        { type: 'nextWindow' },
        { type: 'lastWindow' },
        { type: 'selectWindow', id: 'nowhere' },
      ]);
      const before = new Set(all);
      state = reduceLayout(state, action);
      check(state);
      if (!['close', 'openWindow', 'split', 'replace'].includes(action.type)) {
        expect(new Set(state.windows.flatMap((w) => panesOf(w.root)))).toEqual(before);
      }
    }
  });
});
