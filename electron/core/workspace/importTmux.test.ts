import { expect, it } from 'vitest';
import { panesOfSpec } from '../../../shared/panes/layoutFromSpec.ts';
import type { Importer } from './importers.ts';
import { importTmuxinator } from './importTmuxinator.ts';
import { importTmuxp } from './importTmuxp.ts';
import { parseWorkspace } from './workspaceFile.ts';

function run(importer: Importer, text: string) {
  const imported = importer(text, { file: '/f.yml', homeDirectory: '/home/me' });
  if (!imported.ok) throw new Error(imported.error.message);
  const { workspace, problems } = parseWorkspace(imported.value.text, {
    file: '/w.yaml',
    homeDirectory: '/home/me',
  });
  expect(problems).toEqual([]);
  return {
    ...imported.value,
    workspace,
    panes: workspace?.panes?.map((window) => [window.name, panesOfSpec(window.layout)]),
  };
}

function refusal(importer: Importer, text: string): string {
  const imported = importer(text, { file: '/f.yml', homeDirectory: '/home/me' });
  return imported.ok ? 'imported' : imported.error.message;
}

it('a tmuxinator project becomes windows and panes, logins by ssh become hosts', () => {
  const { workspace, panes, warnings } = run(
    importTmuxinator,
    `name: prod
root: ~/app dir
on_project_start: docker compose up -d
pre_window: rbenv shell 3.3
windows:
  - editor:
      layout: main-vertical
      synchronize: after
      panes:
        - vim
        - guard
        - shell:
  - server: bundle exec rails s
  - stats:
      - ssh stats@example.com
      - tail -f /var/log/stats.log
  - logs:
      layout: even-horizontal
      panes:
        - web:
            - ssh -p 2222 -J bastion logs@example.com
            - cd "/var/my logs"
        - ssh web2 htop
        - ssh stats@example.com
        - ssh -o Weird=yes web3
  - ~: ls
  - idle:
`,
  );
  expect(workspace?.hosts.map((host) => [host.id, host.transport])).toEqual([
    ['here', { kind: 'local' }],
    ['example.com', { kind: 'ssh', host: 'example.com', user: 'stats' }],
    ['example.com-2', { kind: 'ssh', host: 'example.com', port: 2222, user: 'logs', jump: ['bastion'] }],
    ['web2', { kind: 'ssh', alias: 'web2' }],
  ]);
  const before = ["cd ~/'app dir'", 'rbenv shell 3.3'];
  expect(panes).toEqual([
    [
      'editor',
      [
        { host: 'here', run: [...before, 'vim'] },
        { host: 'here', run: [...before, 'guard'] },
        { host: 'here', run: before },
      ],
    ],
    ['server', [{ host: 'here', run: [...before, 'bundle exec rails s'] }]],
    ['stats', [{ host: 'example.com', run: ['tail -f /var/log/stats.log'] }]],
    [
      'logs',
      [
        { host: 'example.com-2', run: ['cd "/var/my logs"'] },
        { host: 'web2', run: ['htop'] },
        { host: 'example.com' },
        { host: 'here', run: [...before, 'ssh -o Weird=yes web3'] },
      ],
    ],
    ['5', [{ host: 'here', run: [...before, 'ls'] }]],
    ['idle', [{ host: 'here', run: before }]],
  ]);
  expect(workspace?.panes?.[0]?.layout).toMatchObject({
    split: 'row',
    children: [{ size: 2 }, { layout: { split: 'column' } }],
  });
  expect(warnings).toEqual([
    'Not imported, because it runs programs on this machine: on_project_start.',
    'The window "editor" types into all panes at once; turn broadcast on by hand.',
    "What is run before each pane's commands is meant for this machine; it was left out of the 4 panes that log in elsewhere.",
    'Commands are typed into their panes only after you approve the file.',
  ]);
});

it('old projects with tabs are read too', () => {
  const { panes } = run(
    importTmuxinator,
    'project_name: old\nproject_root: /srv\nrvm: 1.9.2\ntabs:\n  - shell: git pull\n',
  );
  expect(panes).toEqual([['shell', [{ host: 'here', run: ['cd /srv', 'rvm use 1.9.2', 'git pull'] }]]]);
});

it('ERB is refused with its line, never run; an escaped <%% is text', () => {
  expect(refusal(importTmuxinator, 'name: x\nroot: <%= `touch /tmp/pwned` %>\nwindows: []\n')).toBe(
    '/f.yml: line 2 holds ERB (<% … %>), which is Ruby that would run',
  );
  expect(refusal(importTmuxinator, 'windows: [ { a: "echo <%% b" } ]')).toBe('imported');
});

