import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { KernelLine } from './detector.ts';
import { completeOomGroup, joinOomLine, type LoggedKill, type OomGroup } from './oomKillGroup.ts';
import { parseOomLine } from './oomKillLines.ts';
import { splitSyslog } from './syslogLine.ts';

const MiB = 1024 * 1024;

describe('one line', () => {
  test.each([
    [
      'the oldest form',
      'Out of Memory: Kill process 4242 (httpd) score 61 and children.',
      { type: 'selected', scope: 'machine', process: 'httpd', pid: 4242, score: 61 },
    ],
    [
      '2.6.9, in one line',
      'Out of Memory: Killed process 17 (httpd).',
      { type: 'killed', scope: 'machine', process: 'httpd', pid: 17 },
    ],
    [
      '2.6.32, the account before the name',
      'Killed process 1234, UID 48, (httpd) total-vm:2048kB, anon-rss:1024kB, file-rss:0kB',
      {
        type: 'killed',
        process: 'httpd',
        pid: 1234,
        uid: 48,
        totalVirtualBytes: 2 * MiB,
        anonymousBytes: MiB,
        residentBytes: MiB,
      },
    ],
    [
      'RHEL 7, the account after the name',
      'Killed process 12 (java), UID 500, total-vm:2048kB, anon-rss:1024kB, file-rss:0kB, shmem-rss:0kB',
      {
        type: 'killed',
        process: 'java',
        pid: 12,
        uid: 500,
        totalVirtualBytes: 2 * MiB,
        anonymousBytes: MiB,
        residentBytes: MiB,
      },
    ],
    [
      '2.6.36, vsz',
      'Killed process 99 (python) vsz:1024kB, anon-rss:512kB, file-rss:512kB',
      {
        type: 'killed',
        process: 'python',
        pid: 99,
        totalVirtualBytes: MiB,
        anonymousBytes: MiB / 2,
        residentBytes: MiB,
      },
    ],
    [
      '4.x, the choice',
      'Memory cgroup out of memory: Kill process 30074 (node) score 865 or sacrifice child',
      { type: 'selected', scope: 'cgroup', process: 'node', pid: 30074, score: 865 },
    ],
    [
      '5.x, the kill',
      'Memory cgroup out of memory: Killed process 22084 (perl) total-vm:100044kB, anon-rss:40704kB, file-rss:4672kB, shmem-rss:0kB, UID:0 pgtables:140kB oom_score_adj:-17',
      {
        type: 'killed',
        scope: 'cgroup',
        process: 'perl',
        pid: 22084,
        uid: 0,
        oomScoreAdj: -17,
        totalVirtualBytes: 100044 * 1024,
        anonymousBytes: 40704 * 1024,
        residentBytes: (40704 + 4672) * 1024,
      },
    ],
    [
      '5.x, the machine, by the allocating task',
      'Out of memory (oom_kill_allocating_task): Killed process 7 (x) total-vm:4kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:1 pgtables:4kB oom_score_adj:0',
      {
        type: 'killed',
        scope: 'machine',
        process: 'x',
        pid: 7,
        uid: 1,
        oomScoreAdj: 0,
        totalVirtualBytes: 4096,
        anonymousBytes: 4096,
        residentBytes: 4096,
      },
    ],
    [
      '5.x, a global kill',
      'oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice,task=stress,pid=9,uid=1000',
      {
        type: 'constraint',
        scope: 'machine',
        taskCgroup: '/user.slice',
        process: 'stress',
        pid: 9,
        uid: 1000,
      },
    ],
    [
      '5.x, a name and cgroups that try to look like fields',
      'oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,b,task_memcg=/a,b/c,task=x,pid=1,uid=0,pid=22,uid=3',
      {
        type: 'constraint',
        scope: 'cgroup',
        limitCgroup: '/a,b',
        taskCgroup: '/a,b/c',
        process: 'x,pid=1,uid=0',
        pid: 22,
        uid: 3,
      },
    ],
    [
      'a thread that is named after a file and a line',
      'ucrawler.rb:213 invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0',
      { type: 'invoked', invoker: 'ucrawler.rb:213', oomScoreAdj: 0 },
    ],
    [
      'a thread whose name holds brackets and colons',
      '(a): ) [x] oom-  invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=(null), order=0, oom_score_adj=968',
      { type: 'invoked', invoker: '(a): ) [x] oom- ', oomScoreAdj: 968 },
    ],
    [
      'a victim whose name closes its own bracket',
      'Out of memory: Killed process 5 (x) (y) total-vm) total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0',
      {
        type: 'killed',
        scope: 'machine',
        process: 'x) (y) total-vm',
        pid: 5,
        uid: 0,
        oomScoreAdj: 0,
        totalVirtualBytes: 8192,
        anonymousBytes: 4096,
        residentBytes: 4096,
      },
    ],
    [
      'the cgroup of a kill before 5.0',
      'Task in /docker/abc killed as a result of limit of /docker',
      { type: 'task', taskCgroup: '/docker/abc', limitCgroup: '/docker' },
    ],
    [
      'systemd-oomd for pressure',
      'Killed /system.slice/a.service due to memory pressure for /system.slice being 85.20% > 60.00% for > 20s with reclaim activity',
      {
        type: 'userspace',
        killer: 'systemd-oomd',
        process: 'a.service',
        cgroup: '/system.slice/a.service',
        reason: 'memory pressure for /system.slice being 85.20% > 60.00% for > 20s with reclaim activity',
      },
    ],
    [
      'earlyoom 1.7, captured',
      'sending SIGTERM to process 123 uid 0 "hog": badness 1050, VmRSS 367 MiB',
      {
        type: 'userspace',
        killer: 'earlyoom',
        process: 'hog',
        pid: 123,
        uid: 0,
        score: 1050,
        residentBytes: 367 * MiB,
      },
    ],
    [
      'earlyoom that kills at once',
      'sending SIGKILL to process 5678 uid 1000 "chrome": badness 300, VmRSS 10 MiB',
      {
        type: 'userspace',
        killer: 'earlyoom',
        process: 'chrome',
        pid: 5678,
        uid: 1000,
        score: 300,
        residentBytes: 10 * MiB,
      },
    ],
  ])('%s', (_, text, expected) => {
    expect(parseOomLine(text)).toEqual(expected);
  });

  test.each([
    'init: failsafe main process (827) killed by TERM signal',
    'oom_reaper: reaped process 22084 (perl), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB',
    ' [<ffffffff81155ba1>] oom_kill_process+0x201/0x360',
    'memory+swap: usage 65536kB, limit 9007199254740988kB, failcnt 0',
    'foo.service: A process of this unit has been killed by the OOM killer.',
    'sshd[1]: Killed process 5 (x) total-vm:1kB',
    'Killed by signal 15.',
  ])('is no kill: %s', (text) => {
    expect(parseOomLine(text)).toBeUndefined();
  });

  test('hostile lines of a megabyte end quickly and tell nothing', () => {
    for (const part of [
      'Killed process 1 (',
      'oom-kill:constraint=X,',
      ' invoked oom-killer: ',
      'Out of memory: ',
    ]) {
      expect(parseOomLine(part.repeat(60_000))?.type).not.toBe('killed');
    }
  });
});

