import { describe, expect, it, test } from 'vitest';
import { parseKernelLine } from '../sampling/kernelLine.ts';
import { parseOomLine } from './oomKillLines.ts';
import { splitSyslog } from './syslogLine.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';

/** Lines as kernels from 2.6.18 to 6.17 and their logs' writers put them, each with who prints it so. */

const KILL = 'Killed process 4254 (python3) total-vm:11968kB, anon-rss:4288kB, file-rss:3972kB';

describe('the writer of a line, and what it wrote', () => {
  test.each([
    ['rsyslog', `Oct  3 22:19:59 web1 kernel: [28441.944401] ${KILL}`],
    ['rsyslog with a zone', `2026-05-28T12:21:57.303295+00:00 web1 kernel: [28441.944401] ${KILL}`],
    ['rsyslog on RHEL, without the kernel’s stamp', `Aug 11 16:28:11 web1 kernel: ${KILL}`],
    ['journalctl', `Apr 06 17:30:15 web1 kernel: ${KILL}`],
    ['journalctl -o short-precise', `Aug 30 06:58:55.050705 web1 kernel: ${KILL}`],
    ['journalctl -o short-iso', `2026-08-30T06:58:55+0200 web1 kernel: ${KILL}`],
    ['journalctl -o short-full', `Sun 2026-08-30 06:58:55 CEST web1 kernel: ${KILL}`],
    ['journalctl --no-hostname', `Aug 11 16:28:11 kernel: ${KILL}`],
    ['journalctl in French', `mars 01 14:37:27 web1 kernel: ${KILL}`],
    ['journalctl in Russian', `апр 28 01:23:30 web1 kernel: ${KILL}`],
    ['journalctl in Chinese', `5月 29 23:06:20 web1 kernel: ${KILL}`],
    ['busybox syslogd', `Aug 11 22:52:54 web1 kern.err kernel: [   37.498052] ${KILL}`],
    ['OpenWrt logread', `Thu Aug 11 22:52:54 2022 kern.err kernel: [   37.498052] ${KILL}`],
    ['RFC 5424', `<3>1 2026-05-28T12:21:57.303295Z web1 kernel - - - [   37.498052] ${KILL}`],
    ['RFC 5424 with structured data', `<3>1 2026-05-28T12:21:57Z web1 kernel - - [a@1 b="c"] \uFEFF${KILL}`],
    ['a host that is an IPv6 address', `Aug 11 16:28:11 fe80::1 kernel: ${KILL}`],
  ])('%s', (_, line) => {
    expect(splitSyslog(line)).toEqual({ tag: 'kernel', text: KILL });
  });

  test.each([
    `Aug 11 16:28:11 web1 app[12]: Aug 11 16:28:11 web1 kernel: ${KILL}`,
    `2026-05-28 12:21:57 INFO app: kernel: ${KILL}`,
    `at 12:21:57 kernel said ${KILL}`,
    `{"message":"kernel: ${KILL}"}`,
  ])('is not the kernel: %s', (line) => {
    expect(splitSyslog(line).tag).not.toBe('kernel');
  });

  test.each([
    ['busybox syslogd', `Aug 11 22:52:54 web1 kern.err kernel: [   37.498052] ${KILL}`],
    ['RFC 5424', `<3>1 2026-08-11T22:52:54.303295Z web1 kernel - - - [   37.498052] ${KILL}`],
    ['short-iso', `2026-08-11T22:52:54+0000 web1 kernel: [   37.498052] ${KILL}`],
    ['short-precise', `Aug 11 22:52:54.303295 web1 kernel: [   37.498052] ${KILL}`],
  ])('followed as the kernel’s log: %s', (_, line) => {
    const parsed = parseKernelLine('syslog', line, { now: Date.UTC(2026, 7, 12), zoneMinutes: 0 });
    expect(parsed?.text).toBe(KILL);
    expect(Math.floor((parsed?.wallAt ?? 0) / 1000)).toBe(Date.UTC(2026, 7, 11, 22, 52, 54) / 1000);
  });
});

test.each([
  ['earlyoom 1.2', 'killing process 27541 "bash" with signal 15: badness 550, VmRSS 7609 MiB', 27541, 'bash'],
  [
    'earlyoom 1.0',
    "Killing process 'Web Content' with signal 15, pid: 5874, badness: 538, VmRSS: 3160 MiB",
    5874,
    'Web Content',
  ],
])('%s', (_, line, pid, process) => {
  expect(parseOomLine(line)).toMatchObject({ type: 'userspace', killer: 'earlyoom', pid, process });
});