it('raw tmux layouts keep their shape and sizes; one that does not fit is tiled and told', () => {
  const raw = (layout: string) =>
    run(importTmuxinator, `windows:\n  - a:\n      layout: ${layout}\n      panes: [one, two, three]\n`);
  const { workspace } = raw('bb62,159x48,0,0{79x48,0,0,79x48,80,0[79x24,80,0,79x23,80,25]}');
  expect(workspace?.panes?.[0]?.layout).toEqual({
    split: 'row',
    children: [
      { size: 79, layout: { host: 'here', run: ['one'] } },
      {
        size: 79,
        layout: {
          split: 'column',
          children: [
            { size: 24, layout: { host: 'here', run: ['two'] } },
            { size: 23, layout: { host: 'here', run: ['three'] } },
          ],
        },
      },
    ],
  });
  const withIds = raw('0f00,80x24,0,0[80x8,0,0,1,80x8,0,9,2,80x6,0,18,3]');
  expect(withIds.workspace?.panes?.[0]?.layout).toMatchObject({ split: 'column' });
  for (const wrong of [
    'bb62,159x48,0,0{79x48,0,0,79x48,80,0}',
    'diagonal',
    `bb62,${'1x1,0,0{'.repeat(500)}`,
  ]) {
    const { warnings, panes } = raw(wrong);
    expect(warnings[0]).toContain('does not fit its 3 panes; they are tiled');
    expect(panes?.[0]?.[1]).toHaveLength(3);
  }
});

it('a tmuxp session, YAML or JSON', () => {
  const { panes, warnings, workspace } = run(
    importTmuxp,
    `session_name: 4-pane-split
start_directory: /var
before_script: ./bootstrap.sh
shell_command_before: [echo hi]
windows:
  - window_name: dev
    layout: tiled
    shell_command_before:
      - cmd: cd ~/
    panes:
      - shell_command: [cd /var/log, "ls -al | grep \\\\.log"]
        focus: true
      - pwd
      - pane
      - null
      - shell_command:
          - cmd: ssh root@10.0.0.7
          - cmd: reboot
            enter: false
          - uptime
  - panes: [blank]
`,
  );
  const before = ['cd /var', 'echo hi', 'cd ~/'];
  expect(panes).toEqual([
    [
      'dev',
      [
        { host: 'here', run: [...before, 'cd /var/log', 'ls -al | grep \\.log'] },
        { host: 'here', run: [...before, 'pwd'] },
        { host: 'here', run: before },
        { host: 'here', run: before },
        { host: '10.0.0.7', run: ['uptime'] },
      ],
    ],
    ['2', [{ host: 'here', run: ['cd /var', 'echo hi'] }]],
  ]);
  expect(workspace?.name).toBe('4-pane-split');
  expect(warnings.slice(0, 2)).toEqual([
    'Not imported, because it runs programs on this machine: before_script.',
    'A command with "enter: false" left out.',
  ]);
  const json = run(
    importTmuxp,
    JSON.stringify({
      session_name: 'j',
      windows: [{ window_name: 'w', panes: ['top', { shell_command: 'ls' }] }],
    }),
  );
  expect(json.panes).toEqual([
    [
      'w',
      [
        { host: 'here', run: ['top'] },
        { host: 'here', run: ['ls'] },
      ],
    ],
  ]);
});

it('hostile values stay values: names, commands and directories do not break out of the file or the shell', () => {
  const { workspace, panes } = run(
    importTmuxp,
    JSON.stringify({
      session_name: 'a\nhosts: []',
      start_directory: "/tmp/'; touch /tmp/pwned; '",
      windows: [
        {
          window_name: 'x\u001b]0;y\u0007',
          panes: [
            'ssh $(touch /tmp/pwned)',
            'ssh -oProxyCommand=evil h',
            'ssh -- -oX',
            'a\u0003b',
            'one\ntwo',
          ],
        },
        { window_name: '__proto__', panes: ['{{ x }}'] },
      ],
    }),
  );
  expect(workspace?.name).toBe('a hosts: []');
  expect(workspace?.hosts.map((host) => host.transport)).toEqual([{ kind: 'local' }]);
  const directory = "cd '/tmp/'\\''; touch /tmp/pwned; '\\'''";
  expect(panes?.[0]).toEqual([
    'x ]0;y ',
    [
      { host: 'here', run: [directory, 'ssh $(touch /tmp/pwned)'] },
      { host: 'here', run: [directory, 'ssh -oProxyCommand=evil h'] },
      { host: 'here', run: [directory, 'ssh -- -oX'] },
      { host: 'here', run: [directory] },
      { host: 'here', run: [directory, 'one', 'two'] },
    ],
  ]);
});

