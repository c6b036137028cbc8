import { expect, it } from 'vitest';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { openKinds } from './testPlay.ts';

/** What was told, by kind and title. */
const told = (host: TestHost, kind: string) => host.told.filter((event) => event.kind === kind);

it('a crash is told with its program, pid, access and file; again within a minute it is the same event', () => {
  const host = new TestHost({});
  // Captured on Debian's kernel 6.1; the second program's name is hostile.
  host.kernel(
    'perl[122]: segfault at 1 ip 00007efd6d2ae219 sp 00007ffed9997208 error 4 in libc.so.6[7efd6d17e000+156000] likely on CPU 0 (core 0, socket 0)',
  );
  host.kernel(
    'we] (x): y[123]: segfault at 4141 ip 00007ffbf1918219 sp 00007ffe62d52eb8 error 6 in libc.so.6[7ffbf17e8000+156000] likely on CPU 0 (core 0, socket 0)',
  );
  host.kernel(
    'traps: ruby[124] general protection fault ip:7f4d07e33219 sp:7ffddf5ed788 error:0 in libc.so.6[7f4d07d03000+156000]',
  );
  host.kernel('Code: fe 7f 5c 17 e1 c5 f8 77 c3 0f 1f 84 00 00 <c5> fd 74 0f');
  host.clock.advance(5000);
  host.kernel(
    'perl[130]: segfault at 0 ip 0000000000000000 sp 00007ffed9997208 error 14 in perl[55d000+1000]',
  );
  expect(told(host, 'kernel.segfault').map((event) => event.title)).toEqual([
    'perl (pid 130) crashed: ran code at a null pointer in perl, 2 times within a minute of each other',
    'we] (x): y (pid 123) crashed: wrote to memory that it may not in libc.so.6',
    'ruby (pid 124) crashed: general protection fault in libc.so.6',
  ]);
  host.clock.advance(61_000);
  host.push({ type: 'tick' });
  host.kernel('perl[131]: segfault at 10 ip 1 sp 2 error 4');
  expect(told(host, 'kernel.segfault')).toHaveLength(4);
});

it('what only speaks of a crash is none, and an old one is not news', () => {
  const host = new TestHost({});
  for (const text of [
    'audit: type=1701 comm="perl" exe="/usr/bin/perl" sig=11 res=1',
    'systemd[1]: worker[12]: segfault at the gate',
    'perl[122]: segfault at noon',
    'traps: Missing ENDBR: x+0x0/0x10',
  ])
    host.kernel(text);
  host.kernel('perl[1]: segfault at 1 ip 1 sp 2 error 4', {
    backlog: true,
    hostAt: host.clock.now() - 3_600_000,
  });
  expect(host.told).toEqual([]);
  nearMiss('kernel.segfault');
  host.kernel('perl[1]: segfault at 1 ip 1 sp 2 error 4', {
    backlog: true,
    hostAt: host.clock.now() - 60_000,
  });
  expect(told(host, 'kernel.segfault')[0]).toMatchObject({
    at: host.clock.now() - 60_000,
    severity: 'info',
    detail: { past: true },
  });
});

it('a task that hangs is open until its state is another', () => {
  const host = new TestHost({});
  host.add({ pid: 700, name: 'jbd2/sda1-8', state: 'D' }, false);
  host.kernel('INFO: task jbd2/sda1-8:700 blocked for more than 120 seconds.');
  host.kernel('      Not tainted 6.1.0-56-amd64 #1');
  host.second();
  host.kernel('INFO: task jbd2/sda1-8:700 blocked for more than 362 seconds.');
  const [event] = told(host, 'kernel.hung_task');
  expect(event).toMatchObject({
    severity: 'critical',
    detail: { process: 'jbd2/sda1-8', pid: 700, blockedSeconds: 362 },
  });
  expect(host.open).toHaveLength(1);
  host.add({ pid: 700, name: 'jbd2/sda1-8', state: 'S' }, false);
  host.second();
  expect(host.open).toEqual([]);
  expect(told(host, 'kernel.hung_task')[0]?.endedAt).toBe(host.clock.now());
});

it('an NFS server that does not answer is told once and at once, until it does', () => {
  const host = new TestHost({});
  for (let n = 0; n < 5; n++) host.kernel('nfs: server filer1.lan not responding, still trying');
  host.kernel('nfs: server filer2.lan OK');
  host.kernel('myapp: nfs: server filer3 not responding, still trying');
  expect(told(host, 'kernel.hung_task').map((event) => event.title)).toEqual([
    'The NFS server filer1.lan does not answer: whatever uses its files waits',
  ]);
  host.clock.advance(90_000);
  host.second();
  expect(host.open).toHaveLength(1);
  host.kernel('nfs: server filer1.lan OK');
  expect(told(host, 'kernel.hung_task')[0]?.endedAt).toBe(host.clock.now());
});

