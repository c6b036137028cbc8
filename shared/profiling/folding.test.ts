import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildFlameTree, differs, shareWith } from './flameTree.ts';
import { foldCpuProfile } from './foldCpuProfile.ts';
import { mergeFolded, readFolded, StackFolder, writeFolded } from './foldedStacks.ts';
import { PerfScriptFolder } from './foldPerfScript.ts';
import { sameFrame } from './frameName.ts';
import { hottestFrames } from './hottestFrames.ts';
import { speedscopeJson } from './speedscope.ts';

const totalWeight = (stacks: ReadonlyMap<string, number>) =>
  [...stacks.values()].reduce((sum, weight) => sum + weight, 0);

const frame = fc.constantFrom('main', 'parse (/srv/a.js:1)', 'render (/srv/a.js:9)', 'read', 'a b; c\n');
const stacks = fc
  .array(fc.tuple(fc.array(frame, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 1000 })), {
    minLength: 1,
    maxLength: 30,
  })
  .map((all) => {
    const folder = new StackFolder();
    for (const [frames, weight] of all) folder.add(frames, weight);
    return folder.stacks;
  });

it('what is written as folded stacks is read back, whatever the frames are called', () => {
  fc.assert(
    fc.property(stacks, (one) => {
      expect(new Map(readFolded(writeFolded(one)))).toEqual(new Map(one));
    }),
  );
});

it('merging keeps every weight', () => {
  fc.assert(
    fc.property(fc.array(stacks, { maxLength: 5 }), (all) => {
      expect(totalWeight(mergeFolded(all))).toBe(all.reduce((sum, one) => sum + totalWeight(one), 0));
    }),
  );
});

it('in a tree of two every child fits into its parent, both wholes are one, and a swap changes the sign only', () => {
  fc.assert(
    fc.property(stacks, stacks, (one, two) => {
      const tree = buildFlameTree({ stacks: one, samples: 100 }, { stacks: two, samples: 80 });
      for (const node of tree.nodes) {
        const below = node.children.flatMap((child) => tree.nodes[child] ?? []);
        const width = below.reduce((sum, child) => sum + child.width, 0);
        expect(width).toBeLessThanOrEqual(node.width + 1e-9);
        expect(node.self + below.reduce((sum, child) => sum + child.total, 0)).toBeCloseTo(node.total, 9);
        for (const child of below) expect(child.x).toBeGreaterThanOrEqual(node.x - 1e-9);
      }
      expect(tree.nodes[0]).toMatchObject({
        total: expect.closeTo(1, 9),
        otherTotal: expect.closeTo(1, 9),
      });
      const swapped = buildFlameTree({ stacks: two, samples: 80 }, { stacks: one, samples: 100 });
      const sides = new Map(hottestFrames(swapped).map((it) => [sameFrame(it.name), it]));
      for (const it of hottestFrames(tree)) {
        expect(sides.get(sameFrame(it.name))?.otherTotal).toBeCloseTo(it.total, 9);
        expect(it.total).toBeLessThanOrEqual(1 + 1e-9);
      }
    }),
  );
});

it('nothing against nothing is no difference, nor is what chance may do; a frame that vanished is one', () => {
  expect(differs(0, 0, { samples: 1000, otherSamples: 1000 })).toBe(false);
  expect(differs(0.11, 0.1, { samples: 100, otherSamples: 100 })).toBe(false);
  expect(differs(0.6, 0.1, { samples: 100, otherSamples: 100 })).toBe(true);
  const tree = buildFlameTree(
    { stacks: new Map([['main;read', 100]]), samples: 100 },
    { stacks: new Map([['main;parse (/srv/a.js:7)', 100]]), samples: 100 },
  );
  expect(hottestFrames(tree).find(({ name }) => name.startsWith('parse'))).toMatchObject({
    self: 0,
    otherSelf: 1,
    differs: true,
  });
});

it('a stack that holds what is searched for twice counts once', () => {
  const tree = buildFlameTree({
    stacks: new Map([
      ['f;g;f', 3],
      ['g', 1],
    ]),
    samples: 4,
  });
  expect(shareWith(tree, (name) => name === 'f')).toBeCloseTo(0.75, 9);
  expect(hottestFrames(tree).find(({ name }) => name === 'f')).toMatchObject({ total: 0.75, self: 0.75 });
});

