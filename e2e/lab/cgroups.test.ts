import { describe, expect, it } from 'vitest';
import { cgroupDirectories, detectCgroups, limitWrites } from './cgroups.ts';

const legacy = `
24 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 24 0:26 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/systemd rw,nosuid shared:10 - cgroup cgroup rw,xattr,name=systemd
32 30 0:28 / /sys/fs/cgroup/memory rw,nosuid shared:11 - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:12 - cgroup cgroup rw,cpu,cpuacct
34 30 0:30 / /sys/fs/cgroup/cpuset rw,nosuid shared:13 - cgroup cgroup rw,cpuset
`;
const hybrid = `${legacy}35 30 0:31 / /sys/fs/cgroup/unified rw,nosuid shared:14 - cgroup2 cgroup2 rw,nsdelegate\n`;
const unified =
  '40 24 0:27 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n';
const odd = '40 24 0:27 / /sys/fs/my\\040groups rw - cgroup cgroup rw,memory\n';

const none = () => {
  throw new Error('not asked');
};

describe('where the machine has its control groups', () => {
  it('finds version 1 controllers, also where two share a hierarchy', () => {
    expect(detectCgroups(legacy, none)).toEqual({
      mode: 'legacy',
      mounts: {
        memory: '/sys/fs/cgroup/memory',
        cpu: '/sys/fs/cgroup/cpu,cpuacct',
        cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
        cpuset: '/sys/fs/cgroup/cpuset',
      },
    });
  });

  it('uses version 1 where version 2 is mounted beside it without controllers', () => {
    const layout = detectCgroups(hybrid, none);
    expect(layout.mode).toBe('hybrid');
    expect(layout.mounts.memory).toBe('/sys/fs/cgroup/memory');
  });

  it('uses version 2 with the controllers that it offers', () => {
    expect(detectCgroups(unified, () => 'cpuset cpu io memory hugetlb pids\n')).toEqual({
      mode: 'unified',
      mounts: {
        memory: '/sys/fs/cgroup',
        cpu: '/sys/fs/cgroup',
        cpuset: '/sys/fs/cgroup',
        pids: '/sys/fs/cgroup',
      },
    });
  });

  it('has no memory controller where nothing is mounted', () => {
    expect(detectCgroups('24 1 254:0 / / rw - ext4 /dev/vda rw\n', none).mounts.memory).toBeUndefined();
  });

  it('reads an escaped mount point', () => {
    expect(detectCgroups(odd, none).mounts.memory).toBe('/sys/fs/my groups');
  });

  it('names each hierarchy once, the memory controller’s first', () => {
    expect(cgroupDirectories(detectCgroups(legacy, none), 'lab/web1')).toEqual([
      '/sys/fs/cgroup/memory/lab/web1',
      '/sys/fs/cgroup/cpu,cpuacct/lab/web1',
      '/sys/fs/cgroup/cpuset/lab/web1',
    ]);
    expect(
      cgroupDirectories(
        detectCgroups(unified, () => 'memory cpu'),
        'lab/web1',
      ),
    ).toEqual(['/sys/fs/cgroup/lab/web1']);
  });
});

describe('what limits a host', () => {
  const limits = { memoryBytes: 268435456, cpus: '1', cpuQuota: 0.5 };

  it('is written to version 1 files', () => {
    const writes = limitWrites(detectCgroups(legacy, none), 'lab/web1', limits);
    expect(writes.map(({ file, text }) => `${text} > ${file}`)).toEqual([
      '1 > /sys/fs/cgroup/cpuset/lab/web1/cpuset.cpus',
      '268435456 > /sys/fs/cgroup/memory/lab/web1/memory.limit_in_bytes',
      '268435456 > /sys/fs/cgroup/memory/lab/web1/memory.memsw.limit_in_bytes',
      '100000 > /sys/fs/cgroup/cpu,cpuacct/lab/web1/cpu.cfs_period_us',
      '50000 > /sys/fs/cgroup/cpu,cpuacct/lab/web1/cpu.cfs_quota_us',
    ]);
  });

  it('is written to version 2 files', () => {
    const layout = detectCgroups(unified, () => 'cpuset cpu io memory pids');
    const writes = limitWrites(layout, 'lab/web1', limits);
    expect(writes.map(({ file, text }) => `${text} > ${file}`)).toEqual([
      '1 > /sys/fs/cgroup/lab/web1/cpuset.cpus',
      '268435456 > /sys/fs/cgroup/lab/web1/memory.max',
      '0 > /sys/fs/cgroup/lab/web1/memory.swap.max',
      '0 > /sys/fs/cgroup/lab/web1/memory.oom.group',
      '50000 100000 > /sys/fs/cgroup/lab/web1/cpu.max',
    ]);
  });

  it('has no quota unless one is asked for, and none where there is no cpu controller', () => {
    const keys = (controllers: string, cpuQuota?: number) =>
      limitWrites(
        detectCgroups(unified, () => controllers),
        'a',
        {
          memoryBytes: 1,
          cpus: '0',
          ...(cpuQuota === undefined ? {} : { cpuQuota }),
        },
      ).map(({ file }) => file.split('/').at(-1));
    expect(keys('memory cpu')).toEqual(['memory.max', 'memory.swap.max', 'memory.oom.group']);
    expect(keys('memory', 2)).toEqual(['memory.max', 'memory.swap.max', 'memory.oom.group']);
  });
});
