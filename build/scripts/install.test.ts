import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureInstalled } from './install.mjs';

const PATH = process.env['PATH'] ?? '';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fireline-install-'));
  const here = { os: [process.platform], cpu: [process.arch] };
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({
      packages: {
        '': {},
        'node_modules/plain': { version: '1.0.0' },
        'node_modules/native-here': { version: '1.0.0', optional: true, ...here },
        'node_modules/native-elsewhere': { version: '1.0.0', optional: true, os: ['aix'], cpu: ['ppc64'] },
        'node_modules/of-elsewhere': { version: '1.0.0', optional: true },
      },
    }),
  );
});
afterEach(() => {
  process.env['PATH'] = PATH;
  rmSync(root, { recursive: true, force: true });
});

/** An npm that notes each call and then places what `place` says, `$n` being the number of the call. */
function npmThat(place: string): () => number {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'npm'),
    `#!/bin/sh\necho >> calls; n=$(wc -l < calls)\nrm -rf node_modules\n${place}\nfor p in node_modules/*; do echo '{}' > "$p/package.json"; done\n`,
  );
  chmodSync(join(bin, 'npm'), 0o755);
  process.env['PATH'] = `${bin}${delimiter}${PATH}`;
  return () => readFileSync(join(root, 'calls'), 'utf8').length;
}

const stamped = () => existsSync(join(root, 'node_modules', '.fireline-lock'));

it('a package of this platform that npm left out is fetched with another try', async () => {
  const calls = npmThat('mkdir -p node_modules/plain; [ "$n" -lt 2 ] || mkdir node_modules/native-here');
  expect(await ensureInstalled(root)).toBe(true);
  expect(calls()).toBe(2);
  expect(stamped()).toBe(true);
  expect(await ensureInstalled(root)).toBe(false);
  expect(calls()).toBe(2);
});

it('one that cannot be fetched is tried for again at the next start', async () => {
  const calls = npmThat('mkdir -p node_modules/plain; [ "$n" -lt 3 ] || mkdir node_modules/native-here');
  await ensureInstalled(root);
  expect(stamped()).toBe(false);
  await ensureInstalled(root);
  expect(calls()).toBe(3);
  expect(stamped()).toBe(true);
});
