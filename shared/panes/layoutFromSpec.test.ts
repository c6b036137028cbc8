import { expect, it } from 'vitest';
import type { HostId } from '../model/host.ts';
import type { PaneId } from '../model/pane.ts';
import type { LayoutSpec } from '../model/workspace.ts';
import { rectangles } from './geometry.ts';
import { hostsOfSpec, layoutFromSpec } from './layoutFromSpec.ts';

const host = (name: string): LayoutSpec => ({ host: name as HostId });
const spec: LayoutSpec = {
  split: 'row',
  children: [
    { size: 3, layout: host('a') },
    {
      size: 1,
      layout: {
        split: 'column',
        children: [
          { size: 1, layout: host('b') },
          { size: 1, layout: host('c') },
        ],
      },
    },
  ],
};

it('gives every host of the file its share', () => {
  const root = layoutFromSpec(spec, (one) => `pane-${one}` as PaneId);
  const places = root && [...rectangles(root)].map(([pane, r]) => [pane, r.left, r.top, r.width, r.height]);
  expect(places).toEqual([
    ['pane-a', 0, 0, 0.75, 1],
    ['pane-b', 0.75, 0, 0.25, 0.5],
    ['pane-c', 0.75, 0.5, 0.25, 0.5],
  ]);
  expect(hostsOfSpec(spec)).toEqual(['a', 'b', 'c']);
});

it('closes the gap of a pane that could not be opened', () => {
  const only = layoutFromSpec(spec, (one) => (one === 'c' ? ('p' as PaneId) : undefined));
  expect(only).toEqual({ kind: 'pane', pane: 'p' });
  expect(layoutFromSpec(spec, () => undefined)).toBeUndefined();
});
