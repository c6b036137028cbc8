import { expect, it } from 'vitest';
import type { HostId } from '../../../shared/model/host.ts';
import { heldHosts } from './approvals.ts';
import { machineWorkspace } from './machineWorkspace.ts';
import { newWorkspace } from './newWorkspace.ts';
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
  expect(heldHosts(workspace, () => false)).toEqual([
    { host: 'pod' as HostId, command: "sh -c 'rm -rf x'\nsh -c …" },
  ]);
  expect(heldHosts(workspace, (hash) => hash === workspace.contentHash)).toEqual([]);
  expect(heldHosts(machineWorkspace(), () => false)).toEqual([]);
});
