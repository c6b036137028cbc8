import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSshByAddress, type SshByAddress } from './sshByAddress.ts';
import { output, scripted } from './sshTestBed.ts';
import { generateKey } from './testSshd.ts';

let bed: SshByAddress;

beforeAll(async () => {
  bed = await createSshByAddress();
});
afterEach(() => bed.clear());
afterAll(() => bed.stop());

describe('host keys', () => {
  it('asks about an unknown key with its fingerprint, keeps it when accepted, and does not ask again', async () => {
    const knownHostsFile = bed.unknownFile();
    const prompter = scripted([['yes']]);
    await bed.connect(prompter, { knownHostsFile });
    const [, expected = ''] = execFileSync(
      'ssh-keygen',
      ['-lf', join(bed.sshd.directory, 'host_ed25519.pub')],
      {
        encoding: 'utf8',
      },
    ).split(' ');
    expect(prompter.asked).toEqual([
      {
        kind: 'hostKey',
        host: 'web1',
        hop: `${bed.sshd.user}@127.0.0.1:${bed.sshd.port}`,
        address: `[127.0.0.1]:${bed.sshd.port}`,
        keyType: 'ssh-ed25519',
        fingerprint: expected,
        knownHostsFile,
      },
    ]);
    expect(readFileSync(knownHostsFile, 'utf8')).toBe(bed.sshd.knownHostsLine);
    await bed.connect(prompter, { knownHostsFile });
    expect(prompter.asked).toHaveLength(1);
  });

  it('refuses a key that a person does not accept, or nobody can be asked about', async () => {
    expect(await bed.refusal(scripted([null]), { knownHostsFile: bed.unknownFile() })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('was not accepted'),
    });
    expect(await bed.refusal(scripted([], false), { knownHostsFile: bed.unknownFile() })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('nobody can be asked'),
    });
  });

  it('refuses a changed key and names the line and both fingerprints', async () => {
    const other = generateKey(bed.sshd.directory, `other${Math.random()}`, 'ed25519');
    const knownHostsFile = bed.unknownFile();
    writeFileSync(
      knownHostsFile,
      `# first line\n[127.0.0.1]:${bed.sshd.port} ${readFileSync(`${other}.pub`, 'utf8')}`,
    );
    const prompter = scripted([['yes']]);
    const failure = await bed.refusal(prompter, { knownHostsFile });
    expect(failure.kind).toBe('refused');
    expect(failure.reason).toContain(`${knownHostsFile}:2 has SHA256:`);
    expect(failure.reason.match(/SHA256:/g)).toHaveLength(2);
    expect(prompter.asked).toEqual([]);
  });

  it('refuses a revoked key', async () => {
    const knownHostsFile = bed.unknownFile();
    writeFileSync(
      knownHostsFile,
      `${bed.sshd.knownHostsLine}@revoked * ${bed.sshd.knownHostsLine.split(' ').slice(1).join(' ')}`,
    );
    expect(await bed.refusal(scripted([]), { knownHostsFile })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('revoked'),
    });
  });

  it('asks the server for the key type on file, whichever it would rather show', async () => {
    const knownHostsFile = bed.unknownFile();
    writeFileSync(
      knownHostsFile,
      `[127.0.0.1]:${bed.sshd.port} ${readFileSync(join(bed.sshd.directory, 'host_rsa.pub'), 'utf8')}`,
    );
    expect(await output(await bed.connect(scripted([], false), { knownHostsFile }), 'echo rsa')).toBe(
      'rsa\n0',
    );
  });

  it('asks, with a warning, about a host that is on file with a type that it does not show any more', async () => {
    const ecdsa = generateKey(bed.sshd.directory, `ecdsa${Math.random()}`, 'ecdsa');
    const knownHostsFile = bed.unknownFile();
    writeFileSync(knownHostsFile, `[127.0.0.1]:${bed.sshd.port} ${readFileSync(`${ecdsa}.pub`, 'utf8')}`);
    const prompter = scripted([['yes']]);
    expect(await output(await bed.connect(prompter, { knownHostsFile }), 'echo new')).toBe('new\n0');
    expect(prompter.asked).toMatchObject([
      {
        kind: 'hostKey',
        note: expect.stringContaining(`${knownHostsFile}:1 knows it by its ECDSA key only`),
      },
    ]);
    expect(readFileSync(knownHostsFile, 'utf8').split('\n')).toHaveLength(3);
  });

  it('refuses it where keys must be on file', async () => {
    const ecdsa = generateKey(bed.sshd.directory, `ecdsa${Math.random()}`, 'ecdsa');
    const knownHostsFile = bed.unknownFile();
    writeFileSync(knownHostsFile, `[127.0.0.1]:${bed.sshd.port} ${readFileSync(`${ecdsa}.pub`, 'utf8')}`);
    expect(await bed.refusal(scripted([], false), { knownHostsFile })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('ECDSA key only'),
    });
  });
});
