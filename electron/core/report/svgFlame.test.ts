import { expect, it } from 'vitest';
import { buildFlameTree } from '../../../shared/profiling/flameTree.ts';
import { flamePicture, svgFlame } from './svgFlame.ts';
import { xmlFault } from './xmlFault.fixture.ts';

const treeOf = (stacks: [string, number][]) => buildFlameTree({ stacks: new Map(stacks), samples: 1000 });

it('hostile names of frames are text and no more, and the figure is well-formed', () => {
  const names = [
    ']]> --> </svg><script>alert(1)</script>',
    '"><image href="https://example.org/x"/>',
    'a\u202egnp.exe\u0007\u001b[31m',
    '\ud800 half',
    'שלום مرحبا',
    'x'.repeat(4096),
  ];
  const svg = svgFlame(
    flamePicture(treeOf(names.map((name, n) => [`${name};b${n}`, 10]))),
    'flame-1',
    names[0] ?? '',
  );
  expect(xmlFault(svg)).toBeUndefined();
  expect(svg.replace(/<(?:\/?svg|\/?title|\/?desc|\/?text|rect)\b[^<>]*>/g, '')).not.toMatch(/[<>]/);
  expect(svg).not.toMatch(/\u202e|\u0007|\u001b| href="|NaN|undefined/);
  expect(svg.length).toBeLessThan(6000);
});

it('of many frames the widest are drawn, each upon its caller', () => {
  const stacks: [string, number][] = [];
  for (let a = 0; a < 100; a++) for (let b = 0; b < 100; b++) stacks.push([`a${a};b${b};c`, 1 + a * b]);
  const tree = treeOf(stacks);
  const picture = flamePicture(tree);
  expect(tree.nodes.length).toBeGreaterThan(20_000);
  expect(picture).toMatchObject({ frameCount: tree.nodes.length });
  expect(picture.frames).toHaveLength(300);
  for (const frame of picture.frames.filter(({ depth }) => depth > 0)) {
    const caller = picture.frames.find(
      (one) =>
        one.depth === frame.depth - 1 &&
        one.x <= frame.x + 1e-9 &&
        one.x + one.width >= frame.x + frame.width - 1e-9,
    );
    expect(caller).toBeDefined();
  }
  const svg = svgFlame(picture, 'flame-1', 'web1');
  expect(xmlFault(svg)).toBeUndefined();
  expect(svg.length).toBeLessThan(60_000);
});

it('a stack that is deeper than a page is cut, and one of nothing is drawn', () => {
  const deep = Array.from({ length: 290 }, (_, n) => `f${n}`).join(';');
  expect(Math.max(...flamePicture(treeOf([[deep, 1]])).frames.map(({ depth }) => depth))).toBe(47);
  expect(xmlFault(svgFlame(flamePicture(treeOf([])), 'flame-1', ''))).toBeUndefined();
});

it('of a comparison a frame says by how much it differs, and what is chance is grey', () => {
  const tree = buildFlameTree(
    {
      stacks: new Map([
        ['serve;parse', 900],
        ['serve;render', 100],
      ]),
      samples: 1000,
    },
    {
      stacks: new Map([
        ['serve;parse', 100],
        ['serve;render', 900],
      ]),
      samples: 1000,
    },
  );
  const svg = svgFlame(flamePicture(tree), 'flame-1', 'web1 and web2');
  expect(svg).toContain('+80.0 % parse');
  expect(svg).toContain('−80.0 % render');
  expect(svg).toMatch(/fill="#e0e3e6"\/><text [^>]*>serve</);
});
