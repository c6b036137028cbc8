import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { panesOfSpec } from '../../../shared/panes/layoutFromSpec.ts';
import { heldStartUps } from './approvals.ts';
import { contentHash, parseWorkspace, readWorkspaceFile } from './workspaceFile.ts';

const detectors = {
  respawnLoop: { minimumRestarts: 3, windowSeconds: 60, followChildren: true },
  oomKill: { enabled: true },
};

function parse(text: string) {
  return parseWorkspace(text, { file: '/w/crawlers.yaml', homeDirectory: '/home/me', detectors });
}

/** `line:column severity host? message | expected`, one a problem. */
function problems(text: string): string[] {
  return parse(text).problems.map(
    (p) => `${p.line}:${p.column} ${p.severity}${p.host ? ` [${p.host}]` : ''} ${p.message} | ${p.expected}`,
  );
}

const head = 'version: 1\nname: crawlers\n';
const good = '  - { id: here, local: {} }\n';

describe('a whole file', () => {
  it('is read with every transport, paths made absolute', () => {
    const text = `${head}hosts:
  - id: web1
    tags: [web]
    ssh: { host: 10.0.0.1, port: 2222, user: deploy, identityFile: ~/.ssh/id, knownHostsFile: keys/known, jump: ['ops@bastion:22', "[::1]:2200"], hostKeyAlias: w }
  - { id: web2, tags: [web], ssh: web2 }           # an alias
  - { id: here, local: {} }
  - { id: pod, command: { shell: [kubectl, exec, -it, web-0, --, sh], exec: [kubectl, exec, -i, web-0, --, sh, -c] } }
  - { id: cloud, ssm: { target: i-0123456789abcdef0, region: eu-west-1 } }
logs: [ { path: "/srv/www/*/log/*.log", on: [web] }, { path: /var/log/syslog } ]
panes:
  - name: crawl
    row:
      - { pane: web1, size: 2 }
      - column: [web2, here]
  - { name: all, tiled: [web, here, pod] }
thresholds:
  respawnLoop: { minimumRestarts: 4 }
  overrides:
    - { on: [web], respawnLoop: { followChildren: false } }
runbooks:
  - name: restart-app
    title: Restart one app
    on: [web]
    parameters:
      app: { type: choice, choices: [shop, blog] }
      workers: { type: integer, minimum: 1, maximum: 64, default: 4 }
      ticket: { pattern: "OPS-[0-9]+" }
    guard: test -d "/srv/$app"
    run: |
      systemctl restart "app-$app"
      echo "$workers"
    verify: systemctl is-active "app-$app"
    root: true
    timeout: 90
  - { name: free-cache, run: sync }
`;
    expect(parse(text)).toEqual({
      problems: [],
      workspace: {
        version: 1,
        name: 'crawlers',
        path: '/w/crawlers.yaml',
        contentHash: contentHash(text),
        hosts: [
          {
            id: 'web1',
            tags: ['web'],
            transport: {
              kind: 'ssh',
              host: '10.0.0.1',
              port: 2222,
              user: 'deploy',
              identityFile: '/home/me/.ssh/id',
              knownHostsFile: '/w/keys/known',
              jump: ['ops@bastion:22', '[::1]:2200'],
              hostKeyAlias: 'w',
            },
          },
          { id: 'web2', tags: ['web'], transport: { kind: 'ssh', alias: 'web2' } },
          { id: 'here', tags: [], transport: { kind: 'local' } },
          {
            id: 'pod',
            tags: [],
            transport: {
              kind: 'command',
              shell: ['kubectl', 'exec', '-it', 'web-0', '--', 'sh'],
              exec: ['kubectl', 'exec', '-i', 'web-0', '--', 'sh', '-c'],
            },
          },
          {
            id: 'cloud',
            tags: [],
            transport: { kind: 'ssm', target: 'i-0123456789abcdef0', region: 'eu-west-1' },
          },
        ],
        logs: [{ path: '/srv/www/*/log/*.log', on: ['web'] }, { path: '/var/log/syslog' }],
        panes: [
          {
            name: 'crawl',
            layout: {
              split: 'row',
              children: [
                { size: 2, layout: { host: 'web1' } },
                {
                  size: 1,
                  layout: {
                    split: 'column',
                    children: [
                      { size: 1, layout: { host: 'web2' } },
                      { size: 1, layout: { host: 'here' } },
                    ],
                  },
                },
              ],
            },
          },
          {
            name: 'all',
            layout: {
              split: 'column',
              children: [
                {
                  size: 1,
                  layout: {
                    split: 'row',
                    children: [
                      { size: 1, layout: { host: 'web1' } },
                      { size: 1, layout: { host: 'web2' } },
                    ],
                  },
                },
                {
                  size: 1,
                  layout: {
                    split: 'row',
                    children: [
                      { size: 1, layout: { host: 'here' } },
                      { size: 1, layout: { host: 'pod' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
        thresholds: [
          { detector: 'respawnLoop', values: { minimumRestarts: 4 } },
          { detector: 'respawnLoop', values: { followChildren: false }, on: ['web'] },
        ],
        runbooks: [
          {
            name: 'restart-app',
            title: 'Restart one app',
            on: ['web'],
            parameters: [
              { name: 'app', type: 'choice', choices: ['shop', 'blog'] },
              { name: 'workers', type: 'integer', minimum: 1, maximum: 64, default: '4' },
              { name: 'ticket', type: 'text', pattern: 'OPS-[0-9]+' },
            ],
            guard: 'test -d "/srv/$app"',
            run: 'systemctl restart "app-$app"\necho "$workers"\n',
            verify: 'systemctl is-active "app-$app"',
            root: true,
            timeoutSeconds: 90,
          },
          {
            name: 'free-cache',
            title: 'free-cache',
            parameters: [],
            run: 'sync',
            root: false,
            timeoutSeconds: 60,
          },
        ],
      },
    });
  });

  it('may start with a byte-order mark and end lines as Windows does', () => {
    const { workspace, problems: found } = parse(`\uFEFF${head}hosts:\n${good}`.replaceAll('\n', '\r\n'));
    expect(found).toEqual([]);
    expect(workspace?.hosts).toHaveLength(1);
  });

  it('may use anchors and merge keys, where what is written out wins', () => {
    const { workspace, problems: found } = parse(`${head}hosts:
  - &base { id: a, tags: [web], ssh: &ssh { host: 10.0.0.1, user: deploy } }
  - { <<: *base, id: b, ssh: { <<: *ssh, host: 10.0.0.2 } }
`);
    expect(found).toEqual([]);
    expect(workspace?.hosts[1]).toEqual({
      id: 'b',
      tags: ['web'],
      transport: { kind: 'ssh', host: '10.0.0.2', user: 'deploy' },
    });
  });

  it('that ships as the example has no problem', async () => {
    const example = fileURLToPath(new URL('../../../assets/workspaces/example.yaml', import.meta.url));
    const { workspace, problems: found } = await readWorkspaceFile(example, { homeDirectory: '/home/me' });
    expect(found).toEqual([]);
    expect(workspace?.hosts.length).toBeGreaterThan(3);
    expect(workspace?.panes?.length).toBeGreaterThan(0);
  });
});

describe('a fault in the file names line, column and what was expected', () => {
  it.each([
    ['an empty file', '', ['1:1 error The file is empty. | version: 1, a name and hosts']],
    ['only comments', '# nothing\n', ['1:1 error The file is empty. | version: 1, a name and hosts']],
    ['a list', '- a\n', ['1:1 error the workspace is a list. | a map']],
    [
      'a newer version',
      'version: 2\n',
      [
        '1:10 error The file is in version 2 of the format; this Fireline knows version 1. | version: 1, or a newer Fireline',
      ],
    ],
    [
      'no version',
      `name: a\nhosts:\n${good}`,
      ['1:1 error The workspace does not say which version of the format it is in. | version: 1'],
    ],
    [
      'no hosts',
      head,
      ['1:1 error The workspace has no hosts. | hosts: a list, such as [{ id: here, local: {} }]'],
    ],
    [
      'an empty list of hosts',
      `${head}hosts: []\n`,
      ['3:8 error The workspace has no hosts. | at least one host, such as { id: here, local: {} }'],
    ],
    ['hosts as a map', `${head}hosts:\n  web1: { ssh: a }\n`, ['4:3 error hosts is a map. | a list']],
    [
      'an unknown key',
      `${head}host:\n${good}hosts:\n${good}`,
      [
        '3:1 error the workspace has an unknown key "host"; did you mean "hosts"? | one of: version, name, hosts, logs, panes, thresholds, runbooks',
      ],
    ],
    [
      'a key twice',
      `${head}name: b\nhosts:\n${good}`,
      ['3:1 error the workspace has "name" twice. | "name" once'],
    ],
    [
      'two documents',
      `${head}hosts:\n${good}---\na: 1\n`,
      [
        '5:1 error The file holds more than one YAML document. | one document: remove the line --- and what follows',
      ],
    ],
    [
      'tabs',
      `${head}hosts:\n\t- { id: a, local: {} }\n`,
      ['4:1 error A tab is used for indentation. | spaces: YAML does not allow tabs there'],
    ],
    [
      'a name that is no text',
      `version: 1\nname: 12\nhosts:\n${good}`,
      ['2:7 error name is the number 12. | text: write it in quotes, "12"'],
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it('an unclosed bracket', () => {
    const [first] = parse(`${head}hosts: [ { id: a, local: {} }\n`).problems;
    expect(first).toMatchObject({
      severity: 'error',
      line: 4,
      expected: '"]", or this line indented to belong to it',
    });
  });
});

describe('a fault in a host names it and leaves the others open', () => {
  it.each([
    [
      'no id',
      '- { local: {} }',
      '[host 2] A host has no id. | id: a name of letters, digits, ".", "_" and "-"',
    ],
    [
      'a number as id',
      '- { id: 7, local: {} }',
      '[host 2] id is the number 7. | text: write it in quotes, "7"',
    ],
    [
      'an id that is a path',
      '- { id: ../x, local: {} }',
      '[host 2] The id "../x" cannot be used. | 1 to 64 letters, digits, ".", "_" or "-", the first no "." or "-"',
    ],
    [
      'an id twice',
      '- { id: here, local: {} }',
      '[here] There is already a host with the id "here". | an id of its own for each host',
    ],
    ['no transport', '- { id: a }', '[a] a has no transport. | one of: ssh, local, command, ssm, ecs'],
    [
      'two transports',
      '- { id: a, ssh: b, local: {} }',
      '[a] a has 2 transports: ssh and local. | exactly one of: ssh, local, command, ssm, ecs',
    ],
    [
      'an unknown key',
      '- { id: a, ssh: b, tag: [x] }',
      '[a] a has an unknown key "tag"; did you mean "tags"? | one of: id, tags, ssh, local, command, ssm, ecs',
    ],
    ['tags as text', '- { id: a, ssh: b, tags: web }', '[a] tags of a is the text "web". | a list: [web]'],
    [
      'a port too large',
      '- { id: a, ssh: { host: h, port: 70000 } }',
      '[a] The port "70000" cannot be used. | a whole number from 1 to 65535',
    ],
    [
      'a port of zero',
      '- { id: a, ssh: { host: h, port: 0 } }',
      '[a] The port "0" cannot be used. | a whole number from 1 to 65535',
    ],
    [
      'a port as text',
      '- { id: a, ssh: { host: h, port: "22" } }',
      '[a] The port "22" cannot be used. | a whole number from 1 to 65535',
    ],
    [
      'a mistyped key of ssh',
      '- { id: a, ssh: { host: h, prot: 1 } }',
      '[a] ssh has an unknown key "prot"; did you mean "port"? | one of: host, port, user, identityFile, knownHostsFile, jump, hostKeyAlias',
    ],
    ['ssh without host', '- { id: a, ssh: { user: u } }', '[a] ssh has no host. | host: a name or address'],
    [
      'ssh with nothing',
      '- { id: a, ssh: }',
      '[a] ssh names no host. | an alias of your ssh_config, or a map such as { host: 10.0.0.1, user: deploy }',
    ],
    [
      'a host that would be an option',
      '- { id: a, ssh: -oProxyCommand=x }',
      '[a] The alias "-oProxyCommand=x" cannot be used. | a host name or address without spaces or "@" (the user has its own key)',
    ],
    [
      "another user's home",
      '- { id: a, ssh: { host: h, identityFile: ~bob/k } }',
      '[a] identityFile "~bob/k" is in another user\'s home. | a path that starts with ~/ or /, or relative to this file',
    ],
    [
      'a jump to itself',
      '- { id: a, ssh: { host: h, jump: [a] } }',
      '[a] The jumps go in a circle: a → a. | jumps that end at a host reached directly',
    ],
    [
      'a jump that is no host',
      '- { id: a, ssh: { host: h, jump: ["a b"] } }',
      '[a] The jump "a b" cannot be used. | an alias of your ssh_config or [user@]host[:port]',
    ],
    [
      'command as text',
      '- { id: a, command: { shell: "docker exec", exec: [a] } }',
      '[a] shell is the text "docker exec". | a list: [docker exec]',
    ],
    [
      'command without exec',
      '- { id: a, command: { shell: [sh] } }',
      '[a] command has no exec. | exec: a list of a program and its arguments, such as [docker, exec, -i, web, sh]',
    ],
    [
      'a number as argument',
      '- { id: a, command: { shell: [sh, 1], exec: [sh, -c] } }',
      '[a] an entry of shell is the number 1. | text: write it in quotes, "1"',
    ],
    [
      'an instance id that is none',
      '- { id: a, ssm: { instance: web-1 } }',
      '[a] The instance "web-1" cannot be used. | an instance id, i-0123456789abcdef0 or mi-0123456789abcdef0 (a task of ECS has its own entry: ecs)',
    ],
    [
      'a session to nothing',
      '- { id: a, ssm: { region: eu-west-1 } }',
      '[a] ssm has neither instance nor target. | instance: i-0123456789abcdef0',
    ],
    [
      'a service and a task',
      '- { id: a, ecs: { cluster: prod, service: api, task: t1 } }',
      '[a] ecs has both service and task. | one of the two',
    ],
    [
      'an ECS entry without a cluster',
      '- { id: a, ecs: { service: api } }',
      '[a] ecs has no cluster. | cluster: its name or ARN',
    ],
    [
      'a region that is none',
      '- { id: a, ssm: { instance: i-0123456789abcdef0, region: Ireland } }',
      '[a] The region "Ireland" cannot be used. | a name such as eu-west-1',
    ],
    ['a host that is text', '- web1', '[host 2] host 2 is the text "web1". | a map'],
    [
      'a line break in an address',
      '- { id: a, ssh: "a\\nb" }',
      '[a] ssh holds a control character or a line break. | one line of text',
    ],
  ])('%s', (_, host, expected) => {
    const text = `${head}hosts:\n${good}  ${host}\n  - { id: last, ssh: last }\n`;
    expect(problems(text).map((p) => p.replace(/^5:\d+ error /, ''))).toEqual([expected]);
    expect(parse(text).workspace?.hosts.map((h) => h.id)).toEqual(['here', 'last']);
  });

  it('jumps that go in a circle spoil every host of the circle, and no other', () => {
    const text = `${head}hosts:
  - { id: a, ssh: { host: 1.1.1.1, jump: [b] } }
  - { id: b, ssh: { host: 1.1.1.2, jump: ["root@c:22"] } }
  - { id: c, ssh: { host: 1.1.1.3, jump: [x, a] } }
  - { id: d, ssh: { host: 1.1.1.4, jump: [a] } }
`;
    expect(parse(text).workspace?.hosts.map((h) => h.id)).toEqual(['d']);
    expect(problems(text)).toEqual([
      '4:14 error [a] The jumps go in a circle: a → b → c → a. | jumps that end at a host reached directly',
      '5:14 error [b] The jumps go in a circle: b → c → a → b. | jumps that end at a host reached directly',
      '6:14 error [c] The jumps go in a circle: c → a → b → c. | jumps that end at a host reached directly',
    ]);
  });

  it('a syntax error keeps the hosts above it', () => {
    const { workspace, problems: found } = parse(
      `${head}hosts:\n${good}  - { id: b, ssh: b }\n  - { id: c, ssh: "c }\n`,
    );
    expect(workspace?.hosts.map((h) => h.id)).toEqual(['here', 'b']);
    expect(found).toHaveLength(1);
    expect(found[0]?.severity).toBe('error');
  });

  it('panes and logs of a host that is left out go with it', () => {
    const text = `${head}hosts:\n${good}  - { id: bad, ssh: { host: h, port: 0 } }\nlogs: [{ path: /a, on: [bad] }]\npanes:\n  - { name: one, row: [here, bad] }\n  - { name: two, pane: bad }\n`;
    expect(problems(text)).toHaveLength(1);
    expect(parse(text).workspace?.panes).toEqual([{ name: 'one', layout: { host: 'here' } }]);
  });
});

describe('logs, panes and thresholds', () => {
  it('take lines to type beside a pane, one or a list, in any depth', () => {
    const text = `${head}hosts:\n${good}panes:\n  - { pane: here, run: htop }\n  - row: [here, { column: [here, { pane: here, size: 2, run: ['cd "/srv"', 'tail -f x'] }] }]\n`;
    const { workspace, problems } = parse(text);
    expect(problems).toEqual([]);
    const panes = workspace?.panes?.map((window) => panesOfSpec(window.layout)) ?? [];
    expect(panes).toEqual([
      [{ host: 'here', run: ['htop'] }],
      [{ host: 'here' }, { host: 'here' }, { host: 'here', run: ['cd "/srv"', 'tail -f x'] }],
    ]);
    const held = [
      { host: 'here', command: 'htop', typed: true },
      { host: 'here', command: 'cd "/srv"\ntail -f x', typed: true },
    ];
    if (workspace === undefined) throw new Error('not opened');
    expect(heldStartUps(workspace, { isApproved: () => false })).toEqual(held);
    expect(heldStartUps(workspace, { isApproved: (hash) => hash === workspace.contentHash })).toEqual([]);
  });

  const file = (rest: string) => `${head}hosts:\n  - { id: here, tags: [web], local: {} }\n${rest}`;
  it.each([
    [
      'on that names nothing',
      'logs: [{ path: /a, on: [wbe] }]',
      ['5:25 warning No host has the id or tag "wbe". | one of: web, here'],
    ],
    ['on as text', 'logs: [{ path: /a, on: web }]', ['5:24 error on is the text "web". | a list: [web]']],
    [
      'a pattern that has no bound',
      'logs: [{ path: /a, match: ["(a)\\\\1"] }]',
      [
        '5:28 error The pattern "(a)\\1" cannot be used: it needs back references, look-around or a large repetition, whose time has no bound. | a regular expression without back references and look-around',
      ],
    ],
    [
      'a severity that there is not',
      'logs: [{ path: /a, match: [{ pattern: x, severity: warn }] }]',
      ['5:52 error There is no severity "warn". | one of: info, warning, critical'],
    ],
    [
      'a relative path',
      'logs: [{ path: log/a }]',
      [
        '5:16 error The log path "log/a" is not absolute. | a path that starts with / (the host has no ~ for it)',
      ],
    ],
    [
      'an unknown host in a pane',
      'panes: [{ name: a, row: [hree, here] }]',
      ['5:26 error There is no host "hree"; did you mean "here"? | one of: here'],
    ],
    [
      'a window with two layouts',
      'panes: [{ name: a, row: [here], tiled: [web] }]',
      ['5:9 error This window has row and tiled. | exactly one of: pane, row, column, tiled'],
    ],
    [
      'lines for no pane',
      'panes: [{ row: [here, here], run: ls }]',
      ['5:30 error "run" stands beside row. | "run" beside "pane": it is typed into that one'],
    ],
    [
      'a session for no pane',
      'panes: [{ row: [here, here], durable: ops }]',
      [
        '5:30 error "durable" stands beside row. | "durable" beside "pane": it names the session that this one is attached to',
      ],
    ],
    [
      'a session that tmux could not name so',
      'panes: [{ pane: here, durable: "-S/tmp/x" }]',
      [
        '5:32 error "-S/tmp/x" cannot be the name of a session of tmux. | a letter, then letters, digits, _ and -, at most 64 in all',
      ],
    ],
    [
      'lines that are a number',
      'panes: [{ pane: here, run: 7 }]',
      ['5:28 error run is the number 7. | text: write it in quotes, "7"'],
    ],
    [
      'a line that breaks',
      'panes: [{ pane: here, run: "a\\nb" }]',
      ['5:28 error run holds a control character or a line break. | one line of text'],
    ],
    [
      'more than a person reads',
      `panes: [{ pane: here, run: ${'x'.repeat(3000)} }]`,
      ['5:23 error "run" has 3000 characters. | at most 2000, so that it can be read before it is approved'],
    ],
    [
      'a size of nothing',
      'panes: [{ row: [{ pane: here, size: 0 }, here] }]',
      ['5:37 error The size cannot be used. | a share above 0, such as 2; neighbours without one have 1'],
    ],
    [
      'an unknown detector',
      'thresholds: { respawnLop: { minimumRestarts: 3 } }',
      [
        '5:15 error thresholds has an unknown key "respawnLop"; did you mean "respawnLoop"? | one of: respawnLoop, oomKill, overrides',
      ],
    ],
    [
      'an unknown threshold',
      'thresholds: { respawnLoop: { restarts: 3 } }',
      [
        '5:30 error respawnLoop has an unknown key "restarts". | one of: minimumRestarts, windowSeconds, followChildren',
      ],
    ],
    [
      'a threshold of another type',
      'thresholds: { respawnLoop: { minimumRestarts: yes } }',
      [
        '5:47 error The threshold respawnLoop.minimumRestarts cannot be "yes". | a number, 0 or more; 3 when not given',
      ],
    ],
    [
      'a negative threshold',
      'thresholds: { respawnLoop: { minimumRestarts: -1 } }',
      [
        '5:47 error The threshold respawnLoop.minimumRestarts cannot be "-1". | a number, 0 or more; 3 when not given',
      ],
    ],
    [
      'a runbook without anything to run',
      'runbooks: [{ name: nothing }]',
      ['5:12 error A runbook has no run. | run: what is run on the host, in POSIX shell'],
    ],
    [
      'a parameter that would be another variable',
      'runbooks: [{ name: a, run: ls, parameters: { PATH: {} } }]',
      [
        '5:46 error The parameter "PATH" cannot be used. | lower-case letters, digits and underscores: it becomes a shell variable',
      ],
    ],
    [
      'a default that its own parameter refuses',
      'runbooks: [{ name: a, run: ls, parameters: { n: { type: integer, maximum: 3, default: 4 } } }]',
      ['5:87 error The default of n cannot be used. | n: a whole number, at most 3'],
    ],
    [
      'an override for nobody',
      'thresholds: { overrides: [{ oomKill: { enabled: false } }] }',
      ['5:27 error override 1 does not say which hosts it is for. | on: [host ids or tags]'],
    ],
  ])('%s', (_, rest, expected) => {
    expect(problems(file(`${rest}\n`))).toEqual(expected);
    expect(parse(file(rest)).workspace?.hosts).toHaveLength(1);
  });
});

describe('a hostile file', () => {
  it('with anchors that explode is refused at once', () => {
    let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
    for (let i = 1; i < 12; i += 1)
      text += `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]\n`;
    const result = parse(`${text}version: 1\n`);
    expect(result.workspace).toBeUndefined();
    expect(result.problems[0]?.message).toBe('The aliases here write out to more than 100,000 values.');
    expect(result.problems[0]?.line).toBeGreaterThan(3);
  });

  it('with an anchor inside itself, or an alias to nothing, is refused', () => {
    expect(problems(`${head}hosts: &a [*a]\n`)[0]).toContain('An anchor contains an alias to itself.');
    expect(problems(`${head}hosts:\n${good}  - *nobody\n`).join('\n')).toContain('nobody');
  });

  it('that is too large or too deep is refused', () => {
    expect(problems('#'.repeat(1_100_000))[0]).toContain('at most 1 MiB');
    const deep = parse(`hosts: ${'['.repeat(200_000)}`);
    expect(deep.workspace).toBeUndefined();
    expect(deep.problems.length).toBeGreaterThan(0);
  });

  it('never makes the parser throw, whatever is cut out of it or put in', () => {
    const whole = `${head}hosts:\n  - &a { id: web1, tags: [web], ssh: { host: h, port: 22 } }\n  - { <<: *a, id: b }\nlogs: [{ path: /a, on: [web] }]\npanes: [{ row: [web1, b] }]\nthresholds: { oomKill: { enabled: true } }\n`;
    let seed = 42;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ':',
      '- ',
      '\t',
      '"',
      "'",
      '*a',
      '&b ',
      '<<: ',
      '\n',
      '!!js ',
      '? ',
      '|',
      '\0',
      '\u2028',
      '---\n',
      '%',
    ];
    for (let round = 0; round < 1500; round += 1) {
      const at = random(whole.length);
      const text = whole.slice(0, at) + (pieces[random(pieces.length)] ?? '') + whole.slice(at + random(4));
      const { workspace, problems: found } = parse(text);
      if (!workspace) expect(found.length).toBeGreaterThan(0);
      for (const problem of found) {
        expect(problem.line).toBeGreaterThan(0);
        expect(problem.column).toBeGreaterThan(0);
        expect(problem.message).not.toBe('');
        expect(problem.expected).not.toBe('');
      }
    }
  });

  it('that cannot be read as text says why', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fireline-workspace-'));
    try {
      const options = { homeDirectory: directory };
      const file = join(directory, 'w.yaml');
      writeFileSync(file, Buffer.from([0x6e, 0xff, 0xfe]));
      expect((await readWorkspaceFile(file, options)).problems[0]?.message).toBe(
        'The file is not UTF-8 text.',
      );
      expect((await readWorkspaceFile(directory, options)).problems[0]?.message).toBe('This is a directory.');
      expect((await readWorkspaceFile(join(directory, 'none'), options)).problems[0]?.message).toBe(
        'There is no such file.',
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
