import { describe, expect, it } from 'vitest';
import { kernelTrouble } from './kernelTrouble.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { play, told } from './testPlay.ts';

function hostWith(...lines: string[]): TestHost {
  const host = new TestHost({ detectors: [kernelTrouble] });
  host.second();
  for (const line of lines) host.kernel(line);
  return host;
}

function seconds(host: TestHost, count: number): void {
  for (let n = 0; n < count; n++) host.second();
}

describe('a disk that fails', () => {
  it.each([
    [
      'critical',
      'sda fails to read: its medium is damaged',
      'blk_update_request: critical medium error, dev sda, sector 1953 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0',
    ],
    [
      'warning',
      'sdb fails to write',
      'I/O error, dev sdb, sector 123456 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2',
    ],
    ['warning', 'vda fails to read or write', 'end_request: I/O error, dev vda, sector 2048'],
    ['warning', 'sda1 fails to read or write', 'Buffer I/O error on device sda1, logical block 1234'],
    ['warning', 'nvme0 does not answer, and is reset', 'nvme nvme0: I/O 12 QID 4 timeout, reset controller'],
    [
      'warning',
      'nvme0 does not answer, and is reset',
      'nvme nvme0: I/O tag 129 (1081) opcode 0x2 (I/O Cmd) QID 9 timeout, aborting req_op:READ(0) size:4096',
    ],
    [
      'critical',
      'nvme1 did not come back after a reset, and was removed',
      'nvme nvme1: Removing after probe failure status: -19',
    ],
    [
      'warning',
      'ata1 fails a command of its disk',
      'ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen',
    ],
    ['critical', 'sdc is offline', 'sd 2:0:0:0: [sdc] rejecting I/O to offline device'],
    ['critical', 'md0 lost its disk sdb1', 'md/raid1:md0: Disk failure on sdb1, disabling device.'],
    [
      'warning',
      'path 8:16 failed: its storage is reached by fewer ways',
      'device-mapper: multipath: 253:0: Failing path 8:16.',
    ],
    [
      'critical',
      'the thin pool has no space left to give to what is written',
      'device-mapper: thin: 253:4: switching pool to out-of-data-space (queue IO) mode',
    ],
    [
      'warning',
      'dm-0 meets errors in its file system',
      'EXT4-fs error (device dm-0): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0',
    ],
    ['warning', 'sda1 fails to read or write', 'Aborting journal on device sda1-8.'],
  ])('%s: %s', (severity, title, line) => {
    expect(told(hostWith(line), 'disk.errors')).toMatchObject([{ severity, title }]);
  });

  it('is one event for all that is said of it, by its worst, and over when nothing more is said', () => {
    const host = hostWith(
      'blk_update_request: I/O error, dev sda, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0',
      'Buffer I/O error on dev sda1, logical block 1, async page read',
    );
    seconds(host, 3);
    host.kernel('critical medium error, dev sda, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0');
    expect(told(host, 'disk.errors')).toMatchObject([
      {
        severity: 'critical',
        title: 'sda fails to read: its medium is damaged, said 3 times',
        detail: { count: 3 },
        evidence: [
          { text: expect.stringContaining('I/O error') },
          { text: expect.stringContaining('medium') },
        ],
      },
    ]);
    seconds(host, 299);
    expect(host.open).toHaveLength(1);
    seconds(host, 1);
    expect(host.open).toEqual([]);
  });

  it('is another one than an empty drive, a disk that comes, and what was corrected', () => {
    const host = hostWith(
      'blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 0',
      'Buffer I/O error on dev sr0, logical block 0, async page read',
      'ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)',
      'ata2: SATA link down (SStatus 0 SControl 300)',
      'nvme nvme0: 8/0/0 default/read/poll queues',
      'sd 0:0:0:0: [sda] Synchronizing SCSI cache',
      'EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.',
      '{1}[Hardware Error]: event severity: corrected',
    );
    seconds(host, 30);
    expect(host.told).toEqual([]);
    nearMiss('disk.errors');
  });
});

it.each([
  [
    'critical',
    'The table of tracked connections is full: new connections are dropped',
    'nf_conntrack: nf_conntrack: table full, dropping packet',
  ],
  [
    'warning',
    'More connections to port 443 are begun than are taken up: a flood, or a program that accepts too slowly',
    'TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.  Check SNMP counters.',
  ],
  [
    'critical',
    'TCP has used all memory that it may have: connections stall',
    'TCP: out of memory -- consider tuning tcp_mem',
  ],
  [
    'critical',
    'The table of neighbours (ARP) is full: hosts nearby cannot be reached',
    'neighbour: arp_cache: neighbor table overflow!',
  ],
  [
    'critical',
    'The whole machine may open 100000 files, and has: no program can open another',
    'VFS: file-max limit 100000 reached',
  ],
  [
    'critical',
    '/system.slice/web.service has as many processes and threads as it may: it can start none',
    'cgroup: fork rejected by pids controller in /system.slice/web.service',
  ],
])('a limit that is met, %s: %s', (severity, title, line) => {
  const host = hostWith(line);
  expect(told(host, 'kernel.limit')).toMatchObject([{ severity, title }]);
  seconds(host, 61);
  expect(host.open).toEqual([]);
});

