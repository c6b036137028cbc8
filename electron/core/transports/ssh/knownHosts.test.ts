import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  addKnownHost,
  fingerprint,
  keyTypeOf,
  orderHostKeyAlgorithms,
  readKnownHosts,
} from './knownHosts.ts';
import { generateKey } from './testSshd.ts';

const directory = mkdtempSync(join(tmpdir(), 'fireline-known-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function key(name: string, type = 'ed25519') {
  const path = generateKey(directory, name, type);
  const [keyType = '', encoded = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ');
  return { path, line: `${keyType} ${encoded}`, blob: Buffer.from(encoded, 'base64') };
}

const one = key('one');
const two = key('two');
const rsa = key('rsa', 'rsa');

function known(text: string) {
  const file = join(directory, 'known_hosts');
  writeFileSync(file, text);
  return readKnownHosts([join(directory, 'absent'), file]);
}

const web = { host: 'web', port: 22 };

describe('known_hosts', () => {
  it('finds hosts by name, list, pattern, port and negation', () => {
    const hosts = known(
      `# comment\n\nweb,10.0.0.1 ${one.line}\n*.example.com,!bad.example.com ${one.line}\n[db]:2222 ${one.line} note\n`,
    );
    for (const name of [
      web,
      { host: '10.0.0.1', port: 22 },
      { host: 'a.example.com', port: 22 },
      { host: 'DB', port: 2222 },
    ]) {
      expect(hosts.check(name, one.blob)).toEqual({ kind: 'known' });
    }
    for (const name of [
      { host: 'bad.example.com', port: 22 },
      { host: 'db', port: 22 },
      { host: 'db', port: 2223 },
    ]) {
      expect(hosts.check(name, one.blob)).toEqual({ kind: 'unknown' });
    }
    // ssh, too, falls back to the name without the port, and holds nothing else against it: another machine may
    // answer at another port.
    expect(hosts.check({ host: 'web', port: 2200 }, one.blob)).toEqual({ kind: 'known' });
    expect(hosts.check({ host: 'web', port: 2200 }, two.blob)).toEqual({ kind: 'unknown' });
    expect(hosts.check({ host: 'web', port: 2200 }, rsa.blob)).toEqual({ kind: 'unknown' });
  });

  it('reads names that ssh-keygen has hashed', () => {
    const file = join(directory, 'hashed');
    writeFileSync(file, `web ${one.line}\n[db]:2222 ${one.line}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/);
    const hosts = readKnownHosts([file]);
    expect(hosts.check(web, one.blob)).toEqual({ kind: 'known' });
    expect(hosts.check({ host: 'db', port: 2222 }, one.blob)).toEqual({ kind: 'known' });
    expect(hosts.check({ host: 'other', port: 22 }, one.blob)).toEqual({ kind: 'unknown' });
  });

  it('tells a changed key, another type, and a revoked key, with the line', () => {
    const hosts = known(
      `web ${one.line}\nold ${rsa.line}\n@revoked * ${two.line}\nboth ${rsa.line}\nboth ${one.line}\n`,
    );
    const file = join(directory, 'known_hosts');
    expect(hosts.check(web, key('three').blob)).toMatchObject({ kind: 'changed', line: { file, line: 1 } });
    expect(hosts.check({ host: 'old', port: 22 }, one.blob)).toMatchObject({
      kind: 'otherType',
      line: { line: 2 },
    });
    expect(hosts.check(web, two.blob)).toMatchObject({ kind: 'revoked', line: { line: 3 } });
    expect(hosts.check({ host: 'both', port: 22 }, one.blob)).toEqual({ kind: 'known' });
    expect(hosts.keyTypes({ host: 'both', port: 22 })).toEqual(['ssh-rsa', 'ssh-ed25519']);
  });

  it('does not take a certificate authority for a key, and names it', () => {
    const hosts = known(`@cert-authority *.example.com ${one.line}\n`);
    const name = { host: 'a.example.com', port: 22 };
    expect(hosts.check(name, one.blob)).toEqual({ kind: 'unknown' });
    expect(hosts.certificateAuthorities(name)).toHaveLength(1);
  });

  it('passes over malformed lines', () => {
    const hosts = known(
      `web\nweb ssh-ed25519\nweb ssh-ed25519 !!!!\nweb ssh-rsa ${one.line.split(' ')[1]}\n|1|x|y ssh-rsa AAAA\n@other web ${one.line}\n`,
    );
    expect(hosts.check(web, one.blob)).toEqual({ kind: 'unknown' });
    expect(keyTypeOf(Buffer.from('junk'))).toBe('unknown');
  });

  it('adds keys that ssh-keygen then finds, plain and hashed, in a new folder, with narrow permissions', () => {
    for (const hashed of [false, true]) {
      const file = join(directory, `new${hashed}`, 'deep', 'known_hosts');
      expect(existsSync(file)).toBe(false);
      expect(addKnownHost(file, { host: 'web', port: 2222 }, one.blob, hashed)).toEqual({
        ok: true,
        value: undefined,
      });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8').startsWith('|1|')).toBe(hashed);
      expect(execFileSync('ssh-keygen', ['-F', '[web]:2222', '-f', file], { encoding: 'utf8' })).toContain(
        one.line.split(' ')[1],
      );
    }
  });

  it('begins a line of its own after a file that does not end with one', () => {
    const file = join(directory, 'unfinished');
    writeFileSync(file, `web ${one.line}`);
    addKnownHost(file, { host: 'db', port: 22 }, two.blob, false);
    expect(readFileSync(file, 'utf8')).toBe(`web ${one.line}\ndb ${two.line}\n`);
  });

  it('says why a key could not be added', () => {
    expect(addKnownHost(join(one.path, 'known_hosts'), web, one.blob, false).ok).toBe(false);
  });

  it('prints fingerprints as ssh-keygen does', () => {
    expect(execFileSync('ssh-keygen', ['-lf', `${rsa.path}.pub`], { encoding: 'utf8' })).toContain(
      fingerprint(rsa.blob),
    );
  });

  it('asks for the types on file first', () => {
    expect(
      orderHostKeyAlgorithms(['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'ssh-rsa'], ['ssh-rsa']),
    ).toEqual(['rsa-sha2-512', 'ssh-rsa', 'ssh-ed25519', 'ecdsa-sha2-nistp256']);
  });
});
