import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PRIVILEGE } from './look.ts';
import { sudoRefusal } from './privilege.ts';

/** What an account that is not root is found to be allowed, where its sudo says and does this. */
function found(sudo: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fireline-sudo-'));
  for (const [name, script] of [
    ['id', 'echo 1000'],
    ['sudo', sudo],
  ] as const) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  const { stdout } = spawnSync('sh', ['-c', PRIVILEGE], { env, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return stdout.trim();
}

test.each([
  ['sudo 1.9, with a password', 'echo "sudo: a password is required" >&2; exit 1', 'password'],
  ['sudo-rs, with a password', 'echo "sudo: interactive authentication is required" >&2; exit 1', 'password'],
  ['without one', 'exit 0', 'sudo'],
  ['requiretty', 'echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1', 'none'],
  ['nobody', "echo \"sudo: I'm sorry deploy. I'm afraid I can't do that\" >&2; exit 1", 'none'],
])('how an account can act as root: %s', (_, sudo, expected) => {
  expect(found(sudo)).toBe(expected);
});

test.each([
  ['sudo: 1 incorrect password attempt', 'did not accept the password'],
  [
    'sudo: Authentication failed, try again.\nsudo: Maximum 3 incorrect authentication attempts',
    'did not accept',
  ],
  ['sudo: interactive authentication is required', 'asks for a password by now'],
  ["sudo: I'm sorry deploy. I'm afraid I can't do that", 'does not allow this account that command'],
  ["Sorry, user deploy is not allowed to execute '/bin/sh' as root on web1.", 'does not allow'],
  ['deploy is not in the sudoers file.', 'may not use sudo'],
  [
    'sudo: account validation failure, is your account locked?\nsudo: a password is required',
    'locked or has expired',
  ],
  ['sudo: sorry, you must have a tty to run sudo', 'sudo refused: sorry, you must have a tty'],
])('what sudo refuses is said: %s', (stderr, expected) => {
  expect(sudoRefusal({ exitCode: 1, stdout: '', stderr })).toContain(expected);
});
