import { describe, expect, it } from 'vitest';
import type { PaneId } from '../model/pane.ts';
import { rectangles } from './geometry.ts';
import { type LayoutAction, panesOf, reduceLayout } from './layout.ts';
import type { LayoutState } from './layoutState.ts';

const id = (name: string) => name as PaneId;
const run = (state: LayoutState, ...actions: LayoutAction[]) => actions.reduce(reduceLayout, state);
const open = (name: string, ...panes: string[]): LayoutAction => ({
  type: 'openWindow',
  id: name,
  name,
  panes: panes.map(id),
  arrangement: 'even-horizontal',
});
const EMPTY: LayoutState = { windows: [], activeWindow: '' };
const two = run(EMPTY, open('one', 'a', 'b'), open('two', 'c', 'd'));
const panes = (state: LayoutState) => Object.fromEntries(state.windows.map((w) => [w.id, panesOf(w.root)]));

describe('panes between windows', () => {
  it('joins a pane beside another of another window, with half its place, and goes there', () => {
    const joined = run(two, { type: 'join', pane: id('c'), to: id('a'), direction: 'column' });
    expect(panes(joined)).toEqual({ one: ['a', 'c', 'b'], two: ['d'] });
    expect(joined).toMatchObject({ activeWindow: 'one', lastWindow: 'two' });
    const one = joined.windows[0];
    expect(one?.active).toBe('c');
    expect(one && rectangles(one.root).get(id('c'))).toEqual({ left: 0, top: 0.5, width: 0.5, height: 0.5 });
  });

  it('moves a pane within its own window, before the other when asked', () => {
    const moved = run(two, { type: 'join', pane: id('d'), to: id('c'), direction: 'row', before: true });
    expect(panes(moved)['two']).toEqual(['d', 'c']);
  });

  it('takes an emptied window away, and leaves a layout as it is when there is nothing to do', () => {
    const first = run(two, { type: 'join', pane: id('c'), to: id('a'), direction: 'row' });
    const both = run(first, { type: 'join', pane: id('d'), to: id('b'), direction: 'row' });
    expect(panes(both)).toEqual({ one: ['a', 'c', 'b', 'd'] });
    expect(run(two, { type: 'join', pane: id('a'), to: id('a'), direction: 'row' })).toBe(two);
    expect(run(two, { type: 'join', pane: id('x'), to: id('a'), direction: 'row' })).toBe(two);
  });

  it('swaps panes of two windows, each taking the other’s place and focus', () => {
    const swapped = run(two, { type: 'swap', pane: id('a'), with: id('d') });
    expect(panes(swapped)).toEqual({ one: ['d', 'b'], two: ['c', 'a'] });
    expect(swapped.windows[0]?.active).toBe('d');
  });
});

describe('windows', () => {
  it('changes places with its neighbour, and past the end comes out on the other side', () => {
    const three = run(two, open('three', 'e'));
    const order = (state: LayoutState) => state.windows.map((w) => w.id).join(' ');
    expect(order(run(three, { type: 'moveWindow', by: -1 }))).toBe('one three two');
    expect(order(run(three, { type: 'moveWindow', by: 1 }))).toBe('three one two');
    expect(run(three, { type: 'moveWindow', by: 1 }).activeWindow).toBe('three');
  });

  it('rotates either way, and back again', () => {
    const there = run(two, { type: 'rotate' }, { type: 'rotate', back: true });
    expect(there.windows[1]?.root).toEqual(two.windows[1]?.root);
  });

  it('evens a split out', () => {
    const uneven = run(two, { type: 'resize', direction: 'right', amount: 0.2 });
    const even = run(uneven, { type: 'even' });
    const window = even.windows[1];
    expect(window && rectangles(window.root).get(id('c'))?.width).toBeCloseTo(0.5);
  });
});
