import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { detectCgroupsHere } from './cgroups.ts';

/** What must be on the path, and the Debian package that has it. */
const COMMANDS: Record<string, string> = {
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  lxcfs: 'lxcfs',
  fusermount3: 'fuse3',
  free: 'procps',
  perl: 'perl',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
};

/** What stands in the way of a lab on this machine, each with what to do about it. Empty when nothing does. */
export function missingForLab(): string[] {
  const missing: string[] = [];
  if (process.platform !== 'linux') return [`lab hosts are Linux namespaces; this is ${process.platform}`];
  if (process.getuid?.() !== 0)
    missing.push('root is needed for namespaces and control groups: run it with sudo');
  const packages = new Set(
    Object.entries(COMMANDS)
      .filter(([command]) => findCommand(command) === undefined)
      .map(([, name]) => name),
  );
  if (packages.size > 0) missing.push(`packages are missing: apt-get install ${[...packages].join(' ')}`);
  if (!existsSync('/dev/fuse'))
    missing.push('/dev/fuse is missing and lxcfs needs it: modprobe fuse, or give it to the container');
  if (detectCgroupsHere().mounts.memory === undefined)
    missing.push('no cgroup hierarchy with the memory controller is mounted under /sys/fs/cgroup');
  return missing;
}

export function findCommand(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  for (const directory of directories.filter(Boolean)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
