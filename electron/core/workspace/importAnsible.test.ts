import { expect, it } from 'vitest';
import { importAnsible } from './importAnsible.ts';
import { parseWorkspace } from './workspaceFile.ts';

function importFiles(files: Record<string, string>, path: string) {
  return importAnsible(files[path] ?? '', {
    file: path,
    homeDirectory: '/home/me',
    readText: (file) => {
      const text = files[file];
      if (text === undefined) throw Object.assign(new Error(file), { code: 'ENOENT' });
      return text;
    },
    listDirectory: (directory) => {
      const inside = Object.keys(files).filter((file) => file.startsWith(`${directory}/`));
      if (inside.length === 0) throw new Error('ENOTDIR');
      return [...new Set(inside.map((file) => file.slice(directory.length + 1).split('/')[0] ?? ''))];
    },
  });
}

function run(text: string, path = '/inv/hosts', more: Record<string, string> = {}) {
  const imported = importFiles({ [path]: text, ...more }, path);
  if (!imported.ok) throw new Error(imported.error.message);
  const { workspace, problems } = parseWorkspace(imported.value.text, {
    file: '/w.yaml',
    homeDirectory: '/home/me',
  });
  expect(problems.filter((one) => !one.message.includes('has no hosts'))).toEqual([]);
  return { ...imported.value, hosts: workspace?.hosts ?? [] };
}

const refusal = (text: string, path = '/inv/hosts') => {
  const imported = importFiles({ [path]: text }, path);
  return imported.ok ? 'imported' : imported.error.message;
};

it('reads the INI form: groups as tags, ranges, ports, aliases and the precedence of variables', () => {
  const { hosts, warnings } = run(`
# the classic file
mail.example.com
jumper ansible_port=5555 ansible_host=192.0.2.50   ; not a comment here

[webservers]
www[01:05:2].example.com   # odd ones
badwolf.example.com:5309

[dbservers]
db-[a:b] ansible_user="ops" ansible_password=secret

[prod:children]
webservers
dbservers

[prod:vars]
ansible_user=deploy
ansible_ssh_private_key_file=~/.ssh/prod

[webservers:vars]
ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p -q bastion.example.com"'

[local]
localhost ansible_connection=local
win ansible_connection=winrm
bad ansible_user='a b' ansible_ssh_common_args='-o Foo=1' ansible_port=99999
`);
  const key = { identityFile: '/home/me/.ssh/prod' };
  const web = { kind: 'ssh', user: 'deploy', ...key, jump: ['bastion.example.com'] };
  expect(hosts).toEqual([
    { id: 'mail.example.com', tags: [], transport: { kind: 'ssh', alias: 'mail.example.com' } },
    { id: 'jumper', tags: [], transport: { kind: 'ssh', host: '192.0.2.50', port: 5555 } },
    {
      id: 'www01.example.com',
      tags: ['webservers', 'prod'],
      transport: { ...web, host: 'www01.example.com' },
    },
    {
      id: 'www03.example.com',
      tags: ['webservers', 'prod'],
      transport: { ...web, host: 'www03.example.com' },
    },
    {
      id: 'www05.example.com',
      tags: ['webservers', 'prod'],
      transport: { ...web, host: 'www05.example.com' },
    },
    {
      id: 'badwolf.example.com',
      tags: ['webservers', 'prod'],
      transport: { ...web, host: 'badwolf.example.com', port: 5309 },
    },
    {
      id: 'db-a',
      tags: ['dbservers', 'prod'],
      transport: { kind: 'ssh', host: 'db-a', user: 'ops', ...key },
    },
    {
      id: 'db-b',
      tags: ['dbservers', 'prod'],
      transport: { kind: 'ssh', host: 'db-b', user: 'ops', ...key },
    },
    { id: 'localhost', tags: ['local'], transport: { kind: 'local' } },
    { id: 'bad', tags: ['local'], transport: { kind: 'ssh', alias: 'bad' } },
  ]);
  expect(warnings).toEqual([
    '/inv/hosts:4: "jumper ansible_port=5555 ansible_host=192.0.2.50   ; not a comment here" holds more than name=value; that was left out.',
    'Passwords of 2 hosts were left out: Fireline asks for them, and keeps none.',
    'ssh arguments other than a jump were left out of bad; put them into your ssh_config.',
    'A user that is no login name was left out of bad.',
    'A port that is no number from 1 to 65535 was left out of bad.',
    'Not reached by ssh, and left out: win.',
  ]);
});

