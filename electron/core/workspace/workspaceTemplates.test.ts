import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { heldCommands } from './approvals.ts';
import { machineWorkspace } from './machineWorkspace.ts';
import { newWorkspace } from './newWorkspace.ts';
import { saveWorkspaceFile } from './saveWorkspaceFile.ts';
import { parseWorkspace } from './workspaceFile.ts';

it('the text for a new workspace opens as it is, whatever it is called', () => {
  for (const name of ['crawlers', 'a: b # c', '"', '🔥']) {
    const { workspace, problems } = parseWorkspace(newWorkspace(name), {
      file: '/w.yaml',
      homeDirectory: '/h',
    });
    expect(problems).toEqual([]);
    expect(workspace?.name).toBe(name);
  }
});

it('the examples in its comments are right', () => {
  const uncommented = newWorkspace('x').replace(
    /^(\s*)# ?(?=- \{|- id| {2}command|logs:|panes:| {2}- \{)/gm,
    '$1',
  );
  const { workspace, problems } = parseWorkspace(uncommented, { file: '/w.yaml', homeDirectory: '/h' });
  expect(problems).toEqual([]);
  expect(workspace?.hosts.map((h) => h.id)).toEqual(['here', 'web1', 'web2', 'pod']);
  expect(workspace?.logs).toHaveLength(1);
  expect(workspace?.panes).toHaveLength(1);
});

it('commands of a file are held until its content is approved', () => {
  const text =
    'version: 1\nname: a\nhosts:\n  - { id: here, local: {} }\n  - { id: pod, command: { shell: [sh, -c, "rm -rf x"], exec: [sh, -c] } }\n';
  const { workspace } = parseWorkspace(text, { file: '/w.yaml', homeDirectory: '/h' });
  if (!workspace) throw new Error('not parsed');
  expect([...heldCommands(workspace, { isApproved: () => false })]).toEqual([
    ['pod', "sh -c 'rm -rf x'\nsh -c …"],
  ]);
  expect(heldCommands(workspace, { isApproved: (hash) => hash === workspace.contentHash }).size).toBe(0);
  expect(heldCommands(machineWorkspace(), { isApproved: () => false }).size).toBe(0);
});

it('a file is saved whole, and never over another unless told to', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fireline-save-'));
  try {
    const file = join(directory, 'new', 'w.yaml');
    expect(await saveWorkspaceFile(file, 'one', false)).toEqual({ path: file });
    await expect(saveWorkspaceFile(file, 'two', false)).rejects.toMatchObject({ error: { code: 'refused' } });
    expect(readFileSync(file, 'utf8')).toBe('one');
    await saveWorkspaceFile(file, 'two', true);
    expect(readFileSync(file, 'utf8')).toBe('two');
    await expect(saveWorkspaceFile(join(file, 'x'), 'y', true)).rejects.toMatchObject({
      error: { code: 'storage' },
    });
    expect(readdirSync(join(directory, 'new'))).toEqual(['w.yaml']);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
