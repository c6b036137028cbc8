import { expect, it } from 'vitest';
import { importSshConfig } from './importSshConfig.ts';
import { parseWorkspace } from './workspaceFile.ts';

function run(files: Record<string, string>, path = '/home/me/.ssh/config') {
  const imported = importSshConfig(files[path] ?? '', {
    file: path,
    homeDirectory: '/home/me',
    readText: (file) => {
      const text = files[file];
      if (text === undefined) throw Object.assign(new Error(file), { code: 'ENOENT' });
      return text;
    },
    listDirectory: (directory) =>
      Object.keys(files)
        .filter((file) => file.startsWith(`${directory}/`))
        .map((file) => file.slice(directory.length + 1)),
  });
  if (!imported.ok) throw new Error(imported.error.message);
  const preview = imported.value;
  const parsed = parseWorkspace(preview.text, { file: '/w.yaml', homeDirectory: '/home/me' });
  return { preview, ids: parsed.workspace?.hosts.map((h) => h.id), parsed };
}

it('takes concrete aliases and leaves out patterns and negations', () => {
  const { preview, parsed } = run({
    '/home/me/.ssh/config': `
# Host commented
Host web1 web2 web-* !web-old
  HostName 10.0.0.1
host="db one" db # Host not-this
	User ops
Host = spaced
HOST *
  ForwardAgent no
`,
  });
  expect(parsed.problems).toEqual([]);
  expect(parsed.workspace?.hosts).toEqual(
    ['web1', 'web2', 'db', 'spaced'].map((id) => ({ id, tags: [], transport: { kind: 'ssh', alias: id } })),
  );
  expect(preview.hostCount).toBe(4);
  expect(preview.warnings).toEqual([
    '/home/me/.ssh/config:5: the alias "db one" cannot be used as a host and was left out.',
  ]);
});

it('follows Include with globs, relative to ~/.ssh, once each, and warns of what it cannot read', () => {
  const { ids, preview } = run({
    '/home/me/.ssh/config': 'Include conf.d/*.conf ~/.ssh/other missing\nInclude %h.conf\nHost last\n',
    '/home/me/.ssh/conf.d/b.conf': 'Host b\n',
    '/home/me/.ssh/conf.d/a.conf': 'Host a\nInclude /home/me/.ssh/config\n',
    '/home/me/.ssh/conf.d/.hidden.conf': 'Host hidden\n',
    '/home/me/.ssh/other': 'Host other\n',
  });
  expect(ids).toEqual(['a', 'b', 'other', 'last']);
  expect(preview.warnings).toEqual([
    '/home/me/.ssh/config includes itself; it was read once.',
    '/home/me/.ssh/config:1: /home/me/.ssh/missing cannot be read: ENOENT.',
    '/home/me/.ssh/config:2: "Include %h.conf" depends on variables; it was not followed.',
  ]);
});

it('never runs Match exec, and says so', () => {
  const { ids, preview } = run({
    '/home/me/.ssh/config': 'Match host x exec "touch /tmp/pwned"\nMatch user a\nMatch all\nHost y\n',
  });
  expect(ids).toEqual(['y']);
  expect(preview.warnings).toEqual([
    '/home/me/.ssh/config:1: "Match exec" runs a command; it was not run and is ignored.',
    '/home/me/.ssh/config:2: "Match" names no hosts of its own; nothing was imported from it.',
  ]);
});

it('makes ids that a workspace allows, and keeps hostile aliases out of the YAML', () => {
  const { parsed, preview } = run({ '/home/me/.ssh/config': 'Host a:b a+b 10.0.0.1 -oX "x: {y" yes 7\n' });
  expect(parsed.problems).toEqual([]);
  expect(parsed.workspace?.hosts.map((h) => [h.id, h.transport])).toEqual(
    Object.entries({ 'a-b': 'a:b', 'a-b-2': 'a+b', '10.0.0.1': '10.0.0.1', yes: 'yes' })
      .map(([id, alias]) => [id, { kind: 'ssh', alias }])
      .concat([['7', { kind: 'ssh', alias: '7' }]]),
  );
  expect(preview.warnings).toHaveLength(2);
});

it('says when there is nothing to import', () => {
  const { preview, ids } = run({ '/home/me/.ssh/config': 'Host *\n' });
  expect(preview.hostCount).toBe(0);
  expect(ids).toBeUndefined();
  expect(preview.warnings).toEqual([
    '/home/me/.ssh/config names no host by itself: it has only patterns, or nothing.',
  ]);
});

it('cuts lines as ssh does, and says where one cannot be cut', () => {
  const { preview, parsed } = run({
    '/home/me/.ssh/config':
      '"Host" quoted \'single\' es\\ caped\nhost=eq1\nHOST = eq2 eq3#x # not this\nHost "open\nHost \u202ehidden\n',
  });
  expect(parsed.workspace?.hosts.map((host) => 'alias' in host.transport && host.transport.alias)).toEqual([
    'quoted',
    'single',
    'eq1',
    'eq2',
    'eq3#x',
  ]);
  expect(preview.warnings).toEqual([
    '/home/me/.ssh/config:4: a quote is not closed; nothing was imported from this line.',
    '/home/me/.ssh/config:1: the alias "es caped" cannot be used as a host and was left out.',
    expect.stringContaining('/home/me/.ssh/config:5: the alias'),
  ]);
});
