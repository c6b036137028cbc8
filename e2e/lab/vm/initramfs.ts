import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

/** One file of an archive: its path without a leading slash, its bytes, its permission bits. */
export interface ArchiveFile {
  path: string;
  bytes: Buffer;
  mode: number;
}

/** A cpio archive in the "newc" form that the kernel unpacks: Documentation/driver-api/early-userspace/buffer-format. */
export function cpioArchive(files: readonly ArchiveFile[]): Buffer {
  const directories = new Set(
    files.flatMap(({ path }) => path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/'))),
  );
  directories.delete('');
  const parts: Buffer[] = [];
  let inode = 0;
  const add = (path: string, mode: number, bytes: Buffer) => {
    const name = Buffer.from(`${path}\0`);
    // inode, mode, uid, gid, links, mtime, size, device (2), special device (2), length of the name, check
    const fields = [++inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    parts.push(padded(Buffer.concat([Buffer.from(header), name])), padded(bytes));
  };
  for (const directory of [...directories].sort()) add(directory, 0o040755, Buffer.alloc(0));
  for (const { path, bytes, mode } of files) add(path, 0o100000 | mode, bytes);
  add('TRAILER!!!', 0, Buffer.alloc(0));
  return Buffer.concat(parts);
}

/**
 * These modules and what they need, each after what it needs, as files under `modules/` with their order in
 * `modules/order`. Those that are built in are left out.
 * @param tree of one kernel: `lib/modules/VERSION`
 * @throws when a module is neither there nor built in
 */
export function moduleFiles(tree: string, wanted: readonly string[]): ArchiveFile[] {
  const found = new Map(
    readdirSync(tree, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.ko(\.\w+)?$/.test(path))
      .map((path) => [moduleName(path), join(tree, path)]),
  );
  const listFile = join(tree, 'modules.builtin');
  const builtIn = new Set(
    (existsSync(listFile) ? readFileSync(listFile, 'utf8') : '').split('\n').map(moduleName),
  );
  const loaded = new Map<string, Buffer>();
  const load = (name: string) => {
    if (loaded.has(name) || builtIn.has(name)) return;
    const file = found.get(name);
    if (file === undefined) throw new Error(`the kernel has no module ${name} in ${tree}`);
    const bytes = uncompressed(file);
    // Strings of the .modinfo section; `depends` is there even when it is empty.
    const depends = /\0depends=([^\0]*)\0/.exec(bytes.toString('latin1'))?.[1] ?? '';
    for (const one of depends.split(',').filter(Boolean)) load(one.replaceAll('-', '_'));
    loaded.set(name, bytes);
  };
  for (const name of wanted) load(name);
  const files = [...loaded].map(([name, bytes]) => ({ path: `modules/${name}`, bytes, mode: 0o644 }));
  return [
    ...files,
    { path: 'modules/order', bytes: Buffer.from([...loaded.keys()].join('\n')), mode: 0o644 },
  ];
}

function moduleName(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_');
}

function uncompressed(file: string): Buffer {
  const bytes = readFileSync(file);
  if (file.endsWith('.ko')) return bytes;
  if (file.endsWith('.zst')) return zstdDecompressSync(bytes);
  throw new Error(`${file}: only plain and .zst modules are read`);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
