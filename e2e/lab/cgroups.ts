import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Controllers a lab host is put under. `cpuacct` exists on version 1 only and is what lxcfs reads for /proc/stat. */
export type Controller = 'memory' | 'cpu' | 'cpuacct' | 'cpuset' | 'pids';

const CONTROLLERS: readonly Controller[] = ['memory', 'cpu', 'cpuacct', 'cpuset', 'pids'];

/**
 * Where this machine has its control groups.
 * - `legacy`: version 1 only; `hybrid`: version 1 controllers beside an empty version 2 hierarchy
 * - `unified`: version 2
 * `mounts` names, for each controller there is, the directory its hierarchy is mounted on.
 */
export interface CgroupLayout {
  mode: 'legacy' | 'hybrid' | 'unified';
  mounts: Partial<Record<Controller, string>>;
}

export interface CgroupLimits {
  memoryBytes: number;
  /** A list as `cpuset.cpus` takes it: `0`, `0-1`. */
  cpus: string;
  /** Cores' worth of time, may be a fraction; absent: no quota. */
  cpuQuota?: number;
}

/** @param mountinfo the text of /proc/self/mountinfo @param unifiedControllers of a version 2 mount, its cgroup.controllers */
export function detectCgroups(
  mountinfo: string,
  unifiedControllers: (mount: string) => string,
): CgroupLayout {
  const mounts: CgroupLayout['mounts'] = {};
  let unified: string | undefined;
  for (const line of mountinfo.split('\n')) {
    // proc(5): ID parent major:minor root mountpoint options [optional fields] - type source superOptions
    const [before, after] = line.split(' - ');
    const mountPoint = before?.split(' ')[4];
    const [type, , superOptions] = after?.split(' ') ?? [];
    if (mountPoint === undefined) continue;
    const directory = unescapeMountPath(mountPoint);
    if (type === 'cgroup2') unified ??= directory;
    if (type !== 'cgroup') continue;
    for (const option of superOptions?.split(',') ?? []) {
      const controller = CONTROLLERS.find((one) => one === option);
      if (controller !== undefined) mounts[controller] ??= directory;
    }
  }
  if (mounts.memory !== undefined) return { mode: unified === undefined ? 'legacy' : 'hybrid', mounts };
  if (unified !== undefined) {
    const available = unifiedControllers(unified).trim().split(/\s+/);
    for (const controller of CONTROLLERS) if (available.includes(controller)) mounts[controller] = unified;
  }
  return { mode: 'unified', mounts };
}

export function detectCgroupsHere(): CgroupLayout {
  return detectCgroups(readFileSync('/proc/self/mountinfo', 'utf8'), (mount) =>
    readFileSync(join(mount, 'cgroup.controllers'), 'utf8'),
  );
}

/** The directories of one group, one a hierarchy; the memory controller's first. @param path relative: `fireline-lab/ID/web1` */
export function cgroupDirectories(layout: CgroupLayout, path: string): string[] {
  const mounts = CONTROLLERS.map((controller) => layout.mounts[controller]);
  return [...new Set(mounts.filter((mount) => mount !== undefined))].map((mount) => join(mount, path));
}

/** What to write into which file, in order, once the directories exist. Paths are absolute. */
export function limitWrites(
  layout: CgroupLayout,
  path: string,
  limits: CgroupLimits,
): { file: string; text: string; optional: boolean }[] {
  const writes: { file: string; text: string; optional: boolean }[] = [];
  const write = (controller: Controller, key: string, text: string, optional = false) => {
    const mount = layout.mounts[controller];
    if (mount !== undefined) writes.push({ file: join(mount, path, key), text, optional });
  };
  const bytes = String(limits.memoryBytes);
  const periodUs = 100_000;
  const quotaUs =
    limits.cpuQuota === undefined ? undefined : Math.max(1000, Math.round(limits.cpuQuota * periodUs));
  // Version 2: a parent that could not hand the controller down leaves the file out; the host then has every CPU.
  write('cpuset', 'cpuset.cpus', limits.cpus, layout.mode === 'unified');
  if (layout.mode === 'unified') {
    write('memory', 'memory.max', bytes);
    // Without it a host with swap would slow down instead of being killed. Absent without swap accounting.
    write('memory', 'memory.swap.max', '0', true);
    write('memory', 'memory.oom.group', '0', true);
    if (quotaUs !== undefined) write('cpu', 'cpu.max', `${quotaUs} ${periodUs}`);
  } else {
    write('memory', 'memory.limit_in_bytes', bytes);
    write('memory', 'memory.memsw.limit_in_bytes', bytes, true);
    if (quotaUs !== undefined) {
      write('cpu', 'cpu.cfs_period_us', String(periodUs));
      write('cpu', 'cpu.cfs_quota_us', String(quotaUs));
    }
  }
  return writes;
}

