import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../shared/model/timelineEvent.ts';
import { createCore } from './core.ts';
import type { Core } from './core.types.ts';

let root: string;
let core: Core;
let diagnostics: string[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'fireline-core-'));
  diagnostics = [];
  core = await openCore();
});

afterEach(async () => {
  await core.close();
  rmSync(root, { recursive: true, force: true });
});

const records = () => readdirSync(join(root, 'records'));

/** Its host stays shut: nobody has approved its commands. */
function workspaceFile(fileName: string, name: string): string {
  const file = join(root, fileName);
  writeFileSync(
    file,
    `version: 1\nname: ${name}\nhosts:\n  - { id: web, command: { shell: [sh], exec: [sh, -c] } }\n`,
  );
  return file;
}

function openCore(): Promise<Core> {
  return createCore({
    home: 'cli',
    dataDirectory: root,
    diagnostic: (line) => diagnostics.push(line),
    interactive: false,
  });
}

describe('a workspace', () => {
  it('that is opened again, as after its file was mended, goes on in the same record', async () => {
    const file = workspaceFile('shop.yaml', 'shop');
    await core.openWorkspace(file, false);
    const [first] = records();
    workspaceFile('shop.yaml', 'the shop');
    await core.openWorkspace(file, false);
    await core.openWorkspace(file, false);
    expect(records()).toEqual([first]);
    const named = readFileSync(join(root, 'records', first ?? '', 'workspace.json'), 'utf8');
    expect(JSON.parse(named)).toEqual({ name: 'the shop', path: file });
    expect(diagnostics).toEqual([]);
  });

  it('lets go of its record when another is opened, and when Fireline closes', async () => {
    const [shop, blog] = [workspaceFile('shop.yaml', 'shop'), workspaceFile('blog.yaml', 'blog')];
    for (const file of [shop, blog, shop]) await core.openWorkspace(file, false);
    await core.close();
    core = await openCore();
    await core.openWorkspace(blog, false);
    expect(records()).toHaveLength(2);
    expect(diagnostics).toEqual([]);
  });

  it('whose record another Fireline writes says on the timeline where its own is', async () => {
    const file = workspaceFile('shop.yaml', 'shop');
    await core.openWorkspace(file, false);
    const other = await openCore();
    const told: TimelineEvent[] = [];
    other.onEvent((event) => void (event.name === 'timeline' && told.push(event.data)));
    await other.openWorkspace(file, false);
    await other.close();
    expect(told).toMatchObject([
      {
        kind: 'recording.failed',
        severity: 'warning',
        title: expect.stringMatching(
          /^Another Fireline .* records to .*-2 instead\. Close the other Fireline/,
        ),
      },
    ]);
  });

  it('opens, and is approved, also where the disk keeps neither', async () => {
    const file = workspaceFile('shop.yaml', 'shop');
    // Files of these names cannot be written.
    for (const name of ['recent.json', 'approvals.json'])
      mkdirSync(join(root, name, 'full'), { recursive: true });
    expect(await core.openWorkspace(file, false)).toEqual({ opened: true, problems: [] });
    expect(core.hosts.map((host) => host.link.kind)).toEqual(['held']);
    core.approveCommands();
    expect(core.hosts.map((host) => host.link.kind)).not.toContain('held');
    expect(diagnostics).toEqual([
      expect.stringContaining('the list of workspaces could not be kept'),
      expect.stringContaining('the approval could not be kept'),
    ]);
  });
});
