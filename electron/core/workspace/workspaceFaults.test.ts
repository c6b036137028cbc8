import { describe, expect, it } from 'vitest';
import { good, head, parse, problems } from './testWorkspace.ts';

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
      '[a] The alias "-oProxyCommand=x" cannot be used. | a host name or address without spaces, "@" (the user has its own key) or what means something to a shell',
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

  it.each([
    ['host', 'host: "x(id)"', 'x(id)'],
    ['user', 'host: h, user: "$(id)"', '$(id)'],
    ['jump', 'host: h, jump: ["`id`@b"]', '`id`@b'],
    ['jump', 'host: h, jump: ["$(id)"]', '$(id)'],
    ['hostKeyAlias', 'host: h, hostKeyAlias: "a;id"', 'a;id'],
  ])("a %s that the user's own ssh_config may hand to a shell: %s", (what, entries, named) => {
    const text = `${head}hosts:\n${good}  - { id: a, ssh: { ${entries} } }\n`;
    expect(problems(text)).toEqual([expect.stringContaining(`The ${what} "${named}" cannot be used.`)]);
  });

  it('not for an account of a domain', () => {
    const users = ['CORP\\me', 'me@corp.example', 'build$'];
    const hosts = users.map(
      (user, at) => `  - { id: a${at}, ssh: { host: h, user: '${user}', jump: ['${user}@b'] } }\n`,
    );
    expect(problems(`${head}hosts:\n${hosts.join('')}`)).toEqual([]);
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