/** Makes the group and sets its limits. Parents are made as needed and, on version 2, hand their controllers down. */
export function createCgroup(layout: CgroupLayout, path: string, limits: CgroupLimits): void {
  for (const mount of new Set(Object.values(layout.mounts))) {
    let directory = mount;
    for (const part of path.split('/')) {
      if (layout.mode === 'unified') enableControllers(layout, directory);
      directory = join(directory, part);
      mkdirSync(directory, { recursive: true });
      // Version 1: a new cpuset is empty, and nothing can be moved into it, until both are set.
      if (layout.mode !== 'unified' && mount === layout.mounts.cpuset) copyCpuset(directory);
    }
  }
  for (const { file, text, optional } of limitWrites(layout, path, limits)) {
    if (optional && !existsSync(file)) continue;
    writeFileSync(file, text);
  }
}

/** Processes in the group, by the machine's pids. Empty when the group is gone. */
export function cgroupProcesses(directory: string): number[] {
  try {
    return readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** How many processes the kernel killed in the group for want of memory. */
export function oomKillCount(layout: CgroupLayout, path: string): number {
  const mount = layout.mounts.memory;
  if (mount === undefined) return 0;
  const key = layout.mode === 'unified' ? 'memory.events' : 'memory.oom_control';
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(mount, path, key), 'utf8'))?.[1] ?? 0);
}

/** CPU time that all of a group has used, milliseconds: the kernel's own count. Undefined where it keeps none. */
export function cpuUsedMs(layout: CgroupLayout, path: string): number | undefined {
  const { cpuacct, cpu } = layout.mounts;
  if (cpuacct !== undefined && layout.mode !== 'unified')
    return Number(readFileSync(join(cpuacct, path, 'cpuacct.usage'), 'utf8')) / 1e6;
  if (cpu === undefined) return undefined;
  const micro = /^usage_usec (\d+)$/m.exec(readFileSync(join(cpu, path, 'cpu.stat'), 'utf8'))?.[1];
  return micro === undefined ? undefined : Number(micro) / 1000;
}

/** Removes the directory and the parents that this leaves empty, up to the mount. False while something is in it. */
export function removeCgroup(directory: string, mount: string): boolean {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return false;
  }
  for (let parent = dirname(directory); parent.length > mount.length; parent = dirname(parent)) {
    try {
      rmdirSync(parent);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') break;
    }
  }
  return true;
}

function enableControllers(layout: CgroupLayout, directory: string): void {
  for (const controller of CONTROLLERS) {
    if (layout.mounts[controller] === undefined) continue;
    try {
      writeFileSync(join(directory, 'cgroup.subtree_control'), `+${controller}`);
    } catch (error) {
      if (controller !== 'memory') continue;
      throw new Error(
        `control groups: ${directory} cannot hand down the memory controller (${errorCode(error)}). In a container, ` +
          'its processes must be moved into a sub-group first, or it must be run with the host’s cgroup namespace.',
      );
    }
  }
}

function copyCpuset(directory: string): void {
  for (const key of ['cpuset.cpus', 'cpuset.mems']) {
    if (readFileSync(join(directory, key), 'utf8').trim() !== '') continue;
    writeFileSync(join(directory, key), readFileSync(join(dirname(directory), key), 'utf8').trim());
  }
}

function unescapeMountPath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
