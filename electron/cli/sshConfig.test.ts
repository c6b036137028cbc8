import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import type { CliContext } from './cliContext.ts';
import { runCli } from './runCli.ts';

const directory = mkdtempSync(join(tmpdir(), 'fireline-cli-ssh-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function run(...args: string[]) {
  let stdout = '';
  let stderr = '';
  const status = await runCli(['ssh-config', ...args], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    environment: process.env,
    clock: systemClock,
  } as CliContext);
  return { status, stdout, stderr };
}

it('prints what an alias resolves to in the form of ssh -G, and notes what is not done', async () => {
  const file = join(directory, 'config');
  writeFileSync(
    file,
    'Host web1\n HostName 10.0.0.1\n ProxyJump edge\n CertificateFile /c\nHost *\n Port 2200\n',
  );
  const { status, stdout, stderr } = await run('deploy@web1', '--file', file);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^host web1\nuser deploy\nhostname 10\.0\.0\.1\nport 2200\n/);
  expect(stdout).toMatch(/\nproxyjump edge\n$/);
  expect(stderr).toMatch(/^note: CertificateFile/);
});

it('takes an address as ssh takes it', async () => {
  const file = join(directory, 'place');
  writeFileSync(file, 'Host web1\n HostName 10.0.0.1\n User other\n Port 22\n');
  const { stdout } = await run('ssh://deploy@web1:2200/', '--file', file);
  expect(stdout).toMatch(/^host web1\nuser deploy\nhostname 10\.0\.0\.1\nport 2200\n/);
});

it('says which lines ssh would refuse, by file and line, and what it takes of the rest', async () => {
  const file = join(directory, 'broken');
  writeFileSync(file, 'Port 22222222\nUser me\n');
  const { status, stdout, stderr } = await run('x', '--file', file);
  expect({ status, user: /^user .*$/m.exec(stdout)?.[0] }).toEqual({ status: 1, user: 'user me' });
  expect(stderr).toBe(`ssh would refuse: ${file}:1: "22222222" is not a port\n`);
});

it('needs an alias, and a file that is there', async () => {
  expect((await run()).status).toBe(2);
  expect(await run('x', '--file', '/nonexistent')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('does not exist'),
  });
});
