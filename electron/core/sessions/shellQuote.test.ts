import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { loginShellCommand, quoteArgument, quoteCommand } from './shellQuote.ts';

const HOSTILE = [
  '',
  'plain',
  'two words',
  "it's",
  '$(touch /tmp/x) `id` $HOME',
  'back\\slash \\\\ double',
  'line\nbreak\n',
  'bang! !!',
  '"quoted"',
  '-n',
  '*?[a]{b,c}~',
  '\t\x01\x7f',
  'é漢🔥',
  '%s %b \\0101',
  '; rm -rf / &',
];

const SHELLS = [['sh'], ['bash'], ['busybox', 'sh']];

describe('arguments', () => {
  it.each(SHELLS)('reach a command through %s as they are', (...shell) => {
    const [file = '', ...args] = shell.filter((word) => word !== undefined);
    for (const build of [quoteCommand, loginShellCommand]) {
      const line = build(['printf', '%s\\0', ...HOSTILE]);
      const output = execFileSync(file, [...args, '-c', line]).toString();
      expect(output.split('\0').slice(0, -1)).toEqual(HOSTILE);
    }
  });

  it('need nothing that fish or csh reads otherwise', () => {
    const line = loginShellCommand(['sh', '-c', 'printf "a\\\\b\\n"\necho hi!', "o'clock"]);
    // Outside the pair of single quotes only plain words; inside no quote, newline, `!` or doubled backslash.
    const inside = /^exec \/bin\/sh -c '([^']*)'$/.exec(line)?.[1];
    expect(inside).not.toMatch(/\n|!|\\\\/);
    expect(execFileSync('sh', ['-c', line]).toString()).toBe('a\b\nhi!\n');
  });

  it('with a NUL are refused', () => {
    expect(() => quoteArgument('a\0b')).toThrow('NUL');
  });
});