test('systemd that does not say how many', () => {
  expect(parseOomLine('a.scope: systemd-oomd killed some process(es) in this unit.')).toEqual({
    type: 'userspace',
    killer: 'systemd-oomd',
    process: 'a.scope',
  });
});

it.each([
  ['3.10', 'INFO: rcu_sched self-detected stall on CPU { 3}  (t=60000 jiffies g=1 c=2 q=3)', 'RCU stall'],
  ['4.15', 'INFO: rcu_sched detected stalls on CPUs/tasks:', 'RCU stall'],
  ['4.4', 'NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:2:311]', 'soft lockup'],
  ['2.6.32', 'BUG: soft lockup - CPU#0 stuck for 67s! [ksoftirqd/0:4]', 'soft lockup'],
  ['6.x', 'watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3', 'hard lockup'],
  ['6.x', 'BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 39s!', 'workqueue lockup'],
  ['5.x', 'divide error: 0000 [#1] SMP PTI', 'oops'],
  ['4.x', 'invalid opcode: 0000 [#1] SMP', 'oops'],
  ['6.10', 'Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]', 'oops'],
  ['POWER', 'BUG: Unable to handle kernel data access on read at 0xc00c000000000008', 'bad memory access'],
  ['5.x', 'BUG: Bad page state in process java  pfn:12ab34', 'kernel bug'],
  ['EDAC', 'EDAC MC0: 1 UE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0', 'hardware error'],
  ['APEI', '{1}[Hardware Error]: event severity: fatal', 'hardware error'],
])('the kernel is in trouble, as %s says it: %s', (_, text, fault) => {
  const host = new TestHost({});
  host.kernel(text);
  expect(host.told).toMatchObject([{ kind: 'kernel.oops', severity: 'critical', detail: { fault } }]);
});

it('machine checks that were only logged are a warning; corrected memory and a tainted kernel are none', () => {
  const host = new TestHost({});
  for (const text of [
    'EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0',
    '{1}[Hardware Error]: event severity: corrected',
    'WARNING: CPU: 0 PID: 1 at kernel/x.c:12 x+0x1/0x2',
    'CPU: 3 PID: 571 Comm: jbd2/vda1-8 Tainted: G           OE   4.8.13 #1',
    'mce: CPU0: Core temperature above threshold, cpu clock throttled (total events = 1)',
  ])
    host.kernel(text);
  expect(host.told).toEqual([]);
  nearMiss('kernel.oops');
  host.kernel('mce: [Hardware Error]: Machine check events logged');
  expect(host.told).toMatchObject([{ kind: 'kernel.oops', severity: 'warning' }]);
});

it.each([
  ['2.6.18', 'httpd[9291]: segfault at 0000000000000000 rip 0000000000000000 rsp 00007fffffefb9f8 error 14'],
  ['2.6.18, 32 bits', 'httpd[9291]: segfault at 00000004 eip 08048386 esp bf9a90a0 error 4'],
  ['2.6.18', 'httpd[9291] trap int3 rip:4026d1 rsp:7fbfffb538 error:0'],
  ['4.9', 'traps: httpd[9291] general protection ip:558fd01e9ed4 sp:7fff8bd2c658 error:0'],
  [
    '6.8',
    'traps: httpd[9291] general protection fault ip:5f14ab3aed82 sp:70845c5c7f20 error:0 in httpd[57ad82,5f14ab129000+643000]',
  ],
  [
    '6.8',
    'httpd[9291]: segfault at a90 ip 000070ecf907fc60 sp 000070ecf793c440 error 4 in libgcc_s.so.1[fc60,70ecf9073000+12000] likely on CPU 2 (core 2, socket 0)',
  ],
  [
    'arm64',
    'httpd[9291]: unhandled level 2 translation fault (11) at 0x00000000, esr 0x92000006, in httpd[400000+1000]',
  ],
  ['POWER', 'httpd[9291]: segfault (11) at 0 nip 10000714 lr 10000700 code 1 in httpd[10000000+10000]'],
  [
    'POWER, older',
    'httpd[9291]: unhandled signal 11 at 0000000000000000 nip 0000000010000714 lr 1 code 30001',
  ],
  ['RISC-V', 'httpd[9291]: unhandled signal 11 code 0x1 at 0x0000000000000000 in httpd[10000+1000]'],
])('a crash, as %s says it: %s', (_, text) => {
  const host = new TestHost({});
  host.kernel(text);
  expect(host.told).toMatchObject([{ kind: 'kernel.segfault', detail: { process: 'httpd', pid: 9291 } }]);
});

