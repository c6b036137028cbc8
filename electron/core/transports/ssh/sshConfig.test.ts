import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveSshConfig } from './sshConfig.ts';
import { matchPattern, splitWords } from './sshConfigSyntax.ts';

const directory = mkdtempSync(join(tmpdir(), 'fireline-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function configFile(text: string): string {
  const file = join(directory, `config${files++}`);
  writeFileSync(file, text);
  return file;
}

const resolve = (file: string, alias: string) =>
  resolveSshConfig(alias, { userFile: file, systemFile: '/nonexistent' });

/** What OpenSSH itself makes of it. */
function oracle(file: string, alias: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const line of execFileSync('ssh', ['-T', '-G', '-F', file, alias], { encoding: 'utf8' }).split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const name = line.slice(0, space);
    values.set(name, [...(values.get(name) ?? []), line.slice(space + 1)]);
  }
  return values;
}

const expandHome = (path: string) => path.replace(/^~(?=\/)/, homedir());

const CORPUS: [name: string, text: string, aliases: string[]][] = [
  [
    'first value wins, keywords in any case, equals signs and quotes',
    `
# comment
HOST web1 web2   # trailing comment
  hostname = 10.0.0.1
  User="deploy"
  PORT 2200
  IdentityFile ~/.ssh/one
Host web*
  HostName 10.9.9.9
  User other
  IdentityFile "~/.ssh/two words"
  Compression yes
Host *
  User everyone
  Port 22
  IdentitiesOnly yes
  ServerAliveInterval 15
  ConnectTimeout 7
`,
    ['web1', 'web3', 'else'],
  ],
  [
    'negated patterns and question marks',
    `
Host web-* !web-old
  User fresh
Host !db? db*
  Port 2222
Host *.example.com,extra
  Port 99
Host ?
  Port 77
`,
    ['web-new', 'web-old', 'db1', 'db22', 'a', 'x.example.com'],
  ],
  [
    'Match by host, originalhost, user and localuser',
    `
Host alias
  HostName Real.Example.com
  User bob
Match host real.example.com
  Port 1001
Match originalhost alias user bob
  IdentityFile ~/.ssh/bob
Match user nobody
  Port 1002
Match !host real.example.com originalhost "a*,o*"
  Port 1003
Match localuser ${userInfo().username}
  HostKeyAlias mine
Match all
  User fallback
`,
    ['alias', 'other', 'zzz'],
  ],
  [
    'jumps and proxies: whichever comes first',
    `
Host a
  ProxyJump one,two@b:22
  ProxyCommand nc %h %p
Host b
  ProxyCommand nc -x p %h %p
  ProxyJump one
Host c
  ProxyJump none
Host *
  ProxyJump late
`,
    ['a', 'b', 'c', 'd'],
  ],
  [
    'known hosts, strictness and tokens',
    `
Host k
  HostName %h.internal
  UserKnownHostsFile /tmp/a /tmp/b
  GlobalKnownHostsFile /tmp/c
  StrictHostKeyChecking accept-new
  HashKnownHosts yes
  IdentityAgent none
Host s
  StrictHostKeyChecking off
Match final
  User final
`,
    ['k', 's'],
  ],
];

describe('resolveSshConfig agrees with ssh -G', () => {
  for (const [name, text, aliases] of CORPUS) {
    const file = configFile(text);
    it.each(aliases)(`${name}: %s`, (alias) => {
      const ours = resolve(file, alias);
      const theirs = oracle(file, alias);
      expect(ours.hostname.toLowerCase()).toBe(theirs.get('hostname')?.[0]);
      expect(String(ours.port)).toBe(theirs.get('port')?.[0]);
      expect(ours.user).toBe(theirs.get('user')?.[0]);
      expect(ours.identityFiles).toEqual(theirs.get('identityfile')?.map(expandHome));
      expect(ours.identitiesOnly ? 'yes' : 'no').toBe(theirs.get('identitiesonly')?.[0]);
      expect(ours.jump.join(',') || undefined).toBe(theirs.get('proxyjump')?.[0]);
      // -G shows it before its tokens are replaced.
      expect(ours.proxyCommand !== undefined).toBe(theirs.get('proxycommand') !== undefined);
      expect(ours.hostKeyAlias).toBe(theirs.get('hostkeyalias')?.[0]);
      expect(ours.userKnownHostsFiles.join(' ')).toBe(
        theirs.get('userknownhostsfile')?.[0]?.split(' ').map(expandHome).join(' '),
      );
      expect(ours.globalKnownHostsFiles.join(' ')).toBe(theirs.get('globalknownhostsfile')?.[0]);
      const strict = theirs.get('stricthostkeychecking')?.[0];
      expect(ours.strictHostKeyChecking).toBe(strict === 'false' ? 'no' : strict === 'true' ? 'yes' : strict);
      expect(String(ours.serverAliveIntervalSeconds ?? 0)).toBe(theirs.get('serveraliveinterval')?.[0]);
      expect(String(ours.connectTimeoutSeconds ?? 'none')).toBe(theirs.get('connecttimeout')?.[0]);
    });
  }
});

