import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRendererFile } from './rendererFile.ts';

let base = '';
let root = '';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'fireline-renderer-'));
  root = join(base, 'renderer');
  await mkdir(join(root, 'assets'), { recursive: true });
  await writeFile(join(root, 'index.html'), '<!doctype html>');
  await writeFile(join(root, '.stamp'), 'hidden');
  await writeFile(join(root, 'assets', 'main-D3adB33f.js'), 'ok');
  await writeFile(join(base, 'secret.json'), '{"secret":true}');
  await writeFile(join(base, 'renderer-secret.json'), '{"secret":true}');
  await symlink(join(base, 'secret.json'), join(root, 'assets', 'link.json'));
});

afterAll(() => rm(base, { recursive: true }));

describe('files of the built renderer', () => {
  it('serves index.html for / and never lets it be cached', async () => {
    const file = await readRendererFile(root, '/');
    expect(file?.mediaType).toBe('text/html; charset=utf-8');
    expect(file?.cacheControl).toBe('no-store');
    expect(Buffer.from(file?.content ?? []).toString()).toBe('<!doctype html>');
  });

  it('lets files with a hash in their name be cached for good, whatever the query', async () => {
    const file = await readRendererFile(root, '/assets/main-D3adB33f.js?v=1');
    expect(file?.cacheControl).toContain('immutable');
  });

  it.each([
    '/../secret.json',
    '/%2e%2e/secret.json',
    '/..%2fsecret.json',
    '/%2e%2e%2fsecret.json',
    '/assets/..%5c..%5csecret.json',
    '/%252e%252e%252fsecret.json',
    '/../renderer-secret.json',
    '/assets/link.json',
    '/.stamp',
    '/assets',
    '/missing.js',
    '/index.html%00.js',
    '/%',
    'index.html',
    '',
  ])('has nothing at %s', async (path) => {
    expect(await readRendererFile(root, path)).toBeUndefined();
  });
});