it.each([
  [
    'XFS of 2.6.32',
    'Filesystem "dm-0": Corruption of in-memory data detected.  Shutting down filesystem: dm-0',
  ],
  ['XFS', 'XFS (dm-0): Metadata I/O Error (0x1) detected at x+0x1/0x2 [xfs].  Shutting down filesystem.'],
  ['btrfs', 'BTRFS info (device dm-0: state E): forced readonly'],
  ['FAT', 'FAT-fs (dm-0): Filesystem has been set read-only'],
  ['JFS', 'ERROR: (device dm-0): remounting filesystem as read-only'],
  ['bcachefs', 'bcachefs (dm-0): emergency read only at seq 12'],
  ['ZFS', "WARNING: Pool 'dm-0' has encountered an uncorrectable I/O failure and has been suspended."],
])('a file system that stopped, as %s says it', (_, text) => {
  const host = new TestHost({});
  host.kernel(text);
  expect(host.told).toMatchObject([{ kind: 'filesystem.readonly', detail: { device: 'dm-0' } }]);
});

it('a file system that the kernel made read-only is over when it is seen to take writes, though no line says so', () => {
  const host = new TestHost({});
  const look = (readOnly: boolean) => {
    host.clock.advance(30_000);
    const at = host.clock.now();
    const fileSystems = [
      {
        mount: '/srv',
        device: '/dev/sda1',
        type: 'ext4',
        sizeBytes: 1e9,
        usedBytes: 1e8,
        availableBytes: 9e8,
        readOnly,
      },
    ];
    host.push({
      type: 'sample',
      sample: { ...host.sample(1000), fileSystems, lookedAt: { fileSystems: at } },
    });
  };
  look(false);
  host.kernel('EXT4-fs (sda1): Remounting filesystem read-only');
  // A look from before the kernel's words says nothing.
  look(false);
  expect(host.open).toHaveLength(1);
  look(true);
  host.kernel('EXT4-fs (sda1): re-mounted. Opts: errors=remount-ro');
  look(false);
  expect(host.open).toEqual([]);
  expect(host.told).toHaveLength(1);
});

it('a general protection fault of 2.6 has no word before it', () => {
  const host = new TestHost({});
  host.kernel('php-fpm[2211] general protection ip:7f0a sp:7ffe error:0 in libc-2.12.so[7f0000+18a000]');
  expect(host.told).toMatchObject([
    { kind: 'kernel.segfault', title: 'php-fpm (pid 2211) crashed: general protection in libc-2.12.so' },
  ]);
});

describe('a unit of systemd that calls what it starts by its description', () => {
  const play = (lines: string[]) => {
    const host = new TestHost({});
    for (const line of lines) {
      host.clock.advance(100);
      host.log(`Dec 11 10:48:08 web1 ${line}`, '/var/log/messages');
    }
    return host;
  };

  it('is over when that is started: systemd 219 of CentOS 7', () => {
    const failed = [
      'systemd: nginx.service: control process exited, code=exited status=1',
      'systemd: Failed to start The nginx HTTP and reverse proxy server.',
      'systemd: Unit nginx.service entered failed state.',
      'systemd: nginx.service failed.',
    ];
    expect(play(failed).open).toMatchObject([{ kind: 'service.failed', detail: { unit: 'nginx.service' } }]);
    expect(play([...failed, 'systemd: Started Session 12 of user root.']).open).toHaveLength(1);
    expect(play([...failed, 'systemd: Started The nginx HTTP and reverse proxy server.']).open).toEqual([]);
  });

  it('is over when that is started: systemd 245 of Ubuntu 20.04', () => {
    const failed = [
      'systemd[1]: app.service: Main process exited, code=exited, status=1/FAILURE',
      "systemd[1]: app.service: Failed with result 'exit-code'.",
      'systemd[1]: app.service: Scheduled restart job, restart counter is at 1.',
      'systemd[1]: Stopped The App.',
    ];
    expect(play(failed).open).toHaveLength(1);
    expect(play([...failed, 'systemd[1]: Started Something else.']).open).toHaveLength(1);
    const started = play([...failed, 'systemd[1]: Started The App.']);
    for (let second = 0; second < 20; second++) started.second();
    expect(started.open).toEqual([]);
  });

  it('gave up: systemd 219 of CentOS 7', () => {
    const host = play(['systemd: start request repeated too quickly for nginx.service']);
    expect(host.told).toMatchObject([
      { kind: 'service.failed', severity: 'critical', detail: { gaveUp: true } },
    ]);
  });
});
