import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { good, head, parse, problems } from './testWorkspace.ts';
import { contentHash, readWorkspaceFile } from './workspaceFile.ts';

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

describe('a hostile file', () => {
  it('of thousands of hosts that merge one map opens', () => {
    const hosts = Array.from({ length: 1500 }, (_, n) => `  - { id: h${n}, ssh: { <<: *way, host: h${n} } }`);
    const text = `${head}hosts:\n  - { id: first, ssh: &way { host: a, user: ops, port: 2222 } }\n${hosts.join('\n')}\n`;
    const { workspace, problems: found } = parse(text);
    expect(found).toEqual([]);
    expect(workspace?.hosts).toHaveLength(1501);
    expect(workspace?.hosts.at(-1)?.transport).toMatchObject({ host: 'h1499', user: 'ops', port: 2222 });
  });

  it('may give an anchor twice: an alias is the last one before it', () => {
    const text = `${head}hosts:\n  - { id: a, tags: &t [one], local: {} }\n  - { id: b, tags: *t, local: {} }\n  - { id: c, tags: &t [two], local: {} }\n  - { id: d, tags: *t, local: {} }\n`;
    expect(parse(text).workspace?.hosts.map((host) => host.tags)).toEqual([
      ['one'],
      ['one'],
      ['two'],
      ['two'],
    ]);
  });

  it('with anchors that explode is refused at once', () => {
    let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
    for (let i = 1; i < 12; i += 1)
      text += `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]\n`;
    const result = parse(`${text}version: 1\n`);
    expect(result.workspace).toBeUndefined();
    expect(result.problems[0]?.message).toBe(
      'There are more than 100,000 values here, with every alias written out.',
    );
    expect(result.problems[0]?.line).toBeGreaterThan(3);
  });

  it('with an anchor inside itself, or an alias to nothing, is refused', () => {
    expect(problems(`${head}hosts: &a [*a]\n`)[0]).toContain('An anchor contains an alias to itself.');
    expect(problems(`${head}hosts:\n${good}  - *nobody\n`).join('\n')).toContain('nobody');
  });

  it('that holds what acts on a terminal is told of without acting', () => {
    const told = problems(`${head}"a\\e]0;title\\a\\u202e": 1\nhosts:\n${good}`).join('\n');
    expect(told).toContain('unknown key "a␛]0;title␇‹U+202E›"');
    expect(told).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
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