it('reads the YAML form, nested children, and the variables beside it', () => {
  const { hosts, warnings } = run(
    `---
all:
  vars:
    ansible_user: admin
  hosts:
    mail.example.com:
  children:
    prod:
      children:
        web:
          hosts:
            web[1:2].example.com:
              ansible_port: 2222
            alone: { ansible_host: "{{ lookup('pipe', 'touch /tmp/pwned') }}" }
          vars: { ansible_ssh_common_args: '-J a,b' }
    test: { hosts: { web1.example.com: null } }
`,
    '/inv/hosts.yml',
    {
      '/inv/group_vars/web.yml': 'ansible_user: www\nnested: { a: 1 }\n',
      '/inv/group_vars/prod/main.yaml': 'ansible_ssh_private_key_file: /keys/prod\n',
      '/inv/group_vars/prod/vault.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162',
      '/inv/group_vars/other.yml': 'ansible_user: nobody\n',
      '/inv/host_vars/web2.example.com': 'ansible_user: two\nansible_become_password: !vault x\n',
    },
  );
  const web = { kind: 'ssh', port: 2222, identityFile: '/keys/prod', jump: ['a', 'b'] };
  expect(hosts).toEqual([
    { id: 'mail.example.com', tags: [], transport: { kind: 'ssh', host: 'mail.example.com', user: 'admin' } },
    {
      id: 'web1.example.com',
      tags: ['test', 'web', 'prod'],
      transport: { ...web, host: 'web1.example.com', user: 'www' },
    },
    {
      id: 'web2.example.com',
      tags: ['web', 'prod'],
      transport: { ...web, host: 'web2.example.com', user: 'two' },
    },
    {
      id: 'alone',
      tags: ['web', 'prod'],
      transport: { kind: 'ssh', host: 'alone', user: 'www', identityFile: '/keys/prod', jump: ['a', 'b'] },
    },
  ]);
  expect(warnings).toEqual([
    '/inv/group_vars/prod/vault.yml is encrypted with ansible-vault and was left out.',
    'Passwords of a host were left out: Fireline asks for them, and keeps none.',
    'Values that hold a template ({{ … }}) were left out of alone.',
  ]);
});

it('never runs a program, opens a vault or takes a playbook for an inventory', () => {
  expect(refusal('#!/usr/bin/env python3\nprint("{}")')).toBe(
    '/inv/hosts: this is a program that prints an inventory; it was not run',
  );
  expect(refusal('$ANSIBLE_VAULT;1.1;AES256\n6162')).toContain('encrypted with ansible-vault');
  expect(refusal('plugin: amazon.aws.aws_ec2\nregions: [eu-west-1]\n', '/inv/aws_ec2.yml')).toBe(
    '/inv/aws_ec2.yml: this says how the plugin "amazon.aws.aws_ec2" finds hosts, and names none; it was not asked',
  );
  expect(refusal('[web.hosts]\nweb1 = {}\n', '/inv/hosts.toml')).toContain('TOML cannot be read');
  expect(refusal('- hosts: all\n  tasks: []\n', '/inv/site.yml')).toContain('no map of groups');
});

it('follows groups that contain each other once', () => {
  const { hosts } = run('[a]\nh\n[a:children]\nb\n[b:children]\na\n[c:children]\nc\na\n');
  expect(hosts).toEqual([{ id: 'h', tags: ['a', 'c', 'b'], transport: { kind: 'ssh', alias: 'h' } }]);
});

it('reads addresses of IPv6, with a port or without', () => {
  const { hosts } = run('[2001:db8::1]:2222\nsix ansible_host=2001:db8::2\n');
  expect(hosts.map((host) => host.transport)).toEqual([
    { kind: 'ssh', host: '2001:db8::1', port: 2222 },
    { kind: 'ssh', host: '2001:db8::2' },
  ]);
});

it('bounds what ranges, groups and lines write out to', () => {
  for (const bomb of [
    'h[0:999999999]',
    'h[0:999][0:999][0:999]',
    'h[1:5:0]',
    'h[5:1]',
    'h[01:100]',
    `h${'[0:9]'.repeat(30)}`,
  ]) {
    const { hosts, warnings } = run(`${bomb}\nfine\n`);
    expect(
      hosts.map((host) => host.id),
      bomb,
    ).toEqual(['fine']);
    expect(warnings[0]).toContain('cannot be read');
  }
  const twice = run('[a]\nh[0001:1500]\n[b]\nh[0001:1500]\n');
  expect(twice.hosts).toHaveLength(1500);
  expect(twice.hosts[0]?.tags).toEqual(['b', 'a']);
  expect(run(`${'[g]\nh[1:2000]\n'.repeat(1000)}`).hosts).toHaveLength(2000);
  const wide = Array.from({ length: 60_000 }, (_, n) => `a${n}=b`).join(' ');
  expect(run(`h[1:2000] ${wide} ansible_port=7\n`).hosts[1999]?.transport).toMatchObject({ port: 7 });
  expect(refusal('x'.repeat(1_100_000))).toContain('1100000 characters');
  expect(refusal(Array.from({ length: 3000 }, (_, n) => `[g${n}]`).join('\n'))).toContain('3000 groups');
  expect(refusal('all: &a\n  children:\n    b: *a\n', '/inv/h.yml')).toContain('contains itself');
  expect(run(`h ansible_user="${'x'.repeat(1_000_000)}"`).hosts).toHaveLength(1);
  expect(run(`[a:children]\nb${' '.repeat(1_000_000)}c\n`).hosts).toEqual([]);
  expect(run(`${'['.repeat(1_000_000)}`).hosts).toEqual([]);
});