describe('a network interface', () => {
  it.each([
    [
      'eth0',
      'e1000e: eth0 NIC Link is Down',
      'e1000e: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx',
    ],
    [
      'eno1',
      'igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Down',
      'igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Up 1000 Mbps',
    ],
    [
      'em1',
      'tg3 0000:02:00.0 em1: Link is down',
      'tg3 0000:02:00.0 em1: Link is up at 1000 Mbps, full duplex',
    ],
    ['ens1f0', 'mlx5_core 0000:3b:00.0 ens1f0: Link down', 'mlx5_core 0000:3b:00.0 ens1f0: Link up'],
    [
      'eth1',
      'bond0: (slave eth1): link status definitely down, disabling slave',
      'bond0: (slave eth1): link status definitely up, 10000 Mbps full duplex',
    ],
  ])('%s that has no link is told after a while, and is over when the link stays', (name, down, up) => {
    const host = hostWith(down);
    seconds(host, 14);
    expect(host.told).toEqual([]);
    seconds(host, 1);
    expect(told(host, 'network.errors')).toMatchObject([
      { severity: 'warning', title: `${name} has had no link for 15 s` },
    ]);
    host.kernel(up);
    seconds(host, 59);
    expect(host.open).toHaveLength(1);
    seconds(host, 1);
    expect(host.open).toEqual([]);
  });

  it('whose link comes and goes is told as that, once', () => {
    const host = hostWith();
    for (let n = 0; n < 6; n++) {
      host.kernel('igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Down');
      seconds(host, 3);
      host.kernel('igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Up 1000 Mbps');
      seconds(host, 20);
    }
    expect(told(host, 'network.errors')).toMatchObject([{ title: 'eno1 lost its link 6 times in 2 min' }]);
  });

  it('whose link is renegotiated once, or that had none when we came, is not', () => {
    const host = hostWith('igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Down');
    seconds(host, 4);
    host.kernel('igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Up 1000 Mbps');
    host.kernel('igb 0000:01:00.0 eno2: igb: eno2 NIC Link is Down', { backlog: true });
    seconds(host, 60);
    expect(host.told).toEqual([]);
    nearMiss('network.errors');
  });

  it('that does not send is told', () => {
    for (const line of [
      'NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out',
      'e1000e 0000:00:1f.6 eth0: NETDEV WATCHDOG: CPU: 3: transmit queue 0 timed out 5376 ms',
    ])
      expect(told(hostWith(line), 'network.errors')).toMatchObject([
        { title: 'eth0 does not send what it is given' },
      ]);
  });
});

describe('after a reboot', () => {
  it.each([
    ['filesystem.readonly', 'EXT4-fs (dm-0): Remounting filesystem read-only'],
    ['kernel.hung_task', 'nfs: server 10.0.0.5 not responding, still trying'],
    ['kernel.hung_task', 'INFO: task mysqld:321 blocked for more than 120 seconds.'],
  ])('%s is over', (kind, line) => {
    const host = new TestHost({});
    play(host, 1, (_, at) => ({ fileSystems: [], lookedAt: { fileSystems: at } }));
    host.kernel(line);
    expect(host.open).toMatchObject([{ kind }]);
    host.bootId = 'another';
    host.second();
    expect(host.open).toEqual([]);
  });
});

it('a server of SMB that does not answer is told once, and is over when nothing more is said', () => {
  const host = new TestHost({});
  for (let n = 0; n < 3; n++) {
    host.kernel('CIFS: VFS: \\\\files.example has not responded in 180 seconds. Reconnecting...');
    seconds(host, 20);
  }
  expect(told(host, 'kernel.hung_task')).toMatchObject([
    { title: 'The SMB server files.example does not answer: whatever uses its files waits' },
  ]);
  seconds(host, 301);
  expect(host.open).toEqual([]);
});

it('a reboot ends all of it', () => {
  const host = hostWith(
    'nvme nvme0: I/O 12 QID 4 timeout, reset controller',
    'e1000e: eth0 NIC Link is Down',
  );
  seconds(host, 20);
  expect(host.open).toHaveLength(2);
  host.bootId = 'another';
  host.second();
  expect(host.open).toEqual([]);
});

it('in a container it is the machine’s, and no alarm of its own', () => {
  const host = new TestHost({ detectors: [kernelTrouble], container: true });
  host.second();
  host.kernel('nf_conntrack: nf_conntrack: table full, dropping packet');
  expect(host.told).toMatchObject([
    { severity: 'info', title: expect.stringMatching(/dropped, on the machine that this container shares$/) },
  ]);
});