test('who wrote a syslog line is told apart from what it says', () => {
  expect(splitSyslog('Oct  3 22:19:59 ip kernel: [28441.944401] Out of memory')).toEqual({
    tag: 'kernel',
    text: 'Out of memory',
  });
  expect(splitSyslog('2026-11-20T10:00:00+00:00 desk earlyoom[702]: sending').tag).toBe('earlyoom');
  expect(splitSyslog('Oct  3 22:19:59 ip root: kernel: Out of memory').tag).toBe('root');
  expect(splitSyslog('kernel: [ 1.5] x')).toEqual({ tag: undefined, text: 'x' });
});

describe('whole logs', () => {
  test('a cgroup kill of 6.18, captured: one kill with trigger, limit, cgroup and memory', () => {
    const kills = killsOf('oom-6.18-memcg-v1.dmesg.txt');
    expect(kills).toHaveLength(1);
    expect(kills[0]).toMatchObject({
      killer: 'kernel',
      process: 'perl',
      pid: 964,
      scope: 'cgroup',
      limitCgroup: '/fl_det_test',
      taskCgroup: '/fl_det_test',
      limitBytes: 64 * MiB,
      invoker: 'perl',
      uid: 0,
      oomScoreAdj: 0,
      anonymousBytes: 65280 * 1024,
      totalVirtualBytes: 73680 * 1024,
    });
    expect(kills[0]?.lines.map((l) => l.text.slice(0, 20))).toEqual([
      'perl invoked oom-kil',
      'memory: usage 65536k',
      'oom-kill:constraint=',
      'Memory cgroup out of',
    ]);
  });
  test('a global kill of 3.13 among lines that are none', () => {
    const kills = killsOf('oom-3.13-global.syslog.txt');
    expect(kills).toHaveLength(1);
    expect(kills[0]).toMatchObject({
      process: 'ruby',
      pid: 25910,
      score: 979,
      scope: 'machine',
      invoker: 'ucrawler.rb:213',
      residentBytes: 15310180 * 1024,
      totalVirtualBytes: 16287724 * 1024,
    });
  });
  test('a cgroup kill of 4.x', () => {
    expect(killsOf('oom-4.x-memcg.dmesg.txt')).toMatchObject([
      {
        process: 'node',
        pid: 30074,
        score: 865,
        scope: 'cgroup',
        limitCgroup: '/kubepods/burstable/pod1',
        taskCgroup: '/kubepods/burstable/pod1/abc',
        limitBytes: 1024 * MiB,
        residentBytes: 1002048 * 1024,
      },
    ]);
  });
  test('the oldest form, whose one line is all there is', () => {
    expect(killsOf('oom-oldest.dmesg.txt')).toMatchObject([
      { process: 'httpd', pid: 4242, score: 61, scope: 'machine' },
    ]);
  });
  test('killers in user space', () => {
    expect(killsOf('oom-userspace.journal.txt')).toMatchObject([
      { killer: 'systemd-oomd', process: 'app-browser.scope', scope: 'cgroup' },
      { killer: 'systemd-oomd', process: 'app-browser.scope', processes: 7 },
      { killer: 'earlyoom', process: 'chrome', pid: 5678, score: 1234 },
    ]);
  });
  test('two kills whose lines interleave with nothing stay two', () => {
    const text = readFileSync(new URL('fixtures/oom-4.x-memcg.dmesg.txt', import.meta.url), 'utf8');
    expect(
      join([...text.trim().split('\n'), ...text.replaceAll('30074', '30075').trim().split('\n')]),
    ).toMatchObject([
      { pid: 30074, invoker: 'node' },
      { pid: 30075, invoker: 'node' },
    ]);
  });
});

test('random cuts of real lines never throw and never invent a pid', () => {
  const text = readFileSync(new URL('fixtures/oom-6.18-memcg-v1.dmesg.txt', import.meta.url), 'utf8');
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  for (let round = 0; round < 3000; round++) {
    const at = random(text.length);
    const found = parseOomLine(text.slice(at, at + random(300)));
    if (found?.type === 'killed' || found?.type === 'selected') expect([964, 96, 9]).toContain(found.pid);
  }
});

function killsOf(file: string): LoggedKill[] {
  const text = readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8');
  return join(text.split('\n').filter((l) => l !== ''));
}

function join(lines: string[]): LoggedKill[] {
  let group: OomGroup | undefined;
  const kills: LoggedKill[] = [];
  for (const raw of lines) {
    const line: KernelLine = { text: splitSyslog(raw).text, seenAt: 0, source: 'kernel log', backlog: false };
    const joined = joinOomLine(group, line);
    group = joined.group;
    kills.push(...joined.kills);
  }
  return group ? [...kills, ...completeOomGroup(group)] : kills;
}
