import { describe, expect, test } from 'vitest';
import { linesOfRecord, parseKernelLine } from './kernelLine.ts';

const KILLED = 'Killed process 25910 (ruby) total-vm:16287724kB, anon-rss:15310180kB, file-rss:0kB';

describe('a line of the kernel log', () => {
  test('from /dev/kmsg has its number and its stamp since boot', () => {
    expect(parseKernelLine('kmsg', `3,1234,28441948805,-;${KILLED}`, undefined)).toEqual({
      text: KILLED,
      seq: 1234,
      monotonicMs: 28_441_948.805,
    });
    expect(parseKernelLine('kmsg', ' SUBSYSTEM=cpu', undefined)).toBeUndefined();
  });

  test('from /dev/kmsg gets its escaped bytes back', () => {
    expect(parseKernelLine('kmsg', '6,1,2,-;caf\\xc3\\xa9 \\x1b[31m', undefined)?.text).toBe(
      'café \u001b[31m',
    );
  });

  test('of several lines is those; a line break in a process’s name is none', () => {
    expect(linesOfRecord('Mem-Info:\nactive_anon:1\ninactive_anon:2')).toHaveLength(3);
    expect(linesOfRecord('Call Trace:\nOut of memory: Killed process 1 (x) total-vm:1kB')).toHaveLength(2);
    for (const text of [
      'Memory cgroup out of memory: Killed process 12 (a\nb) total-vm:8kB, anon-rss:4kB, file-rss:0kB',
      'Out of memory: Kill process 12 (\n\n\n) score 61 or sacrifice child',
      'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=a\nb,pid=12,uid=0',
      'a\nb invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0',
      'a\nb[12]: segfault at 0 ip 1 sp 2 error 4',
      'INFO: task a\nb:12 blocked for more than 120 seconds.',
    ])
      expect(linesOfRecord(text)).toEqual([text.replaceAll('\n', '\\n')]);
  });

  test('from dmesg and the journal has its stamp since boot', () => {
    expect(parseKernelLine('dmesg', `[28441.948805] ${KILLED}`, undefined)).toEqual({
      text: KILLED,
      monotonicMs: 28_441_948.805,
    });
    expect(parseKernelLine('dmesg', '<4>[    1.500000][  T12] x', undefined)).toEqual({
      text: 'x',
      monotonicMs: 1500,
    });
    expect(parseKernelLine('journal', `[28441.948805] web1 kernel: ${KILLED}`, undefined)?.text).toBe(KILLED);
    expect(parseKernelLine('journal', '[1.0] web1 sshd[12]: Out of memory: no', undefined)).toBeUndefined();
  });

  test('from a syslog of 2016 is put into the year and zone of the host', () => {
    const line = `Oct  3 22:19:59 ip-172-31-32-53 kernel: [28441.948805] ${KILLED}`;
    const parsed = parseKernelLine('syslog', line, { now: Date.UTC(2016, 9, 4), zoneMinutes: 120 });
    expect(parsed).toMatchObject({ text: KILLED, wallAt: Date.UTC(2016, 9, 3, 20, 19, 59) });
    expect(parsed?.monotonicMs).toBeCloseTo(28_441_948.805, 3);
    // December's lines, read in January.
    const old = parseKernelLine('syslog', 'Dec 31 23:59:59 h kernel: x', {
      now: Date.UTC(2017, 0, 1, 0, 5),
      zoneMinutes: 0,
    });
    expect(old?.wallAt).toBe(Date.UTC(2016, 11, 31, 23, 59, 59));
  });
});