describe('resolveSshConfig', () => {
  it('includes files by glob, relative to ~/.ssh, inside the block that names them', () => {
    const home = join(directory, 'home');
    mkdirSync(join(home, '.ssh', 'conf.d'), { recursive: true });
    writeFileSync(join(home, '.ssh', 'conf.d', '10-a'), 'Host web\n Port 2201\nHost *\n User included\n');
    writeFileSync(join(home, '.ssh', 'conf.d', '20-b'), 'Host web\n Port 2202\n');
    writeFileSync(join(home, '.ssh', 'conf.d', '.hidden'), 'Host web\n HostName hidden\n');
    writeFileSync(
      join(home, '.ssh', 'config'),
      'Host db\n Include conf.d/*\nHost web\n Include conf.d/1*\n HostName after\nHost web2\n Include conf.d/*\n',
    );
    const options = { homeDirectory: home, localUser: 'me', systemFile: '/nonexistent' };
    expect(resolveSshConfig('web', options)).toMatchObject({
      hostname: 'after',
      port: 2201,
      user: 'included',
    });
    expect(resolveSshConfig('db', options)).toMatchObject({ hostname: 'db', port: 22, user: 'included' });
    expect(resolveSshConfig('else', options)).toMatchObject({ hostname: 'else', port: 22, user: 'me' });
  });

  it('ends at a file that includes itself, and says so', () => {
    const file = join(directory, 'circular');
    writeFileSync(file, `Host *\n Port 2022\nInclude ${file}\nInclude ${file}\n`);
    const target = resolve(file, 'x');
    expect(target.port).toBe(2022);
    expect(target.warnings.join()).toMatch(/deep|more than/);
  });

  it('never runs Match exec, and says so', () => {
    const witness = join(directory, 'witness');
    const file = configFile(`Match exec "touch ${witness}"\n Port 1\nHost *\n Port 2\n`);
    const target = resolve(file, 'x');
    expect(target.port).toBe(2);
    expect(target.warnings).toEqual([expect.stringMatching(/:1: Match exec is not run/)]);
    expect(() => execFileSync('test', ['-e', witness])).toThrow();
  });

  it('expands tokens in paths, and lets explicit values win', () => {
    const file = configFile(
      'Host w\n HostName 10.1.1.1\n IdentityFile ~/.ssh/%r@%h-%p-%n-%%\n Port 22\n User u\n',
    );
    expect(resolve(file, 'w').identityFiles).toEqual([join(homedir(), '.ssh/u@10.1.1.1-22-w-%')]);
    const target = resolveSshConfig(
      'w',
      { userFile: file, systemFile: '/nonexistent' },
      {
        port: 2,
        user: 'v',
        identityFiles: ['/k'],
        jump: [],
        hostKeyAlias: 'a',
        userKnownHostsFiles: ['/kh'],
      },
    );
    expect(target).toMatchObject({
      port: 2,
      user: 'v',
      hostKeyAlias: 'a',
      userKnownHostsFiles: ['/kh'],
      jump: [],
    });
    expect(target.identityFiles[0]).toBe('/k');
  });

  it('passes over lines that it cannot read, and says which', () => {
    const file = configFile('Host x\n User "open\n Port 99999\n\u0000\u0001 zzz\n HostName h\n');
    const target = resolve(file, 'x');
    expect(target).toMatchObject({ hostname: 'h', port: 22 });
    expect(target.warnings.length).toBe(3);
  });
});

describe('the syntax', () => {
  it('splits words as ssh does', () => {
    expect(splitWords('a "b c" d\\ e \'f"g\' #rest')).toEqual(['a', 'b c', 'd e', 'f"g']);
    expect(splitWords('"open')).toBeUndefined();
    expect(splitWords('')).toEqual([]);
  });

  it('matches a hostile pattern in no time', () => {
    expect(matchPattern('a'.repeat(5_000), `${'*a'.repeat(500)}b`)).toBe(false);
    expect(matchPattern('web-1.Example', 'WEB-?.ex*')).toBe(true);
  });
});