it.each([
  [
    'a bomb of aliases',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [${`*${'abcdefg'[index]},`.repeat(9)}]`)
      .join('\n')}\nwindows: *h\n`,
    'writes out to more than',
  ],
  ['a cycle', 'windows: &a [ { b: *a } ]\n', 'contains itself'],
  ['a merge of itself', 'windows: &a\n  <<: *a\n', 'contains itself'],
  ['deep nesting', `windows: ${'['.repeat(20_000)}`, ''],
  ['more than 1 MiB', `windows: [ "${'x'.repeat(1_100_000)}" ]`, '1100015 characters'],
  ['broken YAML', 'windows: [\n', 'line 2'],
  ['no windows', 'name: x\n', 'no list of windows'],
  ['text', 'hello', 'no list of windows'],
  ['nothing', '', 'no list of windows'],
])('%s is refused', (_, text, why) => {
  for (const importer of [importTmuxinator, importTmuxp]) {
    const message = refusal(importer, text);
    expect(message).toMatch(/^\/f\.yml: /);
    expect(message).toContain(why);
  }
});

it('one line of a megabyte is too much to type, and is told', () => {
  const { warnings, panes } = run(importTmuxp, `windows: [ { panes: [ "${'x'.repeat(1_000_000)}" ] } ]`);
  expect(warnings[0]).toContain('more than 2,000 characters');
  expect(panes).toEqual([['1', [{ host: 'here' }]]]);
});

it("takes ssh's options after the host too, and no password", () => {
  const { workspace, panes, warnings } = run(
    importTmuxinator,
    `name: x
windows:
  - a:
      panes:
        - ssh one -p 2200 -l ops tail -f /var/log/syslog
        - sshpass -p 'hunter2' ssh two ls
        - sshpass -e ssh three
        - ssh four -- ls
`,
  );
  expect(workspace?.hosts.map((host) => host.transport)).toEqual([
    { kind: 'ssh', host: 'one', port: 2200, user: 'ops' },
    { kind: 'ssh', alias: 'two' },
    { kind: 'ssh', alias: 'three' },
    { kind: 'local' },
  ]);
  expect(panes?.[0]?.[1]).toEqual([
    { host: 'one', run: ['tail -f /var/log/syslog'] },
    { host: 'two', run: ['ls'] },
    { host: 'three' },
    { host: 'here', run: ['ssh four -- ls'] },
  ]);
  expect(warnings.slice(0, 2)).toEqual([
    'two: its password was left out: Fireline asks for it, and keeps none.',
    'three: its password was left out: Fireline asks for it, and keeps none.',
  ]);
});

it('names everything that it does not take, once', () => {
  const tmuxinator = run(
    importTmuxinator,
    `name: x
startup_window: b
windows:
  - a:
      focus: true
      panes:
        - ssh -A -t one
        - ssh ssh://ops@two:2200/
        - ssh three:22
        - ssh ssh://[2001:db8::1]
        - [ls, [nested]]
  - b:
      panes: { left: ls, right: pwd }
  - c:
      panes: []
  - { d: ls, e: lost }
`,
  );
  expect(tmuxinator.workspace?.hosts.map((host) => host.transport)).toEqual([
    { kind: 'ssh', alias: 'one' },
    { kind: 'ssh', host: 'two', user: 'ops', port: 2200 },
    { kind: 'local' },
    { kind: 'ssh', alias: '2001:db8::1' },
  ]);
  expect(tmuxinator.panes?.map(([name, panes]) => [name, panes?.length])).toEqual([
    ['a', 5],
    ['b', 2],
    ['c', 1],
    ['d', 1],
  ]);
  expect(tmuxinator.warnings).toEqual([
    '["nested"] is no command; left out.',
    'Not imported: "startup_window", "focus", "e".',
    "one: ssh's -A was left out; put it into your ssh_config.",
    'Commands are typed into their panes only after you approve the file.',
  ]);
  expect(
    run(
      importTmuxp,
      'session_name: s\nenvironment: {A: 1}\nwindows:\n- window_shell: ssh h\n  panes:\n  - shell: ssh b\n  - ls\n',
    ).warnings,
  ).toContain('Not imported: "environment", "window_shell", "shell".');
});
