import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
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

const SHELLS = [['sh'], ['bash'], ['bash', '--restricted'], ['busybox', 'sh']];

describe('arguments', () => {
  it.each(SHELLS)('reach a command through %s as they are', (...shell) => {
    const [file = '', ...args] = shell.filter((word) => word !== undefined);
    for (const build of [quoteCommand, loginShellCommand]) {
      const line = build(['printf', '%s\\0', ...HOSTILE]);
      const output = execFileSync(file, [...args, '-c', line]).toString();
      expect(output.split('\0').slice(0, -1)).toEqual(HOSTILE);
    }
  });

  it('reach it whatever they hold', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        ...HOSTILE,
        "'",
        "\\'",
        "'\\''",
        '\\',
        '\\0101',
        '!',
        '\n',
        '$(',
        '`',
        '"',
        '\u202e',
        'A'.repeat(10_000),
      ),
    );
    const argument = fc.array(piece, { maxLength: 5 }).map((parts) => parts.join('').replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 20, maxLength: 40 }), (argv) => {
        for (const build of [quoteCommand, loginShellCommand]) {
          // Less than a command line may be (MAX_ARG_STRLEN), also with four characters for one.
          const some = argv.filter((_, n) => argv.slice(0, n + 1).join('').length < 25_000);
          const output = execFileSync('sh', ['-c', build(['printf', '%s\\0', ...some])]).toString();
          expect(output.split('\0').slice(0, -1)).toEqual(some);
        }
      }),
      { numRuns: 15, seed: 4711 },
    );
  });

  it('need nothing that fish or csh reads otherwise', () => {
    const line = loginShellCommand(['sh', '-c', 'printf "a\\\\b\\n"\necho hi!', "o'clock"]);
    // Outside the pair of single quotes only plain words; inside no quote, newline, `!` or doubled backslash.
    const inside = /^sh -c '([^']*)'$/.exec(line)?.[1];
    expect(inside).not.toMatch(/\n|!|\\\\/);
    expect(execFileSync('sh', ['-c', line]).toString()).toBe('a\b\nhi!\n');
  });

  it('with a NUL are refused', () => {
    expect(() => quoteArgument('a\0b')).toThrow('NUL');
  });
});