it('keeps hostile names out of the YAML and off the command line', () => {
  const { hosts, warnings } = run(
    '-oProxyCommand=x\n"a: {b" ansible_host=10.0.0.1\n__proto__ ansible_user=x\n[we/ird-group]\nh\n',
  );
  expect(hosts.map((host) => [host.id, host.tags, host.transport])).toEqual([
    ['a---b', [], { kind: 'ssh', host: '10.0.0.1' }],
    ['__proto__', [], { kind: 'ssh', host: '__proto__', user: 'x' }],
    ['h', ['we-ird-group'], { kind: 'ssh', alias: 'h' }],
  ]);
  expect(warnings[0]).toContain('"-oProxyCommand=x"');
});

it('takes instances that are reached through Session Manager', () => {
  const { hosts, warnings } = run(`[aws]
i-0123456789abcdef0
web ansible_aws_ssm_instance_id=mi-0123456789abcdef0 ansible_aws_ssm_region=us-east-1 ansible_aws_ssm_profile=oncall
odd
far ansible_host=i-0123456789abcdef1 ansible_aws_ssm_region=Ireland
[aws:vars]
ansible_connection=community.aws.aws_ssm
`);
  expect(hosts).toEqual([
    {
      id: 'i-0123456789abcdef0',
      tags: ['aws'],
      transport: { kind: 'ssm', target: 'i-0123456789abcdef0' },
    },
    {
      id: 'web',
      tags: ['aws'],
      transport: { kind: 'ssm', target: 'mi-0123456789abcdef0', region: 'us-east-1', profile: 'oncall' },
    },
  ]);
  expect(warnings).toEqual(['Not reached by ssh, and left out: odd, far.']);
});

it('leaves nothing of the way to a host out without a word', () => {
  const { hosts, warnings } = run(`[b]
bastion
web1
[all:vars]
ansible_ssh_common_args='-J bastion'
[odd]
p ansible_port=99999
k ansible_ssh_private_key_file=keys/a
s ansible_ssh_common_args='-J b1 -o StrictHostKeyChecking=no'
q ansible_ssh_common_args='-o ProxyCommand="ssh -o LogLevel=error -W [%h]:%p -l ops b2 -p 2200 -q"'
r ansible_ssh_common_args='-oProxyJump=none'
t ansible_ssh_common_args='' ansible_ssh_args='-o "ProxyJump a@b3:22,b4"'
`);
  expect(hosts.map(({ id, transport }) => [id, 'jump' in transport ? transport.jump : undefined])).toEqual([
    ['bastion', undefined],
    ['web1', ['bastion']],
    ['p', ['bastion']],
    ['k', ['bastion']],
    ['s', ['b1']],
    ['q', ['ops@b2:2200']],
    ['r', undefined],
    ['t', ['a@b3:22', 'b4']],
  ]);
  expect(warnings).toEqual([
    'ssh arguments other than a jump were left out of s, q; put them into your ssh_config.',
    'A port that is no number from 1 to 65535 was left out of p.',
    'A key whose path starts with neither / nor ~/ was left out of k: it is meant from where Ansible runs.',
    'A jump through the host itself was left out of bastion.',
  ]);
});

it('takes what was mistyped for no name, and says where it stands', () => {
  const { hosts, warnings } = run('[web\na\n]b\n[c:d:e]\n[d:foo]\ny\n[web]\nw[1:3\nh:22:33\n= x\n\u0001z\n');
  expect(hosts.map(({ id }) => id)).toEqual(['a']);
  expect(warnings.map((text) => text.split(': ')[0])).toEqual(
    [1, 3, 4, 5, 6, 8, 9, 10, 11].map((line) => `/inv/hosts:${line}`),
  );
});

it('reads what a program that prints an inventory has printed', () => {
  const printed = {
    _meta: { hostvars: { a: { ansible_host: '192.0.2.1' }, elsewhere: { ansible_host: 'x' } } },
    all: { children: ['ungrouped', 'web', 'db'] },
    web: { hosts: ['a', 'b'], vars: { ansible_user: 'ops' } },
    db: ['c'],
  };
  const { hosts } = run(JSON.stringify(printed), '/inv/hosts.json');
  expect(hosts.map(({ id, tags, transport }) => [id, tags, transport])).toEqual([
    ['a', ['web'], { kind: 'ssh', host: '192.0.2.1', user: 'ops' }],
    ['b', ['web'], { kind: 'ssh', host: 'b', user: 'ops' }],
    ['c', ['db'], { kind: 'ssh', alias: 'c' }],
  ]);
});