it('a CPU profile of V8 is folded by time; idleness and our own doings are left out', () => {
  const call = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });
  const folded = foldCpuProfile({
    nodes: [
      { id: 1, callFrame: call('(root)'), children: [2, 4, 5] },
      { id: 2, callFrame: call('serve', 'file:///srv/app.js', 9), children: [3] },
      { id: 3, callFrame: call('parse', 'file:///srv/app.js', 0) },
      { id: 4, callFrame: call('(idle)') },
      { id: 5, callFrame: call('post', 'node:inspector', 100), children: [6] },
      { id: 6, callFrame: call('dispatch') },
    ],
    samples: [3, 3, 4, 2, 6],
    timeDeltas: [10, 100, 100, 500, 100],
  });
  expect(folded).toMatchObject({ samples: 3, idle: 1 });
  expect([...(folded?.stacks ?? [])]).toEqual([
    ['serve (/srv/app.js:10);parse (/srv/app.js:1)', 200],
    ['serve (/srv/app.js:10)', 100],
  ]);
});

it('whatever claims to be a CPU profile does no harm: loops, strangers, nonsense', () => {
  const loop = {
    nodes: [1, 2].map((id) => ({ id, callFrame: { functionName: `f${id}` }, children: [3 - id] })),
    samples: [1, 2, 99, null],
    timeDeltas: [1, 1, 'x', Number.NaN],
  };
  expect(foldCpuProfile(loop)?.samples).toBeGreaterThan(0);
  fc.assert(fc.property(fc.anything(), (value) => void foldCpuProfile(value)));
  fc.assert(fc.property(fc.anything(), (value) => void foldCpuProfile({ nodes: [value], samples: [value] })));
});

it('perf script is folded by process, with names of any kind and frames that are unknown', () => {
  const folder = new PerfScriptFolder();
  const text = `my app 7: x  4321/4325   901.123456: cpu-clock:ppp: 
	    7f2a10c4 leaf+0x12 (/usr/lib/libfoo.so.1)
	          5a JS:*parse file:///srv/app.js:12:3+0x4a (/tmp/perf-4321.map)
	     c0ffee0 [unknown] (/tmp/perf-4321.map)

node  99/99  [002] 901.2:   10101010 cycles:u: 
	ffffffff8100 do_syscall_64+0x3 ([kernel.kallsyms])
	    55d0 main (/usr/bin/node)

`;
  for (const line of text.split('\n')) folder.line(line);
  const found = folder.end();
  expect([...(found.get(4321)?.folder.stacks ?? [])]).toEqual([
    ['[unknown] (JIT);parse (/srv/app.js:12);leaf (libfoo.so.1)', 1],
  ]);
  expect([...(found.get(99)?.folder.stacks ?? [])]).toEqual([['main (node);do_syscall_64_[k]', 1]]);
  expect([folder.frames, folder.unknown]).toEqual([5, 1]);
});

it('any text may come instead of perf’s', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (lines) => {
      const folder = new PerfScriptFolder();
      for (const line of lines) folder.line(line);
      folder.end();
    }),
  );
});

it('bounds hold: depth keeps root and leaf, and too many stacks are counted', () => {
  const folder = new StackFolder({ stacks: 2, depth: 5, frame: 10 });
  folder.add(
    Array.from({ length: 50 }, (_, at) => `f${at}`),
    1,
  );
  folder.add(['x'.repeat(99)], 1);
  folder.add(['late'], 4);
  expect([...folder.stacks.keys()]).toEqual(['f0;[…];f47;f48;f49', 'x'.repeat(10)]);
  expect(folder.dropped).toBe(4);
});

it('speedscope’s file has shared frames, and samples as long as their weights', () => {
  const file = JSON.parse(
    speedscopeJson('n', 'perf', [
      {
        name: 'pid 1',
        stacks: new Map([
          ['a;b', 2],
          ['a', 1],
        ]),
      },
    ]),
  );
  expect(file.shared.frames).toEqual([{ name: 'a' }, { name: 'b' }]);
  expect(file.profiles[0]).toMatchObject({
    type: 'sampled',
    samples: [[0, 1], [0]],
    weights: [2, 1],
    endValue: 3,
  });
});
