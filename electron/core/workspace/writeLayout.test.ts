import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import type { Workspace } from '../../../shared/model/workspace.ts';
import { layoutFromSpec, panesOfSpec } from '../../../shared/panes/layoutFromSpec.ts';
import type { LayoutNode, LayoutState } from '../../../shared/panes/layoutState.ts';
import { readWorkspaceFile } from './workspaceFile.ts';
import { writeLayout } from './writeLayout.ts';

const HEAD = `version: 1
name: crawl   # as we call it

# The hosts, by rack.
hosts:
  - { id: a, tags: [web], local: {} }   # the oldest
  - { id: b, tags: [web],   local: {} }
  - { id: c, local: {} }
`;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fireline-layout-'));
  file = join(folder, 'w.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function opened(text: string): Promise<Workspace> {
  writeFileSync(file, text, { mode: 0o640 });
  const { workspace, problems } = await readWorkspaceFile(file, { homeDirectory: folder });
  if (!workspace) throw new Error(JSON.stringify(problems));
  return workspace;
}

/** `a`, `row(a 2*b)`, `column(a row(b c))`, a pane each. */
function state(windows: Record<string, string>): LayoutState {
  const hosts: Record<PaneId, HostId> = {};
  const read = (text: string): [LayoutNode, string] => {
    const split = /^(row|column)\(/.exec(text);
    if (!split) {
      const host = (/^[a-z]+/.exec(text)?.[0] ?? '') as HostId;
      const pane = `p${Object.keys(hosts).length}` as PaneId;
      hosts[pane] = host;
      return [{ kind: 'pane', pane }, text.slice(host.length)];
    }
    const children: { weight: number; node: LayoutNode }[] = [];
    let rest = text.slice(split[0].length);
    while (!rest.startsWith(')')) {
      const weight = /^([\d.]+)\*/.exec(rest);
      const [node, left] = read(rest.slice(weight?.[0].length ?? 0));
      children.push({ weight: Number(weight?.[1] ?? 1), node });
      rest = left.trimStart();
    }
    return [{ kind: 'split', direction: split[1] as 'row' | 'column', children }, rest.slice(1)];
  };
  const made = Object.entries(windows).map(([name, text], index) => {
    const [root] = read(text);
    return { id: `w${index}`, name, root, active: 'p0' as PaneId };
  });
  return { windows: made, activeWindow: 'w0', hosts };
}

describe('saving the layout in the workspace file', () => {
  test('a file without panes gets them at its end, and every other byte stays', async () => {
    const workspace = await opened(HEAD);
    const written = await writeLayout(workspace, state({ one: 'row(a 2*b)', 'two: 2': 'c' }));
    const text = readFileSync(file, 'utf8');
    expect(text.startsWith(HEAD)).toBe(true);
    expect(text.slice(HEAD.length)).toBe(
      '\npanes:\n  - name: one\n    row:\n      - a\n      - { pane: b, size: 2 }\n  - name: "two: 2"\n    pane: c\n',
    );
    expect(written.panes).toHaveLength(2);
    expect(written.contentHash).not.toBe(workspace.contentHash);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('comments stay in the section too, and a window that has not changed keeps its words', async () => {
    const panes = `# our windows
panes:
  # all the web hosts
  - { name: web, tiled: [web] }
  # the rest
  - name: rest
    row: [ c, a ]   # as Ann likes it
  # nothing more

# about logs
logs: []   # none yet
`;
    const workspace = await opened(HEAD + panes);
    await writeLayout(workspace, state({ web: 'row(a b)', rest: 'column(c 3*row(a b))' }));
    expect(readFileSync(file, 'utf8')).toBe(`${HEAD}# our windows
panes:
  # all the web hosts
  - { name: web, tiled: [ web ] }
  # the rest
  - name: rest
    column:
      - c
      - { row: [ a, b ], size: 3 }
  # nothing more

# about logs
logs: []   # none yet
`);
  });

  test.each([
    {
      file: 'whose keys are indented',
      before: '  version: 1\n  name: x\n  hosts: [ { id: a, local: {} } ]\n',
      added: '\n  panes:\n    - name: one\n      row:\n        - a\n        - { pane: a, size: 2 }\n',
      after: '',
    },
    {
      file: 'that ends with a mark',
      before: 'version: 1\nname: x\nhosts: [ { id: a, local: {} } ]\n',
      added: '\npanes:\n  - name: one\n    row:\n      - a\n      - { pane: a, size: 2 }\n',
      after: '... # done\n# so it is\n',
    },
    {
      file: 'whose lines end as on Windows',
      before: 'version: 1\r\nname: x\r\nhosts: [ { id: a, local: {} } ]\r\n',
      added: '\r\npanes:\r\n  - name: one\r\n    row:\r\n      - a\r\n      - { pane: a, size: 2 }\r\n',
      after: '',
    },
    {
      file: 'whose last value keeps its empty lines',
      before:
        'version: 1\nname: x\nhosts: [ { id: a, local: {} } ]\nrunbooks:\n  - name: r\n    title: R\n    run: |+\n      true\n\n',
      added: 'panes:\n  - name: one\n    row:\n      - a\n      - { pane: a, size: 2 }\n',
      after: '',
    },
  ])('a file $file stays as it is beside them', async ({ before, added, after }) => {
    const workspace = await opened(before + after);
    const written = await writeLayout(workspace, state({ one: 'row(a 2*a)' }));
    expect(readFileSync(file, 'utf8')).toBe(before + added + after);
    const again = await readWorkspaceFile(file, { homeDirectory: folder });
    expect(again.problems).toEqual([]);
    expect(again.workspace).toEqual(written);
    expect(written.runbooks).toEqual(workspace.runbooks);
  });

  test('a file that says elsewhere what its panes named first is left alone', async () => {
    const text =
      'version: 1\nname: x\npanes:\n  - { name: one, pane: &first a }\nhosts:\n  - { id: *first, local: {} }\n';
    const workspace = await opened(text);
    await expect(writeLayout(workspace, state({ one: 'row(a a)' }))).rejects.toThrow(
      /cannot be written into/,
    );
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('what was written opens as the same layout', async () => {
    const workspace = await opened(`${HEAD}panes: [{ name: old, pane: a }]\n`);
    const layout = state({ deep: 'row(a 2*column(b row(c 1.5*a) c))', flat: 'column(a b c)' });
    const { panes } = await writeLayout(workspace, layout);
    for (const [index, spec] of (panes ?? []).entries()) {
      const wanted = layout.windows[index]?.root;
      const left = panesOfSpec(spec.layout).map((_, pane) => pane + (index === 0 ? 0 : 5));
      const root = layoutFromSpec(spec.layout, () => `p${left.shift()}` as PaneId);
      const shape = (node?: LayoutNode): unknown => {
        if (!node || node.kind === 'pane') return node?.pane;
        const least = Math.min(...node.children.map((c) => c.weight));
        const round = (weight: number) => Math.round((weight / least) * 100) / 100;
        return [node.direction, node.children.map((c) => [round(c.weight), shape(c.node)])];
      };
      expect(shape(root)).toEqual(shape(wanted));
    }
  });

  test('lines that are typed into a pane stay with a pane of its host', async () => {
    const workspace = await opened(
      `${HEAD}panes:\n  - { name: one, row: [a, { pane: b, run: [cd /srv, htop] }] }\n  - { name: two, pane: c, run: top, durable: ops }\n`,
    );
    const { panes } = await writeLayout(workspace, state({ one: 'row(b a)', moved: 'row(c a)' }));
    const lines = panes
      ?.flatMap((w) => panesOfSpec(w.layout))
      .map((p) => [p.host, p.run?.join('; '), p.durable]);
    expect(lines).toEqual([
      ['b', 'cd /srv; htop', undefined],
      ['a', undefined, undefined],
      ['c', 'top', 'ops'],
      ['a', undefined, undefined],
    ]);
  });

  test('hosts that the file does not name are left out', async () => {
    const workspace = await opened(HEAD);
    await writeLayout(workspace, state({ one: 'row(a task)', gone: 'task' }));
    expect(readFileSync(file, 'utf8').slice(HEAD.length)).toBe('\npanes:\n  - name: one\n    pane: a\n');
  });

  test('a file that has changed, or has errors, is not written over', async () => {
    const workspace = await opened(HEAD);
    const theirs = `${HEAD}# a line of somebody else\n`;
    writeFileSync(file, theirs);
    await expect(writeLayout(workspace, state({ one: 'a' }))).rejects.toThrow(/has changed/);
    writeFileSync(file, `${HEAD}pans: []\n`);
    await expect(writeLayout(workspace, state({ one: 'a' }))).rejects.toThrow(/has errors/);
    const { path: _path, ...machine } = workspace;
    await expect(writeLayout(machine, state({ one: 'a' }))).rejects.toThrow(/no file/);
    writeFileSync(file, theirs);
    expect(readFileSync(file, 'utf8')).toBe(theirs);
  });
});
