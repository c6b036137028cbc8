import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A kernel to boot: its image, and its tree of modules. */
export interface Kernel {
  version: string;
  image: string;
  modules: string;
}

/** The kernel in an unpacked package or a root file system: `boot/vmlinuz-VERSION` and `lib/modules/VERSION`. */
export function kernelIn(directory: string): Kernel | undefined {
  const image = list(join(directory, 'boot')).find((name) => name.startsWith('vmlinuz-'));
  if (image === undefined) return undefined;
  const version = image.slice('vmlinuz-'.length);
  return {
    version,
    image: join(directory, 'boot', image),
    modules: join(directory, 'lib/modules', version),
  };
}

/**
 * Debian's current kernel for this release, by apt (which checks its signature), unpacked and not installed: about 70 MB
 * to fetch, 400 on disk, kept in `cache` until it is removed.
 * @throws with apt's words when it cannot be had
 */
export function debianKernel(cache: string): Kernel {
  const directory = join(cache, 'debian-kernel');
  const kept = kernelIn(directory);
  if (kept !== undefined) return kept;
  const depends = execFileSync('apt-cache', ['depends', '--important', 'linux-image-amd64'], {
    encoding: 'utf8',
  });
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error('apt knows no kernel (linux-image-amd64): run apt-get update');
  const fetching = join(cache, 'fetching');
  rmSync(fetching, { recursive: true, force: true });
  mkdirSync(fetching, { recursive: true });
  process.stderr.write(`fetching ${name} with apt\n`);
  execFileSync('apt-get', ['-q', 'download', name], {
    cwd: fetching,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const file of list(fetching).filter((one) => one.endsWith('.deb')))
    execFileSync('dpkg-deb', ['-x', join(fetching, file), join(fetching, 'root')]);
  renameSync(join(fetching, 'root'), directory);
  rmSync(fetching, { recursive: true });
  const kernel = kernelIn(directory);
  if (kernel === undefined) throw new Error(`${name} has no boot/vmlinuz-…`);
  return kernel;
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