it('a task of another pid namespace is over when nothing more is said of it', () => {
  const host = new TestHost({ container: true });
  host.kernel('INFO: task dd:700 blocked for more than 120 seconds.');
  expect(host.open[0]?.title).toContain('on the machine that this container shares');
  host.second();
  expect(host.open).toHaveLength(1);
  host.second({ milliseconds: 301_000 });
  expect(host.open).toEqual([]);
});

it('a blocked task that the kernel does not complain of, or that is quoted, is not told', () => {
  const host = new TestHost({});
  host.add({ pid: 700, name: 'dd', state: 'D' }, false);
  host.kernel('"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.');
  host.kernel('myapp: INFO: task dd:700 blocked for more than 120 seconds.');
  host.second();
  expect(host.told).toEqual([]);
  nearMiss('kernel.hung_task');
});

it.each([
  'BUG: kernel NULL pointer dereference, address: 0000000000000008',
  'BUG: unable to handle page fault for address: ffffffffc0a0b000',
  'Unable to handle kernel paging request at virtual address ffff800012345678',
  'kernel BUG at fs/ext4/inode.c:2721!',
  'Oops: 0002 [#1] PREEMPT SMP PTI',
  'general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] PREEMPT SMP',
  'watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:2:1234]',
  'NMI watchdog: Watchdog detected hard LOCKUP on cpu 3',
  'rcu: INFO: rcu_sched self-detected stall on CPU',
  'mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 5: be00000000800400',
  'Kernel panic - not syncing: Fatal exception',
])('the kernel in trouble is told: %s', (text) => {
  const host = new TestHost({});
  host.kernel(text);
  expect(told(host, 'kernel.oops')).toMatchObject([
    { severity: 'critical', title: `The kernel reports: ${text}` },
  ]);
});

it('an oops of many lines is one event, and the panic that it ends in another', () => {
  const host = new TestHost({});
  for (const text of [
    'BUG: kernel NULL pointer dereference, address: 0000000000000008',
    '#PF: supervisor read access in kernel mode',
    'Oops: 0000 [#1] PREEMPT SMP PTI',
    'CPU: 0 PID: 1 Comm: init Not tainted',
    'Kernel panic - not syncing: Fatal exception',
  ])
    host.kernel(text);
  expect(told(host, 'kernel.oops').map((event) => event.detail['fault'])).toEqual([
    'bad memory access',
    'panic',
  ]);
});

it('warnings, watchdogs that start and words in a program’s line are no oops', () => {
  const host = new TestHost({});
  for (const text of [
    'WARNING: CPU: 0 PID: 7 at net/core/dev.c:100 x+0x1/0x2',
    'NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.',
    'rcu: Hierarchical SRCU implementation.',
    'myapp[3]: Oops: 0002 [#1]',
    'traps: perl[124] general protection fault ip:7f4d sp:7ffd error:0 in libc.so.6[7f4d+156000]',
    'Oopsie',
  ])
    host.kernel(text);
  expect(told(host, 'kernel.oops')).toEqual([]);
  nearMiss('kernel.oops');
});

it.each([
  ['sda1', 'EXT4-fs (sda1): Remounting filesystem read-only'],
  ['dm-0', 'XFS (dm-0): Filesystem has been shut down due to log error (0x2).'],
  ['sdb', 'BTRFS info (device sdb: state E): forced readonly'],
  ['sdb', 'BTRFS: error (device sdb) in btrfs_commit_transaction:2465: errno=-5 IO failure: forced readonly'],
])('a file system on %s that stops taking writes is told once, until it is mounted again', (device, text) => {
  const host = new TestHost({});
  host.kernel(text);
  host.kernel(text);
  const [event, ...others] = told(host, 'filesystem.readonly');
  expect(others).toEqual([]);
  expect(event).toMatchObject({ revision: 0, severity: 'critical', detail: { device: device } });
});

