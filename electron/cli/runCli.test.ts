import { describe, expect, it } from 'vitest';
import { bed, run } from './cliBed.ts';
import { parseDuration } from './commandFlags.ts';

describe('the command line', () => {
  it.each([
    [[], 2],
    [['nope'], 2],
    [['watch'], 2],
    [['watch', 'a.yaml', 'b.yaml'], 2],
    [['watch', 'a.yaml', '--nope'], 2],
    [['watch', 'a.yaml', '--for'], 2],
    [['watch', 'a.yaml', '--for', 'soon'], 2],
    [['watch', 'a.yaml', '--for', '0'], 2],
    [['watch', 'a.yaml', '--for', '25d'], 2],
    [['watch', 'a.yaml', '--approve=yes'], 2],
    [['report'], 2],
    [['report', 'newest'], 2],
    [['report', 'latest', '--format', 'pdf'], 2],
    [['report', 'latest', '--time-zone', 'Mars/Olympus'], 2],
    [['doctor'], 2],
    [['doctor', 'a.yaml', '--timeout', 'x'], 2],
  ])('refuses %j with status %i, on stderr alone, and starts nothing', async (args, status) => {
    expect(await run(...args)).toBe(status);
    expect(bed.stdout).toBe('');
    expect(bed.stderr).not.toBe('');
    expect(bed.stderr).not.toContain('    at ');
    expect(bed.created).toEqual([]);
  });

  it('names the option that it does not know, and where help is', async () => {
    await run('watch', 'a.yaml', '--nope');
    expect(bed.stderr).toContain("'--nope'");
    expect(bed.stderr).toContain('watch --help');
  });

  it.each(['watch', 'report', 'doctor'])('%s has help on stdout', async (name) => {
    expect(await run(name, '--help')).toBe(0);
    expect(bed.stdout).toContain(`fireline -- ${name} `);
    expect(bed.stderr).toBe('');
  });

  it('tells its version', async () => {
    expect(await run('--version')).toBe(0);
    expect(bed.stdout).toMatch(/^fireline \d+\.\d+\.\d+\n$/);
  });

  it('tells its commands', async () => {
    expect(await run('--help')).toBe(0);
    expect(bed.stdout).toMatch(/watch .*\n.*report .*\n.*doctor /);
  });

  it('reads times', () => {
    expect(parseDuration('60s', '--for')).toBe(60_000);
    expect(parseDuration('90', '--for')).toBe(90_000);
    expect(parseDuration('1500ms', '--for')).toBe(1_500);
    expect(parseDuration('1.5m', '--for')).toBe(90_000);
    expect(parseDuration('2h', '--for')).toBe(7_200_000);
  });
});
