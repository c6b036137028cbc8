import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../shared/base/clock.ts';
import { splitWords } from './config/words.ts';
import { matchPattern } from './matchPattern.ts';
import { resolveSshConfig, resolveSshConfigRunning } from './sshConfig.ts';

const directory = mkdtempSync(join(tmpdir(), 'fireline-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function configFile(text: string): string {
  const file = join(directory, `config${files++}`);
  writeFileSync(file, text);
  return file;
}

/** Numbers in [0, 1) that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const resolve = (file: string, alias: string) =>
  resolveSshConfig(alias, { userFile: file, systemFile: '/nonexistent' });

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
    expect(target.faults.join()).toMatch(/deep|more than/);
  });

  it("runs Match exec of the user's own file when it connects, and never else", async () => {
    const witness = join(directory, 'witness');
    const file = configFile(`Match exec "touch ${witness}"\n Port 1\nHost *\n Port 2\n`);
    const target = resolve(file, 'x');
    expect(target.port).toBe(2);
    expect(target.warnings).toEqual([expect.stringMatching(/:1: Match exec was not run/)]);
    expect(existsSync(witness)).toBe(false);
    const systemOnly = await resolveSshConfigRunning('x', { userFile: '/nonexistent', systemFile: file });
    expect(systemOnly.port).toBe(2);
    expect(systemOnly.warnings).toEqual([expect.stringMatching(/:1: Match exec is run from your own/)]);
    expect(existsSync(witness)).toBe(false);
    const own = await resolveSshConfigRunning('x', { userFile: file, systemFile: null });
    expect(own).toMatchObject({ port: 1, warnings: [] });
    expect(existsSync(witness)).toBe(true);
  });

  it('waits for Match exec no longer than its bound', async () => {
    const file = configFile('Match exec "sleep 600"\n Port 1\nHost *\n Port 2\n');
    const clock = new ManualClock();
    const resolving = resolveSshConfigRunning('x', { userFile: file, systemFile: null }, {}, clock);
    clock.advance(10_000);
    expect(await resolving).toMatchObject({
      port: 2,
      warnings: [expect.stringMatching(/did not end in time/)],
    });
  });

  it('runs the next Match exec only with what the one before decided', async () => {
    const witness = join(directory, 'witness-%h');
    const file = configFile(`Match exec "true"\n HostName first\nMatch exec "touch ${witness}"\n Port 7\n`);
    await resolveSshConfigRunning('x', { userFile: file, systemFile: null });
    expect([existsSync(join(directory, 'witness-first')), existsSync(join(directory, 'witness-x'))]).toEqual([
      true,
      false,
    ]);
  });

  it('does not read a file that others can write, as ssh does not', () => {
    const home = join(directory, 'open-home');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    writeFileSync(join(home, '.ssh', 'config'), 'Include more\nUser mine\n', { mode: 0o600 });
    const included = join(home, '.ssh', 'more');
    writeFileSync(included, 'ProxyCommand anything\n');
    chmodSync(included, 0o666);
    const target = resolveSshConfig('x', { homeDirectory: home, systemFile: null });
    expect(target.user).toBe('mine');
    expect(target.proxyCommand).toBeUndefined();
    expect(target.faults).toEqual([expect.stringContaining('can be written by others')]);
  });

  it("reads the user's file before the system's", () => {
    const system = configFile(
      'Host *\n User system\n Port 9\n IdentityFile /k\nMatch final\n Compression yes\n',
    );
    const user = configFile('User mine\nIdentityFile /k\n');
    const target = resolveSshConfig('x', { userFile: user, systemFile: system });
    // ssh tells the user's from the system's, and so names the same key twice.
    expect(target).toMatchObject({ user: 'mine', port: 9, identityFiles: ['/k', '/k'], compression: true });
  });

  it('finds the agent by path, by variable, or none', () => {
    const file = configFile(
      'Host none\n IdentityAgent none\nHost named\n IdentityAgent $WORK_AGENT\nHost unset\n IdentityAgent $NO_SUCH\nHost path\n IdentityAgent ~/a-%r.sock\n User u\n ForwardAgent $WORK_AGENT\nHost standard\n IdentityAgent SSH_AUTH_SOCK\n ForwardAgent yes\n',
    );
    const of = (alias: string) =>
      resolveSshConfig(alias, {
        userFile: file,
        systemFile: null,
        homeDirectory: '/home/u',
        environment: { WORK_AGENT: '/run/work.sock' },
      });
    expect(
      ['none', 'named', 'unset', 'path', 'standard', 'other'].map((alias) => of(alias).identityAgent),
    ).toEqual(['none', '/run/work.sock', 'none', '/home/u/a-u.sock', undefined, undefined]);
    expect([of('path').forwardAgent, of('standard').forwardAgent, of('other').forwardAgent]).toEqual([
      { socket: '/run/work.sock' },
      'agent',
      undefined,
    ]);
  });

  it('knows tags and networks of newer copies of ssh', () => {
    const file = configFile(
      'Host x\n Tag inside\nMatch tagged in*\n Port 3\nMatch localnetwork 0.0.0.0/0,::/0\n User near\nMatch localnetwork 203.0.113.0/24\n User far\n',
    );
    expect(resolve(file, 'x')).toMatchObject({ port: 3, faults: [] });
    expect(resolve(file, 'x').user).not.toBe('far');
  });

  it('says what it understands and does not do', () => {
    const file = configFile('CertificateFile /c\nKnownHostsCommand /k %H\nHostbasedAuthentication yes\n');
    expect(resolve(file, 'x').warnings.map((text) => text.split(/[ :]/)[0])).toEqual([
      'CertificateFile',
      'KnownHostsCommand',
      'HostbasedAuthentication',
    ]);
  });

  it('says when an algorithm is asked for that cannot be done here', () => {
    const file = configFile('Ciphers chacha20-poly1305@openssh.com\n');
    expect(resolve(file, 'x')).toMatchObject({ ciphers: [], faults: [expect.stringContaining('ciphers')] });
  });

  it('keeps the order of what is asked for', () => {
    const file = configFile('Ciphers aes256-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com\n');
    expect(resolve(file, 'x').ciphers).toEqual(['aes256-ctr', 'aes128-gcm@openssh.com']);
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
    const file = configFile('Host x\n User "open\n Port 99999\n\u0001 zzz\n HostName h\n');
    const target = resolve(file, 'x');
    expect(target).toMatchObject({ hostname: 'h', port: 22 });
    expect(target.faults.length).toBe(3);
  });
});

describe('the syntax', () => {
  it('gives back every text that it is thrown, or a fault, and never an exception', () => {
    const random = seeded(7);
    const pieces = [
      'Host ',
      'Match ',
      'Include ',
      'exec ',
      '"',
      "'",
      '\\',
      '=',
      '%',
      '${',
      '}',
      '~',
      ',',
      '!',
      '*',
      '[',
      ']',
      ':',
      '/',
      '\n',
      ' ',
      '#',
      'LocalForward ',
      'ProxyJump ',
      'Ciphers ',
      'all',
      'host',
      '0',
      'x',
      '\u0000',
      'é',
    ];
    for (let round = 0; round < 400; round++) {
      let text = '';
      for (let i = 0; i < 40; i++) text += pieces[Math.floor(random() * pieces.length)];
      const target = resolve(configFile(text), 'x');
      expect(target.settings.length).toBeGreaterThan(70);
    }
  });

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

describe('names in full', () => {
  // `ssh -G` says the same of these where /etc/hosts has web1.corp.example and db.corp.example.
  const file = [
    'Host jumped',
    ' ProxyJump edge',
    'Host always',
    ' HostName db',
    ' ProxyCommand nc %h %p',
    ' CanonicalizeHostname always',
    'Host named',
    ' HostName %h.corp.example.',
    'Host *.corp.example',
    ' User deploy',
    'Match canonical host web*',
    ' Port 2200',
    'Host *',
    ' CanonicalizeHostname yes',
    ' CanonicalDomains lan corp.example',
    '',
  ].join('\n');
  const there = new Set([
    'web1.corp.example.',
    'db.corp.example.',
    'named.corp.example.',
    'jumped.corp.example.',
  ]);

  async function resolve(alias: string, text = file) {
    const userFile = configFile(text);
    const asked: string[] = [];
    const target = await resolveSshConfigRunning(alias, {
      userFile,
      systemFile: null,
      localUser: 'me',
      lookUp: async (name) => {
        asked.push(name);
        return there.has(name);
      },
    });
    return { name: `${target.user}@${target.hostname}:${target.port}`, asked, faults: target.faults };
  }

  it.each([
    ['web1', 'deploy@web1.corp.example:2200', ['web1.lan.', 'web1.corp.example.']],
    ['gone', 'me@gone:22', ['gone.lan.', 'gone.corp.example.']],
    ['a.b.c', 'me@a.b.c:22', []],
    ['10.0.0.1', 'me@10.0.0.1:22', []],
    ['jumped', 'me@jumped:22', []],
    ['always', 'deploy@db.corp.example:22', ['db.lan.', 'db.corp.example.']],
    ['named', 'deploy@named.corp.example:22', ['named.corp.example.']],
  ])('are found in CanonicalDomains: %s is %s', async (alias, name, asked) => {
    expect(await resolve(alias)).toEqual({ name, asked, faults: [] });
  });

  it('are told where none is found and CanonicalizeFallbackLocal is no; nothing is looked up without being asked', async () => {
    const strict = `CanonicalizeFallbackLocal no\n${file}`;
    expect((await resolve('gone', strict)).faults).toEqual([
      'CanonicalizeFallbackLocal no: gone has no address in lan, corp.example',
    ]);
    expect((await resolve('web1', strict.replace('CanonicalizeHostname yes', ''))).asked).toEqual([]);
  });
});