it('of all that a broken disk says, one event is told of it and one of its file system', () => {
  // Linux 6.1 (Debian), an ext4 image with errors=remount-ro on a loop device whose backing store was full. The mount went on to
  // read `rw`: only the kernel's log says what happened.
  const host = new TestHost({});
  for (const text of [
    'EXT4-fs (loop0): mounted filesystem with ordered data mode. Quota mode: none.',
    'loop: Write error at byte offset 9438208, length 4096.',
    'I/O error, dev loop0, sector 18434 op 0x1:(WRITE) flags 0x800 phys_seg 11 prio class 2',
    'EXT4-fs warning (device loop0): ext4_end_bio:343: I/O error 10 writing to inode 13 starting block 9217)',
    'Buffer I/O error on device loop0, logical block 9217',
    'Aborting journal on device loop0-8.',
    'EXT4-fs error (device loop0): ext4_journal_check_start:83: comm mkdir: Detected aborted journal',
    'EXT4-fs (loop0): Remounting filesystem read-only',
    'EXT4-fs error (device loop0) in __ext4_new_inode:1096: Journal has aborted',
    'EXT4-fs (loop0): Remounting filesystem read-only',
    'EXT4-fs error (device loop0): ext4_journal_check_start:83: comm dd: Detected aborted journal',
    'EXT4-fs (loop0): Remounting filesystem read-only',
  ])
    host.kernel(text);
  expect(host.told.map(({ kind }) => kind)).toEqual(['disk.errors', 'filesystem.readonly']);
  expect(told(host, 'filesystem.readonly')[0]).toMatchObject({
    severity: 'critical',
    detail: { device: 'loop0' },
  });
});

it('a file system is told to be back, and one that a person remounts is not told', () => {
  const host = new TestHost({});
  host.kernel('EXT4-fs (sdc1): re-mounted 0f3c ro. Quota mode: none.');
  host.kernel('EXT4-fs (sdc1): mounted filesystem with ordered data mode. Opts: errors=remount-ro');
  host.kernel(
    'EXT4-fs error (device sdc1): ext4_lookup:1855: inode #2: comm ls: deleted inode referenced: 12',
  );
  expect(told(host, 'filesystem.readonly')).toEqual([]);
  nearMiss('filesystem.readonly');
  host.kernel('EXT4-fs (sdc1): Remounting filesystem read-only');
  expect(openKinds(host)).toContain('filesystem.readonly');
  host.kernel('EXT4-fs (sdc1): mounted filesystem 0f3c r/w with ordered data mode. Quota mode: none.');
  expect(openKinds(host)).not.toContain('filesystem.readonly');
});

const SYSLOG = '/var/log/syslog';

it('a unit that fails, fails again, is given up and started at last', () => {
  const host = new TestHost({});
  const systemd = (message: string) => host.log(`Nov 21 03:00:01 web1 systemd[1]: ${message}`, SYSLOG);
  systemd('nginx.service: Main process exited, code=exited, status=1/FAILURE');
  systemd("nginx.service: Failed with result 'exit-code'.");
  systemd('Failed to start nginx.service - A high performance web server.');
  host.clock.advance(3000);
  host.log(
    "2026-11-21T03:00:04.123456+00:00 web1 systemd[1]: nginx.service: Failed with result 'exit-code'.",
    SYSLOG,
  );
  systemd('nginx.service: Start request repeated too quickly.');
  expect(told(host, 'service.failed')).toMatchObject([
    {
      severity: 'critical',
      title: 'nginx.service failed, 2 times (exit-code); systemd gave up restarting it',
      detail: { unit: 'nginx.service', failures: 2, gaveUp: true, result: 'exit-code' },
    },
  ]);
  systemd('Started nginx.service - A high performance web server.');
  expect(host.open).toEqual([]);
  host.kernel("systemd[1]: dev-sdb1.mount: Failed with result 'timeout'.");
  expect(told(host, 'service.failed')).toHaveLength(2);
});

it('a program that quotes systemd, a stop and a restart are no failures', () => {
  const host = new TestHost({});
  for (const text of [
    "app: systemd[1]: nginx.service: Failed with result 'exit-code'.",
    "Nov 21 03:00:01 web1 app[7]: systemd[1]: nginx.service: Failed with result 'exit-code'.",
    'Nov 21 03:00:01 web1 systemd[1]: nginx.service: Deactivated successfully.',
    'Nov 21 03:00:01 web1 systemd[1]: Stopped nginx.service - A high performance web server.',
    'Nov 21 03:00:01 web1 systemd[1]: nginx.service: Scheduled restart job, restart counter is at 2.',
    `Nov 21 03:00:01 web1 systemd[1]: ${'x'.repeat(60_000)}.service: Failed with result 'a'`,
  ])
    host.log(text, SYSLOG);
  expect(host.told).toEqual([]);
  nearMiss('service.failed');
});
