import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NEW_WORKSPACE } from '../../../shared/model/newWorkspace.ts';
import { heldCommands } from './approvals.ts';
import { machineWorkspace } from './machineWorkspace.ts';
import { saveWorkspaceFile } from './saveWorkspaceFile.ts';
import { parseWorkspace } from './workspaceFile.ts';

it('the text for a new workspace opens as it is', () => {
  const { workspace, problems } = parseWorkspace(NEW_WORKSPACE, { file: '/w.yaml', homeDirectory: '/h' });
  expect(problems).toEqual([]);
  expect(workspace?.name).toBe('my servers');
  expect(workspace?.hosts.map((h) => h.id)).toEqual(['web1', 'db1', 'here']);
});

it('the examples in its comments are right', () => {
  const uncommented = NEW_WORKSPACE.replace(/^# (?=logs:| {2}- \{)/gm, '');
  const { workspace, problems } = parseWorkspace(uncommented, { file: '/w.yaml', homeDirectory: '/h' });
  expect(problems).toEqual([]);
  expect(workspace?.logs).toHaveLength(1);
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
    // Where nothing can be made, and the answer is that a parent is missing.
    await expect(saveWorkspaceFile('/proc/new/folder/w.yaml', 'y', false)).rejects.toMatchObject({
      error: { code: 'storage', message: expect.stringContaining('ENOENT') },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
