import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bed, run } from './cliBed.ts';

describe('report', () => {
  it('writes the file for its owner alone, and nothing on stdout', async () => {
    const path = join(bed.base, 'r.html');
    expect(
      await run('report', 'latest', '--format', 'html', '--out', path, '--time-zone', 'Europe/Berlin'),
    ).toBe(0);
    expect(bed.reported).toEqual([
      { dataDirectory: bed.base, which: 'latest', format: 'html', timeZone: 'Europe/Berlin' },
    ]);
    expect(await readFile(path, 'utf8')).toBe('# Report');
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect(bed.stdout).toBe('');
    expect(bed.stderr).toContain(path);
  });

  it('goes to stdout on request', async () => {
    expect(await run('report', 'INC-7', '--out=-')).toBe(0);
    expect(bed.stdout).toBe('# Report\n');
    expect(bed.stderr).toBe('');
    expect(bed.reported).toEqual([{ dataDirectory: bed.base, which: 7, format: 'md' }]);
  });

  it('says what is not there, and where it could not write', async () => {
    expect(await run('report', '404', '--out=-')).toBe(1);
    expect(bed.stderr).toBe('fireline report: there is no INC-404. See the list.\n');
    expect(await run('report', '7', '--out', join(bed.base, 'none', 'r.md'))).toBe(1);
    expect(bed.stderr).toContain('ENOENT');
  });
});
